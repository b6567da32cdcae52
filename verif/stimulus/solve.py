"""Solved vectors: operands whose sums land exactly where rounding and clipping decide.

A sum is steered by making every operand but the first constant 1 and spreading a chosen total over the first one's terms.
With the scale m / 2**j the rounded value is sum * m / 2**j, so a wanted residue modulo 2**j is one modular inverse away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from verif.contract.model import Contract, Operation, TensorType, Text
from verif.contract.nodes import Assignment, ExprError, Node
from verif.contract.scope import input_tensors, output_tensors
from verif.contract.syntax import parse_math
from verif.golden.evaluate import evaluate
from verif.stimulus.anatomy import Place
from verif.stimulus.data import Array, one
from verif.stimulus.parameters import Scale
from verif.stimulus.site import Site
from verif.stimulus.values import OperationValues

WIDE = TensorType(signed=True, bits=64, shape=(), low=-(1 << 63), high=(1 << 63) - 1)


def residue(scale: Scale, wanted: int) -> int:
    """The sum modulo 2**j whose scaled value is `wanted` modulo 2**j; m must be odd."""
    m, j = scale
    return wanted * pow(m, -1, 1 << j) % (1 << j) if j else 0


def free_extent(site: Site, number: int) -> int:
    """Elements of operand `number` along the axes that are not summed: so many sums can be chosen."""
    operand = site.anatomy.operands[number]
    return int(np.prod([site.shapes[operand.tensor][axis] for axis in operand.free_axes], dtype=np.int64))


def steerable(site: Site) -> bool:
    """Whether the first operand's sums can be chosen: its axes are plainly summed or free, or it is not summed at all."""
    operands = site.anatomy.operands
    return bool(operands and operands[0].free_axes and (operands[0].sum_axes or len(operands) == 1))


def covering(site: Site, targets: Sequence[int], least: int) -> list[Array]:
    """`targets` in random order, for at least `least` operations and as many as it takes that each of them is a sum."""
    order = site.rng.permutation(np.array(targets, np.int64))
    free = free_extent(site, 0) if steerable(site) else len(order)
    turns = max(least, -(-len(order) // free))
    return [np.roll(order, -turn * free) for turn in range(turns)]


def steered(site: Site, totals: Array) -> dict[str, Array] | None:
    """Operands whose sums are `totals` (one per free index of the first operand, flat), as near as its range allows.

    None when the first operand has no plain summed axis. Terms are visited in random order; pairs that cancel are added.
    """
    if not steerable(site):
        return None
    operands = site.anatomy.operands
    first, extents = operands[0], site.shapes
    order = first.free_axes + first.sum_axes
    moved = [extents[first.tensor][axis] for axis in order]
    rows = np.stack([_spread(site, int(totals[row % len(totals)])) for row in range(free_extent(site, 0))])
    array = np.transpose(rows.reshape(moved), np.argsort(order))
    ones = {o.tensor: np.full(extents[o.tensor], one(site.kind(o.tensor)), np.int64) for o in operands[1:]}
    return {first.tensor: np.ascontiguousarray(array)} | ones


def _spread(site: Site, total: int) -> Array:
    """`total` as a sum over the terms of the first operand."""
    kind, terms = site.kind(site.anatomy.operands[0].tensor), site.terms
    row = np.zeros(terms, np.int64)
    left = total
    for term in site.rng.permutation(terms):
        row[term] = min(max(left, kind.low), kind.high)
        left -= int(row[term])
    if terms > 1:
        a, b = site.rng.choice(terms, 2, replace=False)
        room = min(int(kind.high - row[a]), int(row[b] - kind.low))
        amount = int(site.rng.integers(0, room + 1)) if room > 0 else 0
        row[a] += amount
        row[b] -= amount
    return row


@dataclass(frozen=True, slots=True)
class Rounded:
    """What a `round` node saw, element by element: the exact value before it, and the shift."""

    value: Array
    shift: Array

    @property
    def fraction(self) -> Array:
        """The bits that rounding drops, as an integer in 0..2**shift - 1."""
        return np.asarray(self.value & ((np.int64(1) << self.shift) - 1))

    @property
    def ties(self) -> Array:
        """True where exactly half is dropped."""
        return np.asarray((self.shift > 0) & (self.fraction == self._half))

    @property
    def twice(self) -> Array:
        """True where rounding half up in two steps gives another result than in one, for at least one place between."""
        found = np.zeros(self.value.shape, bool)
        for kept in range(1, 8):
            first = np.maximum(self.shift - kept, 0)
            step = _half_up(_half_up(self.value, first), self.shift - first)
            found |= (self.shift > kept) & (step != _half_up(self.value, self.shift))
        return found

    @property
    def _half(self) -> Array:
        return np.asarray((np.int64(1) << self.shift) >> 1)


def _half_up(value: Array, shift: Array) -> Array:
    return np.asarray((value + ((np.int64(1) << shift) >> 1)) >> shift)


def rounded(contract: Contract, values: OperationValues) -> Rounded | None:
    """What the operation's first `round` saw; None when it stands inside a sum, where no element has one value."""
    operation = contract.operations[values.kind_index]
    site = Site(contract, values.kind_index, values.variables, np.random.Generator(np.random.Philox(0)))
    for place in site.anatomy.rounds[:1]:
        value = probed(contract, operation, values, place, place.node.args[0])
        shift = probed(contract, operation, values, place, place.node.args[1])
        if value is not None and shift is not None:
            return Rounded(value, shift)
    return None


def unclipped(contract: Contract, values: OperationValues) -> Array | None:
    """What the operation's last `clip` saw; None when it stands inside a sum."""
    operation = contract.operations[values.kind_index]
    site = Site(contract, values.kind_index, values.variables, np.random.Generator(np.random.Philox(0)))
    for place in site.anatomy.clips[-1:]:
        return probed(contract, operation, values, place, place.node.args[0])
    return None


def probed(contract: Contract, operation: Operation, values: OperationValues, place: Place, node: Node) -> Array | None:
    """The values of one node of a math line over the line's target, or None when it has none there."""
    probe = _probe(operation, place.assignment, place.line, node)
    try:
        tensors: Mapping[str, Array] = evaluate(contract, probe, values.variables, _inputs(probe, values))
    except ExprError:
        return None
    return np.asarray(tensors[place.assignment.target], np.int64)


def _inputs(operation: Operation, values: OperationValues) -> dict[str, Array]:
    return {name: values.inputs[name] for name in input_tensors(operation)}


def _probe(operation: Operation, line: Assignment, number: int, node: Node) -> Operation:
    """The operation up to math line `number`, which assigns only `node`, to a tensor wide enough for it.

    Tensors of later lines go, for what no line assigns would be an input.
    """
    text = operation.math[number]
    source = text.value[node.offset : node.offset + node.length]
    target = operation.tensors[line.target]
    changed = Text(f"{line.target}[{','.join(line.indices)}] = {source}", text.span)
    kept_lines = {parse_math(text.value).target for text in operation.math[:number]} | {line.target}
    gone = set(output_tensors(operation)) - kept_lines
    tensors = {name: kind for name, kind in operation.tensors.items() if name not in gone}
    tensors[line.target] = replace(WIDE, shape=target.shape)
    kept = {name: policy for name, policy in operation.overflow.items() if name != line.target}
    return replace(operation, math=(*operation.math[:number], changed), tensors=tensors, overflow=kept)
