"""Checks outside operations that need no values: ids are unique, lets resolve, there are clocks and resets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from verif.contract import faults
from verif.contract.diagnostic import Diagnostic
from verif.contract.expr import evaluate
from verif.contract.model import Contract, Span
from verif.contract.nodes import ExprError, near

MAX_CLOCKS = 4


def check_contract_names(contract: Contract) -> Iterator[Diagnostic]:
    """Everything outside operations."""
    yield from _duplicates(
        "channel", ((channel.id, channel.places.get("id", channel.span)) for channel in contract.channels)
    )
    yield from _duplicates("event", ((event.id, event.port.span) for event in contract.events))
    yield from _duplicates("operation", ((op.id, op.places.get("id", op.span)) for op in contract.operations))
    yield from _lets(contract)
    yield from _clocks(contract)


def _duplicates(kind: str, ids: Iterable[tuple[str, Span]]) -> Iterator[Diagnostic]:
    seen: set[str] = set()
    for name, span in ids:
        if name in seen:
            yield faults.diagnostic("E-MAN-043", span, kind=kind, id=name)
        seen.add(name)


def _lets(contract: Contract) -> Iterator[Diagnostic]:
    names = {f"param.{name}": value for name, value in contract.design.parameters.items()}
    for name, text in contract.lets.items():
        try:
            names[name] = evaluate(text.value, names)
        except ExprError as error:
            yield faults.expression(error, text)
            names[name] = 1


def _clocks(contract: Contract) -> Iterator[Diagnostic]:
    if len(contract.clocks) > MAX_CLOCKS:
        span = contract.clocks[MAX_CLOCKS].port.span
        yield faults.diagnostic("E-MAN-109", span, count=len(contract.clocks), limit=MAX_CLOCKS)
    for kind, items in (("clock", contract.clocks), ("reset", contract.resets)):
        if not items and contract.profile != "opaque":
            yield faults.diagnostic("E-MAN-044", contract.places.get(kind, Span(1, 1)), kind=kind)


def unknown(kind: str, name: str, span: Span, known: Iterable[str], owner: str = "the manifest") -> Diagnostic:
    """A reference to something that is not declared; `owner` says where it was looked for."""
    expected = list(known)
    rules = ("E-MAN-049", "E-MAN-050")
    return faults.pair(
        rules, span, near(name, expected), kind=kind, name=name, owner=owner, expected=", ".join(expected) or "none"
    )
