"""What a contract's math is made of: operands, reductions, requantisation, clips. Computed from the text, for any design."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from verif.contract.model import Operation
from verif.contract.nodes import Assignment, Node, walk
from verif.contract.scope import input_tensors
from verif.contract.syntax import parse_expr, parse_math


@dataclass(frozen=True, slots=True)
class Operand:
    """An input tensor that is multiplied inside a sum. Axes whose index is only a summed name, and all the others."""

    tensor: str
    sum_axes: tuple[int, ...]
    free_axes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """A node of a math line: line number in the operation's `math`, the assignment, the node."""

    line: int
    assignment: Assignment
    node: Node


@dataclass(frozen=True, slots=True)
class Anatomy:
    """Roles of an operation's inputs and the nodes that numerics rows aim at.

    `operands` meet in products under a sum, in order of appearance. `multipliers` and `shifts` are input tensors or
    variables that scale and shift a rounded value. `symbols` are variables that set shapes, loops or step counts.
    """

    operands: tuple[Operand, ...]
    multipliers: tuple[str, ...]
    shifts: tuple[str, ...]
    symbols: frozenset[str]
    rounds: tuple[Place, ...]
    clips: tuple[Place, ...]
    relus: tuple[Place, ...]

    @property
    def parameters(self) -> tuple[str, ...]:
        """Multipliers and shifts together."""
        return self.multipliers + self.shifts


def anatomy(operation: Operation) -> Anatomy:
    """The anatomy of `operation`; raises ExprError when its math does not parse."""
    return _known(_Same(operation))


class _Same:
    """An operation as a cache's key, by identity: it holds dictionaries, walking them costs more than the cache saves."""

    __slots__ = ("operation",)

    def __init__(self, operation: Operation) -> None:
        self.operation = operation

    def __hash__(self) -> int:
        return id(self.operation)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.operation is self.operation


@lru_cache(maxsize=64)
def _known(same: _Same) -> Anatomy:
    operation = same.operation
    return _anatomy(tuple(line.value for line in operation.math), _Inputs.of(operation))


@dataclass(frozen=True, slots=True)
class _Inputs:
    tensors: tuple[str, ...]
    variables: tuple[str, ...]
    symbols: frozenset[str]

    @staticmethod
    def of(operation: Operation) -> _Inputs:
        texts = [dim.value for kind in operation.tensors.values() for dim in kind.shape]
        texts += [text.value for stream in operation.streams for _, text in stream.loops]
        names = {node.name for text in texts for node in walk(parse_expr(text)) if node.op == "name"}
        return _Inputs(input_tensors(operation), tuple(operation.vars), frozenset(names & set(operation.vars)))


def _anatomy(math: tuple[str, ...], inputs: _Inputs) -> Anatomy:
    lines = [parse_math(text) for text in math]
    places = [Place(i, line, node) for i, line in enumerate(lines) for node in walk(line.body)]
    operands = _operands(lines, inputs)
    rounds = tuple(place for place in places if place.node.op == "round")
    taken = {operand.tensor for operand in operands} | inputs.symbols
    shifts = _named((place.node.args[1] for place in rounds), inputs, taken)
    multipliers = _named(_factors(rounds), inputs, taken | set(shifts))
    clips = tuple(place for place in places if place.node.op == "call" and place.node.name == "clip")
    relus = tuple(place for place in places if place.node.op == "relu")
    return Anatomy(operands, multipliers, shifts, inputs.symbols, rounds, clips, relus)


def _named(nodes: Iterator[Node], inputs: _Inputs, taken: set[str] | frozenset[str]) -> tuple[str, ...]:
    """Input tensors and variables named anywhere below `nodes`, without those already `taken`."""
    known = set(inputs.tensors) | set(inputs.variables)
    names = [node.name for top in nodes for node in walk(top) if node.op in {"index", "name"}]
    return tuple(dict.fromkeys(name for name in names if name in known and name not in taken))


def _factors(rounds: tuple[Place, ...]) -> Iterator[Node]:
    """Direct factors of products in what is rounded, sums left out: `S[m,n] * mult[n]` gives both."""
    for place in rounds:
        for node in _outside_sums(place.node.args[0]):
            if node.op == "*":
                yield from (arg for arg in node.args if arg.op in {"index", "name"})


def _outside_sums(node: Node) -> Iterator[Node]:
    yield node
    if node.op not in {"sum", "accsat"}:
        for child in node.args:
            yield from _outside_sums(child)


def _operands(lines: list[Assignment], inputs: _Inputs) -> tuple[Operand, ...]:
    found: dict[str, Operand] = {}
    for line in lines:
        for node in walk(line.body):
            if node.op in {"sum", "accsat"}:
                summed = {name for name, _ in node.binders}
                for leaf in _multiplied(node.args[-1]):
                    if leaf.name in inputs.tensors:
                        found.setdefault(leaf.name, _operand(leaf, summed))
    return tuple(found.values())


def _multiplied(body: Node) -> Iterator[Node]:
    """Tensor elements below a product."""
    for node in walk(body):
        if node.op == "*":
            yield from (leaf for leaf in walk(node) if leaf.op == "index")


def _operand(leaf: Node, summed: set[str]) -> Operand:
    axes = range(len(leaf.args))
    sums = tuple(axis for axis in axes if leaf.args[axis].op == "name" and leaf.args[axis].name in summed)
    return Operand(leaf.name, sums, tuple(axis for axis in axes if axis not in sums))
