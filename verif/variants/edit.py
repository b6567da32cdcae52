"""Edits of a contract's texts, made at the places that parsing gave: everything that is not edited keeps its spelling."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from verif.contract.model import Contract, Operation, Text
from verif.contract.nodes import Node
from verif.variants.model import Kind, Variant

Edit = tuple[int, int, str]
"""Offset and length of what goes, and what comes in its place."""
_LONGEST = 80  # characters of a message's value
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Draft:
    """A variant in the making: the changed operation or contract, and the words for it. `key` distinguishes it."""

    key: str
    kind: Kind
    word: str
    args: Mapping[str, str]
    changed: Operation | Contract
    part: int = 0
    equal: bool = False

    def of(self, contract: Contract, operation: int, number: int) -> Variant:
        """The variant of `contract`; `number` tells it from others of the same key, from 1."""
        kinds = contract.operations
        whole = (
            replace(contract, operations=(*kinds[:operation], self.changed, *kinds[operation + 1 :]))
            if isinstance(self.changed, Operation)
            else self.changed
        )
        name = f"{kinds[operation].id}.{self.key}" + (f".{number}" if number > 1 else "")
        shown = {name: printable(value) for name, value in self.args.items()}
        return Variant(name, self.kind, operation, self.word, shown, whole, self.part, self.equal)


def printable(value: str) -> str:
    """One line without control characters, cut to a length that a report bears."""
    plain = "".join(letter if letter.isprintable() else " " for letter in value)
    return plain if len(plain) <= _LONGEST else plain[: _LONGEST - 1] + "\u2026"


def source(text: Text, node: Node) -> str:
    """What stands in `text` for the node, without brackets around it."""
    return text.value[node.offset : node.offset + node.length]


def spliced(text: Text, *edits: Edit) -> Text:
    """The text with every edit made; edits do not overlap."""
    value = text.value
    for offset, length, put in sorted(edits, reverse=True):
        value = value[:offset] + put + value[offset + length :]
    return replace(text, value=value)


def over(node: Node, put: str) -> Edit:
    """The edit that replaces a node."""
    return node.offset, node.length, put


def swapped(text: Text, one: Node, other: Node) -> Text:
    """The text with two nodes in each other's place."""
    return spliced(text, over(one, source(text, other)), over(other, source(text, one)))


def valued(node: Node) -> Iterator[Node]:
    """The node and what its value is computed from: not the indices of elements, extents and conditions."""
    yield node
    if node.op != "index":
        for child in node.args[1:] if node.op == "if" else node.args:
            yield from valued(child)


def put_at(items: Sequence[_T], place: int, item: _T) -> tuple[_T, ...]:
    """The items with one of them replaced."""
    return (*items[:place], item, *items[place + 1 :])
