"""What the beats of a fixed channel count from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from verif.contract.model import Channel, Contract
from verif.contract.steps import written

Kind = Literal["event", "first", "last", "pulse"]
# (direction, kind of origin) -> the smallest delay. Inputs are driven one edge before the design samples them, and what
# happened at an edge is known at the next one; a pulse is our own doing.
_LEAST: dict[tuple[str, Kind], int] = {
    ("in", "event"): 2, ("in", "first"): 2, ("in", "last"): 2, ("in", "pulse"): 0,
    ("out", "event"): 0, ("out", "first"): 1, ("out", "last"): 1, ("out", "pulse"): 0,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Origin:
    """`name` is the event, the channel whose first or last beat is meant, or the pulsed signal."""

    kind: Kind
    name: str


def origin_of(contract: Contract, channel: Channel) -> Origin | None:
    """The origin of a fixed channel; None when it has none, or when its text names nothing that the contract has."""
    if channel.origin is None or channel.handshake != "fixed":
        return None
    text = channel.origin.value.strip()
    if text in {event.id for event in contract.events}:
        return Origin("event", text)
    name, _, which = text.rpartition(".")
    if which in {"first", "last"} and name in {one.id for one in contract.channels}:
        return Origin("first" if which == "first" else "last", name)
    return Origin("pulse", text) if text in pulsed(contract) else None


def pulsed(contract: Contract) -> dict[str, None]:
    """Signals that a step of any operation pulses, in order of appearance."""
    return {step.signal: None for op in contract.operations for step in written(op.steps) if step.signal}


def known_origins(contract: Contract) -> list[str]:
    """Everything that a channel may count from, for messages and suggestions."""
    beats = [f"{channel.id}.{which}" for channel in contract.channels for which in ("first", "last")]
    return [*(event.id for event in contract.events), *beats, *pulsed(contract)]


def least_delay(channel: Channel, origin: Origin) -> int:
    """Cycles that must lie between the origin and the first beat."""
    return _LEAST[channel.dir, origin.kind]
