"""Variants of time and handshake: holds, waits, events, delays. Only a simulation against the RTL tells them apart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Literal

from verif.contract.model import Channel, Contract, Operation, Step
from verif.variants.edit import Draft, put_at

_HOLDS: tuple[Literal["", "done", "start", "next"], ...] = ("", "done", "start", "next")


def timing_drafts(contract: Contract, operation: Operation) -> Iterator[Draft]:
    """Variants of an operation's steps, of the events that it waits for and of the fixed channels that it uses."""
    for number, step in enumerate(operation.steps):
        if step.kind == "set":
            yield from _holds(operation, number, step)
        if step.kind == "wait":
            yield from _waits(contract, operation, number, step)
    waited = {step.event for step in operation.steps if step.kind == "wait"}
    for number, event in enumerate(contract.events):
        if event.id in waited:
            other = replace(contract, events=put_at(contract.events, number, replace(event, value=1 - event.value)))
            yield Draft(f"{event.id}.level", "timing", "variant_event_level", {"event": event.id}, other)
    used = {stream.channel for stream in operation.streams}
    for number, channel in enumerate(contract.channels):
        if channel.id in used and channel.handshake == "fixed":
            yield from _delays(contract, number, channel)


def _holds(operation: Operation, number: int, step: Step) -> Iterator[Draft]:
    signals = ", ".join(step.sets)
    for hold in _HOLDS:
        if hold != step.until:
            args = {"signals": signals, "declared": step.until or "-", "other": hold or "-"}
            yield Draft(f"hold.{hold or 'none'}", "timing", "variant_hold", args, _with(operation, number, until=hold))


def _waits(contract: Contract, operation: Operation, number: int, step: Step) -> Iterator[Draft]:
    for event in contract.events:
        if event.id != step.event:
            args = {"declared": step.event, "other": event.id}
            yield Draft(f"wait.{event.id}", "timing", "variant_wait", args, _with(operation, number, event=event.id))
    shorter = replace(operation, steps=operation.steps[:number] + operation.steps[number + 1 :])
    yield Draft("wait.none", "timing", "variant_wait_none", {"declared": step.event}, shorter)


def _with(operation: Operation, number: int, **changes: str) -> Operation:
    step = replace(operation.steps[number], **changes)  # type: ignore[arg-type]  # names are checked by replace itself
    return replace(operation, steps=put_at(operation.steps, number, step))


def _delays(contract: Contract, number: int, channel: Channel) -> Iterator[Draft]:
    if channel.delay is None:
        return
    for word, amount in (("variant_delay_more", "+ 1"), ("variant_delay_less", "- 1")):
        delay = replace(channel.delay, value=f"({channel.delay.value}) {amount}")
        changed = replace(contract, channels=put_at(contract.channels, number, replace(channel, delay=delay)))
        key = f"{channel.id}.{word.removeprefix('variant_').replace('_', '.')}"
        yield Draft(key, "timing", word, {"channel": channel.id, "declared": channel.delay.value}, changed)
