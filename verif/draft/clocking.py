"""Clocks and resets by use: what edges every clocked block waits for, and what its first `if` asks."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pyslang import ast

from verif.draft.model import Pin, Reset

MAX_VISITS = 4000
_BEFORE = "a|s|h|n|i|m|ap|sys|core|glb|global|async|sync|hw|por|main|axis?"
_RESET = re.compile(
    rf"(?:^|[_.])(?:(?:{_BEFORE})?(?:rst|reset)(?:n|b|bar|l)?(?:_?(?:n|b|ni|bar|l))?|presetn)(?:_?(?:i|in))?$",
    re.IGNORECASE,
)
_LOW = re.compile(r"(?:rst|reset)_?(?:n|b|ni|bar|l)(?:_?(?:i|in))?$|(?:^|_)n(?:rst|reset)", re.IGNORECASE)
_CLOCK = re.compile(r"(?:^|_)[a-z]{0,5}(?:clk|clock)(?:_?\d+)?(?:_?(?:i|in|p))?$", re.IGNORECASE)
_NOT = {ast.UnaryOperator.LogicalNot, ast.UnaryOperator.BitwiseNot}

# A signal inside the design -> the pin that it is, and whether inverted.
Bound = dict[str, tuple[str, bool]]


@dataclass(frozen=True, slots=True)
class Clocking:
    """Clock pins, most used first, and resets."""

    clocks: tuple[str, ...]
    resets: tuple[Reset, ...]


@dataclass
class _Uses:
    """Counts over every clocked block: clock pins, and resets as (pin, level, asynchronous)."""

    clocks: Counter[str] = field(default_factory=Counter)
    resets: Counter[tuple[str, int, bool]] = field(default_factory=Counter)
    seen: set[tuple[str, frozenset[tuple[str, tuple[str, bool]]]]] = field(default_factory=set)


def find_clocking(top: Any, pins: Sequence[Pin]) -> Clocking:
    """Clocks and resets among one-bit input `pins`; where no block shows any, names decide and `sure` is False."""
    narrow = [pin for pin in pins if pin.dir == "in" and pin.width == 1]
    inside = f"{top.body.hierarchicalPath}."  # interfaces of ports are instances beside the top module
    bound: Bound = {f"{'' if '.' in pin.signal else inside}{pin.signal}": (pin.signal, False) for pin in narrow}
    uses = _Uses()
    _visit(top, bound, uses)
    named = (
        pin.signal for pin in narrow if _CLOCK.search(pin.name) and not any(pin.signal == key[0] for key in uses.resets)
    )
    clocks = tuple(dict.fromkeys((*(name for name, _ in uses.clocks.most_common()), *named)))
    names = {pin.signal: pin.name for pin in narrow if pin.signal not in clocks}
    return Clocking(clocks, tuple(_resets(uses, names)))


def _resets(uses: _Uses, names: Mapping[str, str]) -> Iterator[Reset]:
    done = set[str]()
    for (pin, level, asynchronous), _ in sorted(uses.resets.items(), key=lambda item: (not item[0][2], -item[1])):
        if pin in names and pin not in done:
            done.add(pin)
            yield Reset(pin, level, asynchronous)
    for pin, name in names.items():
        if pin not in done and _RESET.search(name):
            yield Reset(pin, 0 if _LOW.search(name) else 1, asynchronous=False, sure=False)


def _visit(instance: Any, bound: Bound, uses: _Uses) -> None:
    """One instance and, once for every way in which its ports meet pins, those below it."""
    stack = [(instance, bound)]
    while stack:
        current, known = stack.pop()
        local = {name.removeprefix(current.body.hierarchicalPath): pin for name, pin in known.items()}
        key = (current.body.name, frozenset(local.items()))
        if key in uses.seen or len(uses.seen) > MAX_VISITS:
            continue
        uses.seen.add(key)
        members = list(_members(current.body))
        known = _aliased(members, known)
        for member in members:
            if member.kind == ast.SymbolKind.Instance:
                stack.append((member, _below(member, known)))
            elif member.kind == ast.SymbolKind.ProceduralBlock:
                _block(member.body, known, uses)


def _members(scope: Any) -> Iterator[Any]:
    """Members, also those inside generate blocks that are there and arrays of instances."""
    stack = [scope]
    while stack:
        for member in stack.pop():
            if member.kind == ast.SymbolKind.GenerateBlock and member.isUninstantiated:
                continue
            if member.kind in {
                ast.SymbolKind.GenerateBlock,
                ast.SymbolKind.GenerateBlockArray,
                ast.SymbolKind.InstanceArray,
            }:
                stack.append(member)
            else:
                yield member


def _below(instance: Any, known: Bound) -> Bound:
    """What the ports of an instance are, of what is known outside."""
    inner: Bound = {}
    for connection in instance.portConnections:
        pin = _pin(connection.expression, known)
        if pin is not None and getattr(connection.port, "internalSymbol", None) is not None:
            inner[connection.port.internalSymbol.hierarchicalPath] = pin
        elif connection.port.kind == ast.SymbolKind.InterfacePort:
            inner |= known  # members keep the path that they have outside
    return inner


def _aliased(members: Sequence[Any], known: Bound) -> Bound:
    """`known` with what plain assignments and initialised wires rename or invert."""
    found = dict(known)
    for _ in range(3):  # chains of names are short
        for member in members:
            left, right = None, None
            if member.kind == ast.SymbolKind.ContinuousAssign and member.assignment.kind == ast.ExpressionKind.Assignment:
                left, right = _path(member.assignment.left), member.assignment.right
            elif member.kind in {ast.SymbolKind.Net, ast.SymbolKind.Variable} and member.initializer is not None:
                left, right = member.hierarchicalPath, member.initializer
            pin = _pin(right, found)
            if left and pin is not None:
                found.setdefault(left, pin)
    return found


def _path(expression: Any) -> str:
    """The path of the signal that an expression names; empty for anything else."""
    while expression is not None and expression.kind == ast.ExpressionKind.Conversion:
        expression = expression.operand
    if expression is None or expression.kind not in {ast.ExpressionKind.NamedValue, ast.ExpressionKind.HierarchicalValue}:
        return ""
    symbol = expression.symbol
    inner = getattr(symbol, "internalSymbol", None) if symbol.kind == ast.SymbolKind.ModportPort else None
    return str((inner or symbol).hierarchicalPath)


def _pin(expression: Any, known: Bound) -> tuple[str, bool] | None:
    """The pin that an expression is, and whether inverted; None for anything else."""
    inverted = False
    while expression is not None:
        if expression.kind == ast.ExpressionKind.UnaryOp and expression.op in _NOT:
            inverted, expression = not inverted, expression.operand
        elif expression.kind == ast.ExpressionKind.Conversion:
            expression = expression.operand
        else:
            break
    pin = known.get(_path(expression))
    return None if pin is None else (pin[0], pin[1] ^ inverted)


def _asked(expression: Any, known: Bound) -> tuple[str, int] | None:
    """(pin, level that makes the condition true): of `!rst_n`, `rst`, `rst == 1'b1`, and comparisons with 0."""
    if expression.kind == ast.ExpressionKind.BinaryOp and expression.op in {
        ast.BinaryOperator.Equality,
        ast.BinaryOperator.CaseEquality,
    }:
        pin, constant = _pin(expression.left, known), expression.right.constant
        number = getattr(constant, "value", None)
        if pin is None or number is None or str(number)[-1:] not in {"0", "1"}:
            return None
        return pin[0], int(str(number)[-1:]) ^ int(pin[1])
    pin = _pin(expression, known)
    return None if pin is None else (pin[0], int(not pin[1]))


def _block(body: Any, known: Bound, uses: _Uses) -> None:
    """A block that waits for edges: its clock, and the reset that its first condition is."""
    if body.kind != ast.StatementKind.Timed:
        return
    edges = {pin[0]: pin for pin in (_pin(event.expr, known) for event in _events(body.timing)) if pin is not None}
    asked = _reset_asked(body.stmt, known, edges)
    several = len(edges) > 1
    if asked is not None:
        asynchronous = several and asked[0] in edges
        uses.resets[asked[0], asked[1], asynchronous] += 1
        if asynchronous:
            edges.pop(asked[0])
    if len(edges) == 1:
        uses.clocks.update(list(edges))


def _events(timing: Any) -> list[Any]:
    """The edges that a block waits for; none for `@*`."""
    events = timing.events if timing.kind == ast.TimingControlKind.EventList else [timing]
    edges = {ast.EdgeKind.PosEdge, ast.EdgeKind.NegEdge, ast.EdgeKind.BothEdges}
    return [event for event in events if event.kind == ast.TimingControlKind.SignalEvent and event.edge in edges]


def _reset_asked(statement: Any, known: Bound, edges: Mapping[str, object]) -> tuple[str, int] | None:
    """The first condition at the top of a block that asks for one of its edges, or for a pin named like a reset."""
    for inner in _top_statements(statement):
        if inner.kind == ast.StatementKind.Conditional and len(inner.conditions) == 1:
            asked = _asked(inner.conditions[0].expr, known)
            if asked is not None and (asked[0] in edges or _RESET.search(asked[0])):
                return asked
    return None


def _top_statements(statement: Any) -> Iterator[Any]:
    """The statements of a block, without those inside conditions and loops."""
    stack = [statement]
    while stack:
        current = stack.pop()
        if current.kind == ast.StatementKind.Block:
            stack.append(current.body)
        elif current.kind == ast.StatementKind.List:
            stack += reversed(list(current.list))
        else:
            yield current
