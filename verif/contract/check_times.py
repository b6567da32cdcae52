"""Checks of an operation's steps and of what its fixed channels count, at the shapes that a contract is looked at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from verif.contract import faults, samples
from verif.contract.diagnostic import Diagnostic
from verif.contract.expr import evaluate
from verif.contract.model import Channel, Contract, Operation, Step, Text
from verif.contract.nodes import ExprError, walk
from verif.contract.origin import least_delay, origin_of
from verif.contract.scope import constants
from verif.contract.steps import MAX_STEPS, TooManyStepsError, taken, written
from verif.contract.syntax import parse_expr

MAX_CYCLES = 1 << 24  # delay, or distance between two beats
_ENDS = {"start": "pulse", "done": "wait"}


def check_step_order(operation: Operation) -> Iterator[Diagnostic]:
    """`until` has its end, and no channel runs twice. Needs no values."""
    steps = list(written(operation.steps))
    for position, step in enumerate(steps):
        end = _ENDS.get(step.until)
        if end and not any(later.kind == end for later in steps[position + 1 :]):
            yield faults.diagnostic("E-MAN-105", step.places.get("until", step.span), until=step.until, expected=end)
    yield from _run_twice(operation)


def _run_twice(operation: Operation) -> Iterator[Diagnostic]:
    ran: set[str] = set()
    repeated = {id(inner) for step in operation.steps if step.kind == "for" for inner in step.inner}
    for step in written(operation.steps):
        for index, name in enumerate(step.channels):
            if name in ran or id(step) in repeated:
                yield faults.diagnostic("E-MAN-106", step.places.get(f"run.{index}", step.span), channel=name)
            ran.add(name)


def check_times(contract: Contract, operation: Operation) -> Iterator[Diagnostic]:
    """Loops of steps end within bounds; delays are as long as a bench can keep. Every name resolves already."""
    used = {stream.channel for stream in operation.streams}
    fixed = [channel for channel in contract.channels if channel.handshake == "fixed" and channel.id in used]
    for variables in samples.samples(contract, operation):
        names, shape = constants(contract) | variables, samples.shown(variables)
        yield from _loops(operation.steps, names, shape)
        for channel in fixed:
            yield from _pace(contract, channel, names, shape)


def _loops(steps: Sequence[Step], names: Mapping[str, int], shape: str) -> Iterator[Diagnostic]:
    try:
        for step, values in taken(steps, names):
            if step.within is not None and step not in steps:
                yield from _within(step.within, values, shape)
    except TooManyStepsError as error:
        yield faults.diagnostic("E-MAN-107", error.step.span, rounds=error.rounds, limit=MAX_STEPS, shape=shape)
    except ExprError as error:
        texts = [text for step in steps for _, text in step.loops]
        yield faults.expression(error, _source(error, texts, names), {"shape": shape})


def _within(text: Text, names: Mapping[str, int], shape: str) -> Iterator[Diagnostic]:
    """A time to wait inside of a loop; those outside are checked with the operation's own."""
    try:
        cycles = evaluate(text.value, names)
    except ExprError as error:
        yield faults.expression(error, text, {"shape": shape})
        return
    if not 1 <= cycles < 1 << 32:
        yield faults.diagnostic("E-MAN-064", text.span, cycles=cycles, shape=shape)


def _source(error: ExprError, texts: list[Text], names: Mapping[str, int]) -> Text:
    """The extent that fails as `error` says."""
    here = dict(names)
    for text in texts:
        try:
            evaluate(text.value, {**dict.fromkeys(_loop_names(text), 0), **here})
        except ExprError as found:
            if found.code == error.code:
                return text
    return texts[0]


def _loop_names(text: Text) -> set[str]:
    return {node.name for node in walk(parse_expr(text.value)) if node.op == "name"}


def _pace(contract: Contract, channel: Channel, names: Mapping[str, int], shape: str) -> Iterator[Diagnostic]:
    origin = origin_of(contract, channel)
    least = least_delay(channel, origin) if origin else 0
    for key, text, low in (("delay", channel.delay, least), ("every", channel.every, 1)):
        if text is None:
            continue
        try:
            value = evaluate(text.value, names)
        except ExprError as error:
            yield faults.expression(error, text, {"shape": shape})
            continue
        if not low <= value <= MAX_CYCLES:
            yield faults.diagnostic(
                "E-MAN-108",
                text.span,
                key=key,
                channel=channel.id,
                value=value,
                low=low,
                high=MAX_CYCLES,
                shape=shape,
            )
