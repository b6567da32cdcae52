"""What a contract's math is made of: operands, reductions, requantisation, clips. Computed from the text, for any design."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from verif.contract.model import Operation
from verif.contract.nodes import Assignment, Node, walk
from verif.contract.scope import input_tensors
from verif.contract.syntax import parse_expr, parse_math

SUMS = frozenset({"sum", "accsat", "fold"})
"""Nodes that go over many terms; the term is the last argument."""


@dataclass(frozen=True, slots=True)
class Operand:
    """An input tensor that is summed, or what an operation without sums works on.

    `sum_axes`: axes whose index is only a summed name; `free_axes`: all the others. `indices`: its indices, as written.
    """

    tensor: str
    sum_axes: tuple[int, ...]
    free_axes: tuple[int, ...]
    indices: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """A node of a math line: line number in the operation's `math`, the assignment, the node."""

    line: int
    assignment: Assignment
    node: Node


@dataclass(frozen=True, slots=True)
class Anatomy:
    """Roles of an operation's inputs and the nodes that numerics rows aim at.

    `operands` meet in products under a sum, in order of appearance. Without such a product there is at most one: a tensor
    that is summed, else the input with the most indices of its own, if it is read at one place only. `multipliers` and
    `shifts` are input tensors or variables that scale and shift a rounded value. `symbols` are variables that set shapes,
    loops or step counts. `lookups` are elements of tables, `paddings` elements that may lie outside their tensor,
    `choosers` inputs whose elements say which element of another tensor is meant.
    """

    operands: tuple[Operand, ...]
    multipliers: tuple[str, ...]
    shifts: tuple[str, ...]
    symbols: frozenset[str]
    rounds: tuple[Place, ...]
    clips: tuple[Place, ...]
    relus: tuple[Place, ...]
    lookups: tuple[Place, ...]
    paddings: tuple[Place, ...]
    choosers: frozenset[str]

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
    rounds = tuple(place for place in places if place.node.op == "round")
    shifts = _named((place.node.args[1] for place in rounds), inputs, inputs.symbols)
    operands = _operands(lines, inputs) or _subject(lines, inputs, frozenset(shifts))
    taken = {operand.tensor for operand in operands} | inputs.symbols | set(shifts)
    return Anatomy(
        operands=operands,
        multipliers=_named(_factors(rounds), inputs, taken),
        shifts=tuple(name for name in shifts if name not in {operand.tensor for operand in operands}),
        symbols=inputs.symbols,
        rounds=rounds,
        clips=tuple(place for place in places if place.node.op == "call" and place.node.name == "clip"),
        relus=tuple(place for place in places if place.node.op == "relu"),
        lookups=tuple(place for place in places if place.node.op == "index" and place.node.value),
        paddings=tuple(place for place in places if place.node.op == "outside"),
        choosers=frozenset(_choosers(places)) & set(inputs.tensors),
    )


def _named(nodes: Iterator[Node], inputs: _Inputs, taken: set[str] | frozenset[str]) -> tuple[str, ...]:
    """Input tensors and variables named anywhere below `nodes`, without those already `taken`."""
    known = set(inputs.tensors) | set(inputs.variables)
    names = [node.name for top in nodes for node in walk(top) if node.op in {"index", "name"}]
    return tuple(dict.fromkeys(name for name in names if name in known and name not in taken))


def _factors(rounds: tuple[Place, ...]) -> Iterator[Node]:
    """Direct factors of products in what is rounded, sums left out: `S[m,n] * mult[n]` gives both."""
    for place in rounds:
        for factor in factors(place.node.args[0]):
            if factor.op in {"index", "name"}:
                yield factor


def factors(node: Node) -> Iterator[Node]:
    """Both sides of every product below a node, sums left out."""
    for inner in _outside_sums(node):
        if inner.op == "*":
            yield from inner.args


def _outside_sums(node: Node) -> Iterator[Node]:
    yield node
    if node.op not in SUMS:
        for child in node.args:
            yield from _outside_sums(child)


def _operands(lines: list[Assignment], inputs: _Inputs) -> tuple[Operand, ...]:
    found: dict[str, Operand] = {}
    for line in lines:
        for node in walk(line.body):
            if node.op in SUMS:
                summed = {name for name, _ in node.binders}
                for leaf in _multiplied(node.args[-1]):
                    if leaf.name in inputs.tensors:
                        found.setdefault(leaf.name, _operand(leaf, summed))
    return tuple(found.values())


def _subject(lines: list[Assignment], inputs: _Inputs, shifts: frozenset[str]) -> tuple[Operand, ...]:
    """The one operand of an operation without products under a sum; none when no tensor is read at a single place."""
    summed = [(leaf, {name for name, _ in node.binders}) for node in _sums(lines) for leaf in _elements(node.args[-1])]
    direct = [(leaf, set[str]()) for line in lines for leaf in _elements(line.body)]
    own = {name for line in lines for name in line.indices}
    read = [leaf.name for leaf, _ in direct]
    known = [
        (leaf, names)
        for leaf, names in summed or direct
        if leaf.name in inputs.tensors and leaf.name not in shifts and read.count(leaf.name) == 1
    ]
    if not known:
        return ()
    leaf, names = max(known, key=lambda pair: sum(arg.op == "name" and arg.name in own | pair[1] for arg in pair[0].args))
    return (_operand(leaf, names),)


def _choosers(places: list[Place]) -> Iterator[str]:
    indices = [arg for place in places if place.node.op == "index" and not place.node.value for arg in place.node.args]
    return (node.name for index in indices for node in walk(index) if node.op == "index")


def _sums(lines: list[Assignment]) -> Iterator[Node]:
    return (node for line in lines for node in walk(line.body) if node.op in SUMS)


def _multiplied(body: Node) -> Iterator[Node]:
    """Tensor elements below a product."""
    for node in walk(body):
        if node.op == "*":
            yield from _elements(node)


def _elements(node: Node) -> Iterator[Node]:
    """Tensor elements below a node; what chooses an element is none, and neither is a table."""
    if node.op == "index" and not node.value:
        yield node
        return
    for child in node.args:
        yield from _elements(child)


def _operand(leaf: Node, summed: set[str]) -> Operand:
    axes = range(len(leaf.args))
    sums = tuple(axis for axis in axes if leaf.args[axis].op == "name" and leaf.args[axis].name in summed)
    return Operand(leaf.name, sums, tuple(axis for axis in axes if axis not in sums), leaf.args)
