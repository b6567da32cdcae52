"""Bounds of every math line over the whole declared range of shapes and values, against the tensor's type and policy."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from verif.contract import faults, scope
from verif.contract.diagnostic import Diagnostic
from verif.contract.interval import Interval, bound, corners, fits, type_bounds
from verif.contract.model import Contract, Operation, Span, Text
from verif.contract.nodes import MAX_BITS, ExprError, Node, walk
from verif.contract.real import is_real, real_tensors
from verif.contract.syntax import parse_expr, parse_math
from verif.golden.tables import tables

REAL = (-(1 << 1024), 1 << 1024)
"""Bounds of every real number: no double is beyond them."""
_LONG = 1 << 10  # rounds of a fold whose bounds are followed one by one
_DEFINED = ("+", "-", "*", "//", "%", "<<", ">>", "&", "|", "^", "==", "!=", "<", "<=", ">", ">=")


def check_overflow(contract: Contract, operation: Operation) -> Iterator[Diagnostic]:
    """An error where `never` is declared and cannot be proved; a note where a value may wrap and no policy is declared.

    Also an error where a table may be read outside.
    Bounds ignore that operands depend on each other, so a proof is sound and a doubt may be unfounded.
    """
    try:
        bounds = _Bounds(contract, operation)
        for text in operation.math:
            line = parse_math(text.value)
            kind = operation.tensors[line.target]
            names = bounds.left_side(line.target, line.indices)
            low, high = bounds.of(line.body, names)
            yield from _tables(bounds, text)
            if kind.form:
                continue
            limits = type_bounds(kind.bits, signed=kind.signed)
            if limits[0] <= low and high <= limits[1]:
                bounds.tensors[line.target] = (low, high)
                continue
            bounds.tensors[line.target] = limits
            policy = operation.overflow.get(line.target)
            if policy in {None, "never"}:
                span = faults.at(text, line.offset, len(line.target))
                yield _doubt(policy, span, tensor=line.target, low=str(low), high=str(high), type=kind.text.value)
    except ExprError:  # bounds grew beyond what is worth computing
        yield faults.diagnostic("E-MAN-073", operation.span, "note", operation=operation.id)


def _tables(bounds: _Bounds, text: Text) -> Iterator[Diagnostic]:
    for node, (low, high) in bounds.outside.items():
        size = str(bounds.tables[node.name][0])
        span = faults.at(text, node.offset, node.length)
        yield faults.diagnostic("E-MAN-130", span, table=node.name, low=low, high=high, size=size)
    bounds.outside.clear()


def _doubt(policy: str | None, span: Span, **args: str) -> Diagnostic:
    printable = {name: faults.printable(value) for name, value in args.items()}
    return Diagnostic("E-MAN-071", span, printable) if policy else Diagnostic("E-MAN-072", span, printable, "note")


class _Bounds:
    """Interval evaluation with every variable over its whole range."""

    def __init__(self, contract: Contract, operation: Operation) -> None:
        self.names: dict[str, Interval] = {name: (value, value) for name, value in scope.constants(contract).items()}
        self.tensors = {name: REAL if kind.form else (kind.low, kind.high) for name, kind in operation.tensors.items()}
        self.operation = operation
        self.reals = real_tensors(operation)
        self.outside: dict[Node, Interval] = {}
        self._kinds = self._table()
        self.tables = {name: (table.data.size, table.bounds) for name, table in tables(contract).items()}
        for name, text in operation.vars.items():
            parts = [self.of(parse_expr(part), self.names) for _, part in scope.range_parts(text.value)]
            ends = parts if text.value.startswith("[") else parts[:2]
            self.names[name] = (min(low for low, _ in ends), max(high for _, high in ends))

    def _table(self) -> Mapping[str, Callable[[Node, Mapping[str, Interval]], Interval]]:
        return {
            "num": lambda node, _: (node.value, node.value), "name": lambda node, names: names[node.name],
            "index": self._index, "neg": self._negated, "inv": self._inverted,
            "if": self._either, "and": lambda *_: (0, 1), "or": lambda *_: (0, 1), "cast": self._cast, "call": self._call,
            "sum": self._sum, "accsat": self._accsat, "round": self._round, "relu": self._relu, "**": self._power,
            "fold": self._fold, "divide": self._divide, "outside": self._outside,
        }  # fmt: skip

    def left_side(self, target: str, indices: tuple[str, ...]) -> dict[str, Interval]:
        """Names with the line's indices over their extents."""
        extents = [self.of(parse_expr(text.value), self.names) for text in self.operation.tensors[target].shape]
        return self.names | {name: (0, max(0, high - 1)) for name, (_, high) in zip(indices, extents, strict=True)}

    def of(self, node: Node, names: Mapping[str, Interval]) -> Interval:
        """Bounds of a node; raises ExprError when they need more than 4096 bits."""
        if is_real(node, self.reals, {name for name, value in names.items() if value == REAL}):
            for child in (*node.args, *(extent for _, extent in node.binders)):
                self._visited(node, child, names)
            return REAL
        if node.op in _DEFINED:
            a, b = (self.of(arg, names) for arg in node.args)
            result = bound(node.op, a, b)
        else:
            result = self._kinds[node.op](node, names)
        if not fits(result, MAX_BITS + 1):
            raise ExprError("large", node, limit=str(MAX_BITS))
        return result

    def _visited(self, node: Node, child: Node, names: Mapping[str, Interval]) -> None:
        """Look at what stands inside a real number only for tables that are read outside."""
        if any(inner.op == "index" and inner.name in self.tables for inner in walk(child)):
            inside = {name: (0, max(0, self.of(extent, names)[1] - 1)) for name, extent in node.binders}
            self.of(child, {**names, **inside, **({node.name: REAL} if node.op == "fold" else {})})

    def _index(self, node: Node, names: Mapping[str, Interval]) -> Interval:
        found = [self.of(arg, names) for arg in node.args]
        if node.name not in self.tables:
            return self.tensors[node.name]
        size, bounds = self.tables[node.name]
        if found[0][0] < 0 or found[0][1] >= size:
            self.outside[node] = found[0]
        return bounds

    def _outside(self, node: Node, names: Mapping[str, Interval]) -> Interval:
        a, b = self.tensors[node.args[0].name], self.of(node.args[1], names)
        return min(a[0], b[0]), max(a[1], b[1])

    def _divide(self, node: Node, names: Mapping[str, Interval]) -> Interval:
        low, high = bound("//", *(self.of(arg, names) for arg in node.args))
        return low, high + 1

    def _fold(self, node: Node, names: Mapping[str, Interval]) -> Interval:
        """The hull of every round's bounds; followed until it stands still."""
        here, rounds = dict(names), 1
        for name, extent in node.binders:
            count = max(0, self.of(extent, here)[1])
            here[name], rounds = (0, max(0, count - 1)), rounds * count
        hull = self.of(node.args[0], names)
        for _ in range(min(rounds, _LONG)):
            low, high = self.of(node.args[1], here | {node.name: hull})
            wider = (min(hull[0], low), max(hull[1], high))
            if wider == hull:
                return hull
            hull = wider
        if rounds > _LONG:
            raise ExprError("large", node, limit=str(MAX_BITS))
        return hull

    def _negated(self, node: Node, names: Mapping[str, Interval]) -> Interval:
        low, high = self.of(node.args[0], names)
        return -high, -low

    def _inverted(self, node: Node, names: Mapping[str, Interval]) -> Interval:
        low, high = self.of(node.args[0], names)
        return ~high, ~low

    def _either(self, node: Node, names: Mapping[str, Interval]) -> Interval:
        a, b = (self.of(arg, names) for arg in node.args[1:])
        return min(a[0], b[0]), max(a[1], b[1])

    def _cast(self, node: Node, names: Mapping[str, Interval]) -> Interval:
        low, high = self.of(node.args[0], names)
        limits = type_bounds(node.value, signed=node.name == "i")
        return (low, high) if limits[0] <= low and high <= limits[1] else limits

    def _relu(self, node: Node, names: Mapping[str, Interval]) -> Interval:
        low, high = self.of(node.args[0], names)
        return max(low, 0), max(high, 0)

    def _sum(self, node: Node, names: Mapping[str, Interval]) -> Interval:
        here, terms = dict(names), 1
        for name, extent in node.binders:
            count = max(0, self.of(extent, here)[1])
            here[name], terms = (0, max(0, count - 1)), terms * count
        low, high = self.of(node.args[0], here)
        return min(0, low) * terms, max(0, high) * terms

    def _accsat(self, node: Node, names: Mapping[str, Interval]) -> Interval:
        low, high = self.of(node.args[0], names)[0], self.of(node.args[1], names)[1]
        return min(low, 0), max(high, 0)

    def _round(self, node: Node, names: Mapping[str, Interval]) -> Interval:
        value, shift = (self.of(arg, names) for arg in node.args)
        amounts = (max(0, shift[0]), min(max(0, shift[1]), MAX_BITS))
        return corners(lambda x, s: x >> s, value, amounts)[0], corners(lambda x, s: -(-x >> s), value, amounts)[1]

    def _power(self, node: Node, names: Mapping[str, Interval]) -> Interval:
        base, exponent = (self.of(arg, names) for arg in node.args)
        largest = max(map(abs, base))
        if exponent[1] * largest.bit_length() > MAX_BITS:
            raise ExprError("large", node, limit=str(MAX_BITS))
        top = int(largest ** max(0, exponent[1]))
        return (0 if base[0] >= 0 else -top), max(1, top)

    def _call(self, node: Node, names: Mapping[str, Interval]) -> Interval:
        values = [self.of(arg, names) for arg in node.args]
        if node.name in {"min", "max"}:
            pick = min if node.name == "min" else max
            return pick(low for low, _ in values), pick(high for _, high in values)
        if node.name == "clip":
            return bound("min", bound("max", values[0], values[1]), values[2])
        if node.name == "ceildiv":
            low, high = bound("//", (-values[0][1], -values[0][0]), values[1])
            return -high, -low
        largest = max(map(abs, values[0]))
        if node.name == "bits":
            return 0, (1 << max(1, values[1][1] - values[2][0] + 1)) - 1
        return (0, largest) if node.name == "abs" else (0, largest.bit_length())
