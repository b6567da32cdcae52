"""Parsed expressions and what can be wrong with them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

MAX_BITS = 4096  # magnitude of every intermediate result
MAX_DEPTH = 64
MAX_LENGTH = 512


@dataclass(frozen=True, slots=True)
class Node:
    """One node of an expression, a math line's right side or a packer.

    `op`: num, name, index (name = tensor; value = 1 when written as `lut`), neg, inv, an operator's text, and, or, if
    (condition, then, else), call (name = function), cast (name = i or u, value = bits), sum, accsat (low, high, body), fold
    (first value, body; name = accumulator), round and divide (name = mode), relu, outside (element, otherwise), decimal
    (name = its text), float (name = format), real (name = exp or sqrt), pack, each (a generator's items), pad, any.
    `binders` are (name, extent) of sum, accsat, fold and each. `offset` and `length` are its place in the text.
    """

    op: str
    args: tuple[Node, ...] = ()
    value: int = 0
    name: str = ""
    binders: tuple[tuple[str, Node], ...] = ()
    offset: int = 0
    length: int = 1


class ExprError(ValueError):
    """Something wrong at `offset` of an expression; `code` says what and is the last part of a rule id's meaning.

    Codes: the keys of `faults.RULES`.
    `args` fill the message; `suggestion` is a near name or "".
    """

    def __init__(self, code: str, node: Node | tuple[int, int] = (0, 1), **args: str) -> None:
        super().__init__(f"{code}: {args}")
        self.code = code
        self.offset, self.length = (node.offset, node.length) if isinstance(node, Node) else node
        self.args_: Mapping[str, str] = args


@dataclass(frozen=True, slots=True)
class Assignment:
    """One math line: `target[indices] = body`."""

    target: str
    indices: tuple[str, ...]
    body: Node
    offset: int = field(default=0, compare=False)


def near(name: str, known: Iterable[str]) -> str:
    """The known name nearest to `name`, or "" when none is near; a difference of case alone is always near."""
    names = sorted(set(known))
    for candidate in names:
        if candidate.lower() == name.lower():
            return candidate
    found = difflib.get_close_matches(name, names, 1, 0.6)
    return found[0] if found else ""


def walk(node: Node) -> Iterator[Node]:
    """The node and everything below it, extents of binders included."""
    yield node
    for child in (*node.args, *(extent for _, extent in node.binders)):
        yield from walk(child)
