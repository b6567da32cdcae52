"""Checks inside one operation that need no values: every name, tensor, channel, field and event it mentions is known."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from collections.abc import Set as AbstractSet

from verif.contract import faults
from verif.contract.check_names import unknown
from verif.contract.diagnostic import Diagnostic
from verif.contract.model import Contract, Operation, Span, Step, Stream, Text
from verif.contract.nodes import Assignment, ExprError, Node, near
from verif.contract.real import check_line, real_tensors
from verif.contract.scope import moved, range_parts
from verif.contract.steps import written
from verif.contract.syntax import parse_expr, parse_math, parse_pack


def check_operation_names(contract: Contract, operation: Operation) -> Iterator[Diagnostic]:
    """Everything inside one operation."""
    known = {f"param.{name}" for name in contract.design.parameters} | set(contract.lets)
    for name, text in operation.vars.items():
        if name in known or name in operation.tensors:
            yield _taken(name, operation.places.get(f"@vars.{name}", text.span))
        yield from _range_names(text, known)
        known.add(name)
    for kind in operation.tensors.values():
        for extent in kind.shape:
            yield from expression_names(extent, known)
    for text in (operation.max_cycles, *((operation.where,) if operation.where is not None else ())):
        yield from expression_names(text, known)
    yield from _math(contract, operation, known)
    for stream in operation.streams:
        yield from _stream(contract, operation, stream, known)
        yield from _pace_names(contract, stream, known)
    yield from _steps(contract, operation, known)


def _taken(name: str, span: Span) -> Diagnostic:
    return faults.diagnostic("E-MAN-051", span, name=name)


def _range_names(text: Text, known: AbstractSet[str]) -> Iterator[Diagnostic]:
    for offset, part in range_parts(text.value):
        for error in free_names(parse_expr(part), known, {}):
            yield faults.expression(moved(error, offset), text)


def expression_names(text: Text, known: AbstractSet[str]) -> Iterator[Diagnostic]:
    """Names of an expression that must not read tensors."""
    for error in free_names(parse_expr(text.value), known, {}):
        yield faults.expression(error, text)


def free_names(node: Node, known: Collection[str], tensors: Mapping[str, int]) -> Iterator[ExprError]:
    """Errors for every name and tensor below `node` that is unknown; `tensors` maps names to ranks."""
    if node.op == "name" and node.name not in known:
        yield ExprError("name", node, name=node.name, suggestion=near(node.name, known))
    elif node.op == "index":
        yield from _element(node, tensors)
    inner = set(known)
    for name, extent in node.binders:
        yield from free_names(extent, inner, tensors)
        if name in known:
            yield ExprError("taken", node, name=name)
        inner.add(name)
    inside = node.args
    if node.op == "fold":  # the accumulator is known in the body only
        yield from free_names(node.args[0], known, tensors)
        yield from _accumulator(node, inner)
        inside = node.args[1:]
    for arg in inside:
        yield from free_names(arg, inner, tensors)


def _element(node: Node, tensors: Mapping[str, int]) -> Iterator[ExprError]:
    if node.name not in tensors:
        place = (node.offset, len("lut" if node.value else node.name))
        yield ExprError("tensor", place, name=node.name, suggestion=near(node.name, tensors))
    elif len(node.args) != tensors[node.name]:
        yield ExprError("rank", node, name=node.name, expected=str(tensors[node.name]), got=str(len(node.args)))


def _accumulator(node: Node, names: set[str]) -> Iterator[ExprError]:
    if node.name in names:
        yield ExprError("taken", node, name=node.name)
    names.add(node.name)


def _math(contract: Contract, operation: Operation, known: AbstractSet[str]) -> Iterator[Diagnostic]:
    ranks = {name: len(kind.shape) for name, kind in operation.tensors.items()}
    tables = dict.fromkeys(contract.luts, 1)
    reals = real_tensors(operation)
    targets = [parse_math(text.value).target for text in operation.math]
    ready = {name: rank for name, rank in ranks.items() if name not in targets}
    for position, text in enumerate(operation.math):
        line = parse_math(text.value)
        yield from _left_side(line, text, ranks, known, again=line.target in targets[:position])
        unready = set(targets[position:]) & ranks.keys()
        yield from _body(line.body, text, known | set(line.indices), tables | ready, unready)
        yield from _types(line, text, reals)
        ready = ready | {name: ranks[name] for name in (line.target,) if name in ranks}
    for name in operation.overflow:
        if name not in targets:
            yield unknown("tensor", name, operation.places.get(f"@overflow.{name}", operation.span), targets, "overflow")


def _types(line: Assignment, text: Text, reals: Collection[str]) -> Iterator[Diagnostic]:
    try:
        check_line(line, reals)
    except ExprError as error:
        yield faults.expression(error, text)


def _left_side(
    line: Assignment, text: Text, ranks: Mapping[str, int], known: AbstractSet[str], *, again: bool
) -> Iterator[Diagnostic]:
    place = faults.at(text, line.offset, len(line.target))
    if line.target not in ranks:
        yield unknown("tensor", line.target, place, ranks)
    elif len(line.indices) != ranks[line.target]:
        expected, got = ranks[line.target], len(line.indices)
        yield faults.diagnostic("E-MAN-038", place, name=line.target, expected=expected, got=got, text=text.value)
    if again:
        yield faults.diagnostic("E-MAN-052", place, tensor=line.target)
    for name in line.indices:
        if name in known:
            yield _taken(name, place)


def _body(
    node: Node, text: Text, known: AbstractSet[str], ready: Mapping[str, int], unready: AbstractSet[str]
) -> Iterator[Diagnostic]:
    for error in free_names(node, known, ready):
        if error.code == "tensor" and error.args_["name"] in unready:
            place = faults.at(text, error.offset, error.length)
            yield faults.diagnostic("E-MAN-053", place, tensor=error.args_["name"])
        else:
            yield faults.expression(error, text)


def _stream(contract: Contract, operation: Operation, stream: Stream, known: AbstractSet[str]) -> Iterator[Diagnostic]:
    names = set(known)
    for name, extent in stream.loops:
        yield from expression_names(extent, names)
        if name in names:
            yield _taken(name, extent.span)
        names.add(name)
    ranks = {name: len(kind.shape) for name, kind in operation.tensors.items()}
    for text in stream.fields.values():
        for error in free_names(parse_pack(text.value), names, ranks):
            yield faults.expression(error, text)
    yield from _stream_channel(contract, operation, stream)


def _pace_names(contract: Contract, stream: Stream, known: AbstractSet[str]) -> Iterator[Diagnostic]:
    """`delay` and `every` of a fixed channel may use the variables of every operation that uses it."""
    for channel in contract.channels:
        if channel.id == stream.channel and channel.handshake == "fixed":
            for text in filter(None, (channel.delay, channel.every)):
                yield from expression_names(text, known)


def _stream_channel(contract: Contract, operation: Operation, stream: Stream) -> Iterator[Diagnostic]:
    place = stream.places.get("channel", stream.span)
    channels = {channel.id: channel for channel in contract.channels}
    channel = channels.get(stream.channel)
    if channel is None:
        yield unknown("channel", stream.channel, place, channels)
        return
    for name in channel.fields:
        if name not in stream.fields:
            yield faults.diagnostic("E-MAN-054", place, field=name, channel=channel.id)
    for name in stream.fields:
        if name not in channel.fields:
            yield unknown("field", name, stream.places.get(f"@fields.{name}", place), channel.fields, channel.id)
    # Beats of a fixed channel cross when their origin comes, whether it is run or not.
    if channel.handshake != "fixed" and not any(stream.channel in step.channels for step in written(operation.steps)):
        yield faults.diagnostic("E-MAN-055", place, channel=stream.channel)


def _steps(contract: Contract, operation: Operation, known: AbstractSet[str]) -> Iterator[Diagnostic]:
    check: dict[str, Callable[[Step], Iterator[Diagnostic]]] = {
        "run": lambda step: _run(operation, step),
        "wait": lambda step: _wait(contract, step),
    }
    for step in operation.steps:
        names = set(known)
        for name, extent in step.loops:
            yield from expression_names(extent, names)
            if name in names:
                yield _taken(name, extent.span)
            names.add(name)
        for one in (step, *step.inner):
            for text in (*one.sets.values(), *((one.within,) if one.within is not None else ())):
                yield from expression_names(text, names)
            if one.kind in check:
                yield from check[one.kind](one)


def _run(operation: Operation, step: Step) -> Iterator[Diagnostic]:
    streams = {stream.channel: None for stream in operation.streams}
    for index, name in enumerate(step.channels):
        if name not in streams:
            yield unknown("stream", name, step.places.get(f"run.{index}", step.span), streams, operation.id)


def _wait(contract: Contract, step: Step) -> Iterator[Diagnostic]:
    events = [event.id for event in contract.events]
    if step.event not in events:
        yield unknown("event", step.event, step.places.get("wait", step.span), events)
