"""Checks of one operation at sampled shapes: indices, coverage of every element bit, widths, and values that must fit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from verif.contract import coverage, faults, samples, scope
from verif.contract.check_math import check_indices
from verif.contract.coverage import Touch, Traced
from verif.contract.diagnostic import Diagnostic
from verif.contract.expr import evaluate
from verif.contract.model import Contract, Operation, Stream, Text
from verif.contract.nodes import ExprError, walk
from verif.contract.packing import FieldLayout, layout, loop_grid, names_of, tensors_of
from verif.contract.real import real_tensors
from verif.contract.signals import channel_of
from verif.contract.syntax import parse_expr, parse_math, parse_pack
from verif.contract.vector import Value, grid, scalar
from verif.golden.tables import tables


@dataclass(slots=True)
class ShapeCheck:
    """Collects diagnostics over the samples of one operation; the first sample that shows a fault speaks for all."""

    contract: Contract
    operation: Operation
    found: dict[tuple[str, int, int], Diagnostic] = field(default_factory=dict)
    widths: dict[int, tuple[int, str]] = field(default_factory=dict)

    def add(self, diagnostic: Diagnostic) -> None:
        """Keep the first diagnostic of a rule at a place."""
        self.found.setdefault((diagnostic.rule, diagnostic.span.line, diagnostic.span.column), diagnostic)

    def run(self) -> list[Diagnostic]:
        """All diagnostics of the operation."""
        try:
            chosen = samples.samples(self.contract, self.operation)
        except ExprError:
            self._broken_ranges()
            return list(self.found.values())
        if not chosen:
            place = self.operation.where.span if self.operation.where else self.operation.span
            self.add(faults.diagnostic("E-MAN-061", place, operation=self.operation.id))
        for variables in chosen:
            self._sample(variables)
        return list(self.found.values())

    def _broken_ranges(self) -> None:
        """A range, extent or `where` failed while sampling: find which, at the low ends reached so far."""
        names = scope.constants(self.contract)
        texts = [extent for kind in self.operation.tensors.values() for extent in kind.shape]
        texts += [self.operation.where] if self.operation.where is not None else []
        for name, text in self.operation.vars.items():
            try:
                names[name] = scope.values_of(text.value, names)[0]
            except ExprError as error:
                self.add(faults.expression(error, text, {"shape": samples.shown({})}))
                return
        texts += [extent for stream in self.operation.streams for _, extent in stream.loops]
        self._evaluated(texts, names)

    def _evaluated(self, texts: list[Text], names: dict[str, int]) -> None:
        loops = {name: 0 for stream in self.operation.streams for name, _ in stream.loops}
        for text in texts:
            try:
                evaluate(text.value, loops | names)
            except ExprError as error:
                self.add(faults.expression(error, text, {"shape": "the smallest"}))
        if not self.found:
            self.add(faults.diagnostic("E-MAN-062", self.operation.span, operation=self.operation.id))

    def _sample(self, variables: Mapping[str, int]) -> None:
        shape = samples.shown(variables)
        extents = scope.shapes(self.contract, self.operation, variables)
        for name, dims in extents.items():
            if min(dims) < 0:
                text = self.operation.tensors[name].text
                self.add(faults.diagnostic("E-MAN-063", text.span, tensor=name, shape=shape))
                return
        tensors = _random(self.operation, extents)
        names = names_of(self.contract, variables)
        self._extents(names, extents, shape)
        self._math(names, tensors, extents, shape)
        self._cycles(names, shape)
        touches = [touch for stream in self.operation.streams for touch in self._stream(stream, names, tensors, shape)]
        self._coverage(tuple(touches), extents, shape)

    def _math(
        self, names: Mapping[str, int], tensors: Mapping[str, Value], extents: Mapping[str, tuple[int, ...]], shape: str
    ) -> None:
        texts = {text.value: text for text in self.operation.math}
        reals = real_tensors(self.operation)
        inputs = {name: tensors[name] for name in scope.input_tensors(self.operation) if name not in reals}
        known = tables(self.contract)
        inputs, extents = inputs | known, {**extents, **{name: table.data.shape for name, table in known.items()}}
        values = {name: scalar(value) for name, value in names.items()}
        lines = {text: parse_math(text) for text in texts}
        for text, error in check_indices(lines, values, inputs, extents):
            self.add(faults.expression(error, texts[text], {"shape": shape}))

    def _extents(self, names: Mapping[str, int], extents: Mapping[str, tuple[int, ...]], shape: str) -> None:
        """What the operation's kind asks of shapes."""
        for extent in self.operation.extents:
            text = self.operation.tensors[extent.tensor].text
            try:
                wanted = evaluate(extent.wanted.value, names)
            except ExprError as error:
                self.add(faults.expression(error, extent.wanted, {"shape": shape}))
                continue
            got = extents[extent.tensor][extent.axis]
            if got != wanted:
                kind, tensor, axis = self.operation.kind, extent.tensor, extent.axis
                args = {"tensor": tensor, "axis": str(axis), "got": str(got), "expected": str(wanted)}
                self.add(Diagnostic("E-MAN-127", text.span, args | {"kind": kind, "shape": shape}))

    def _cycles(self, names: Mapping[str, int], shape: str) -> None:
        withins = [step.within for step in self.operation.steps if step.within is not None]
        for text in (self.operation.max_cycles, *withins):
            try:
                cycles = evaluate(text.value, names)
            except ExprError as error:
                self.add(faults.expression(error, text, {"shape": shape}))
                continue
            if not 1 <= cycles < 1 << 32:
                self.add(faults.diagnostic("E-MAN-064", text.span, cycles=cycles, shape=shape))

    def _stream(
        self, stream: Stream, names: Mapping[str, int], tensors: Mapping[str, Value], shape: str
    ) -> tuple[Touch, ...]:
        """Element bits that the stream carries; nothing when it is broken."""
        loops = [text for _, text in stream.loops]
        try:
            count, columns = loop_grid(stream, names)
        except ExprError as error:
            self.add(faults.expression(error, _source(error, loops, names) or loops[0], {"shape": shape}))
            return ()
        traced: list[Traced] = []
        fields = self._layout(stream, names, shape)
        for one in fields:
            text = stream.fields[one.name]
            try:
                traced.append(coverage.trace(self.operation, (one,), count, columns, names, tensors))
            except ExprError as error:
                self.add(faults.expression(error, text, {"shape": shape}))
                continue
            self._fits(one, text, traced[-1], shape)
        return tuple(touch for one in traced for touch in one.touches)

    def _layout(self, stream: Stream, names: Mapping[str, int], shape: str) -> tuple[FieldLayout, ...]:
        try:
            fields = layout(self.contract, self.operation, stream, names)
        except ExprError as error:
            text = _packer(self.contract, self.operation, stream, names)
            self.add(faults.expression(error, text, {"shape": shape}))
            return ()
        for one in fields:
            key = id(stream.fields[one.name])
            width, before = self.widths.setdefault(key, (one.width, shape))
            if width != one.width:
                args = {"field": one.name, "first": width, "second": one.width, "before": before, "shape": shape}
                span = stream.fields[one.name].span
                self.add(Diagnostic("E-MAN-065", span, {name: faults.printable(value) for name, value in args.items()}))
        return fields

    def _fits(self, one: FieldLayout, text: Text, traced: Traced, shape: str) -> None:
        """A single expression's value must fit its field as an unsigned number, or a two's complement one if negative."""
        node = parse_pack(text.value)
        if (
            one.name not in traced.plain
            or node.op in {"pack", "cast", "index"}
            or (node.op == "call" and node.name == "bits")
        ):
            return
        low, high = traced.plain[one.name]
        if low < -(1 << (one.width - 1)) or high >= 1 << one.width:
            value = low if low < 0 else high
            self.add(faults.diagnostic("E-MAN-066", text.span, field=one.name, width=one.width, value=value, shape=shape))

    def _coverage(self, touches: tuple[Touch, ...], extents: Mapping[str, tuple[int, ...]], shape: str) -> None:
        if any(found.rule == "E-MAN-060" for found in self.found.values()):
            return  # a stream that fails carries nothing, which would look like missing elements
        for tensor in _carried(self.contract, self.operation):
            kind, dims = self.operation.tensors[tensor], extents[tensor]
            carried = coverage.counts(touches, tensor, int(np.prod(dims, dtype=np.int64)), kind.bits)
            if not carried.size:
                continue
            element, bit = np.unravel_index(int(np.argmin(carried)), carried.shape)
            label = f"{tensor}[{','.join(str(int(i)) for i in np.unravel_index(int(element), dims))}]"
            if carried.min() == 0:
                args = {"element": label, "bit": "all" if carried.shape[1] == 1 else str(bit), "shape": shape}
                rule = "E-MAN-067" if tensor in scope.input_tensors(self.operation) else "E-MAN-068"
                self.add(Diagnostic(rule, kind.text.span, args))
            if carried.max() > 1 and not self._repeats(tensor):
                self._repeated(tensor, carried, dims, shape)

    def _repeats(self, tensor: str) -> bool:
        return any(tensor in tensors_of(stream) for stream in self.operation.streams if stream.partial == "repeat")

    def _repeated(self, tensor: str, carried: np.ndarray, dims: tuple[int, ...], shape: str) -> None:
        element = int(np.unravel_index(int(np.argmax(carried)), carried.shape)[0])
        label = f"{tensor}[{','.join(str(int(i)) for i in np.unravel_index(element, dims))}]"
        stream = next(stream for stream in self.operation.streams if tensor in tensors_of(stream))
        args = {"element": label, "times": str(carried.max()), "shape": shape}
        self.add(Diagnostic("E-MAN-069", stream.places.get("channel", stream.span), args))


def check_streams_exist(contract: Contract, operation: Operation) -> Iterator[Diagnostic]:
    """Inputs must be delivered by an input stream, results observed on an output stream, and none the wrong way round."""
    directions = {
        side: {name for stream in scope.streams_of(contract, operation, side) for name in tensors_of(stream)}
        for side in ("in", "out")
    }
    for name in scope.input_tensors(operation):
        if name not in directions["in"]:
            yield faults.diagnostic("E-MAN-056", operation.tensors[name].text.span, tensor=name)
    for name in results(operation):
        if name not in directions["out"]:
            yield faults.diagnostic("E-MAN-057", operation.tensors[name].text.span, tensor=name)
    for stream in scope.streams_of(contract, operation, "in"):
        for name in tensors_of(stream):
            if name in scope.output_tensors(operation):
                yield faults.diagnostic("E-MAN-058", stream.span, tensor=name, channel=stream.channel)


def results(operation: Operation) -> tuple[str, ...]:
    """Tensors that math assigns and no line reads: what the operation is for."""
    read = {node.name for text in operation.math for node in walk(parse_math(text.value).body) if node.op == "index"}
    return tuple(name for name in scope.output_tensors(operation) if name not in read)


def _carried(contract: Contract, operation: Operation) -> tuple[str, ...]:
    """Tensors whose every bit must cross: all inputs, and every tensor that some output stream shows."""
    shown = scope.observed_tensors(contract, operation)
    inputs = scope.input_tensors(operation)
    return (*inputs, *(name for name in shown if name not in inputs))


def _random(operation: Operation, extents: Mapping[str, tuple[int, ...]]) -> dict[str, Value]:
    generator, found = np.random.default_rng(0), dict[str, Value]()
    for name, kind in operation.tensors.items():
        low, high = max(kind.low, -(1 << 63)), min(kind.high, (1 << 63) - 1)
        found[name] = grid(generator.integers(low, high, extents[name], dtype=np.int64, endpoint=True))
    return found


def _source(error: ExprError, texts: list[Text], names: Mapping[str, int]) -> Text | None:
    """The loop extent that fails on its own; None when only the whole nest does."""
    here = dict(names)
    for text in texts:
        try:
            extent = evaluate(
                text.value, here | {node.name: 0 for node in walk(parse_expr(text.value)) if node.name not in here}
            )
        except ExprError:
            return text
        if error.code == "beats" and str(extent) == error.args_.get("count"):
            return text
    return None


def _packer(contract: Contract, operation: Operation, stream: Stream, names: Mapping[str, int]) -> Text:
    """The field whose layout fails."""
    for name in channel_of(contract, stream.channel).fields:
        single = Stream(stream.channel, stream.loops, dict.fromkeys(stream.fields, stream.fields[name]))
        try:
            layout(contract, operation, single, names)
        except ExprError:
            return stream.fields[name]
    return next(iter(stream.fields.values()))
