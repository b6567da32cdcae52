"""Items of the agents: operations on their way in, and what a channel's watch saw on its way out."""

from __future__ import annotations

from dataclasses import dataclass

from pyuvm import uvm_sequence_item

from verif.base.dpi import Observation


class OperationItem(uvm_sequence_item):
    """Consecutive operations of one job, by row numbers of the stimulus: `op_first`, and `count` of them."""

    def __init__(self, name: str, op_first: int, count: int) -> None:
        super().__init__(name)
        self.op_first = op_first
        self.count = count


@dataclass(frozen=True, slots=True)
class ChannelItem:
    """All beats that crossed one channel in one job; `sequence` counts jobs from 0 in the order they ran."""

    sequence: int
    channel: int
    observation: Observation
