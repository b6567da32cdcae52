"""Configuration of a channel agent."""

from __future__ import annotations

from dataclasses import dataclass

from cocotb.handle import LogicObject

from verif.base.dpi import BufferLayer


@dataclass(frozen=True, slots=True)
class ChannelAgentCfg:
    """`channel` is the row number in the stimulus; `done` changes when the jobs that were started have ended."""

    layer: BufferLayer
    done: LogicObject
    channel: int
    has_monitor: bool = True
