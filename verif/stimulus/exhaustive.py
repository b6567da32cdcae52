"""Families that try everything: every pair of operand values, every input of a table, every pattern of a nibble."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np

from verif.contract.model import TensorType
from verif.contract.nodes import Node, walk
from verif.stimulus import data
from verif.stimulus.anatomy import Operand
from verif.stimulus.bench import Bench, directed_operation
from verif.stimulus.function import MEDIUM
from verif.stimulus.numerics import product_scales
from verif.stimulus.parameters import UNIT, random_parameters
from verif.stimulus.site import Site
from verif.stimulus.solve import covering, free_extent, steerable, steered
from verif.stimulus.values import JobValues, OperationValues

WHOLE_BITS = 8  # operands up to here meet in every pair of values
NIBBLE = 4
BUDGET = 5000  # beats of one operation: large ones, so that few do
NIBBLES = (0x8, 0xF, 0x7, 0x0, 0x1, 0xE, 0x5, 0xA, 0x9, 0x6, 0xC, 0x3, 0xB, 0x4, 0xD, 0x2)


def products(bench: Bench) -> JobValues:
    """NUM-02: every pair of operand values as a product, of as many terms and results at once as the contract allows.

    Where the operands' indices say nothing of which elements meet, one operand is constant and takes only the values at the
    limits, their neighbours and powers of two. Operands wider than 8 bits always take 256 such and random values.
    """
    made: list[OperationValues] = []
    for kind in bench.having(lambda a: len(a.operands) > 1):
        site = bench.largest(kind, BUDGET)
        made += [directed_operation(site, operands, product_scales(site)[-1]) for operands in _pairs(site)]
    return bench.job(made)


def _pairs(site: Site) -> Iterator[dict[str, data.Array]]:
    first, second = site.anatomy.operands[:2]
    if _alike(first.indices, second.indices):
        yield from _joint(site, first, second)
    elif first.free_axes and second.free_axes and _plain(site, first) == _plain(site, second) > 0:
        yield from _crossed(site, first, second)
    else:
        yield from _constant(site, first, second)


def _alike(one: tuple[Node, ...], other: tuple[Node, ...]) -> bool:
    """Whether both write the same indices."""
    texts = [[(node.op, node.name, node.value) for top in nodes for node in walk(top)] for nodes in (one, other)]
    return texts[0] == texts[1]


def _plain(site: Site, operand: Operand) -> int:
    """Terms of its sum when every index is a name by itself, else 0."""
    shape = site.shapes[operand.tensor]
    named = all(node.op == "name" for node in operand.indices)
    return int(np.prod([shape[axis] for axis in operand.sum_axes], dtype=np.int64)) if named and operand.sum_axes else 0


def _values(kind: TensorType, rng: np.random.Generator) -> data.Array:
    low, high = data.limits(kind)
    if high - low < 1 << WHOLE_BITS:
        return np.arange(low, high + 1, dtype=np.int64)
    drawn = np.concatenate([_ends(kind), data.corners(kind, (1 << WHOLE_BITS,), rng)])
    return np.unique(drawn)[: 1 << WHOLE_BITS]


def _ends(kind: TensorType) -> data.Array:
    """Limits, their neighbours, and powers of two of either sign."""
    powers = np.left_shift(np.int64(1), np.arange(min(kind.bits, 62)))
    return np.unique(np.concatenate([data.special_values(kind), data.clip(kind, powers), data.clip(kind, -powers)]))


def _joint(site: Site, first: Operand, second: Operand) -> Iterator[dict[str, data.Array]]:
    """Both have the same indices: element by element."""
    a, b = (_values(site.kind(one.tensor), site.rng) for one in (first, second))
    shape = site.shapes[first.tensor]
    size = int(np.prod(shape, dtype=np.int64))
    for start in range(0, len(a) * len(b), size):
        place = (start + np.arange(size)) % (len(a) * len(b))
        yield {first.tensor: a[place // len(b)].reshape(shape), second.tensor: b[place % len(b)].reshape(shape)}


def _crossed(site: Site, first: Operand, second: Operand) -> Iterator[dict[str, data.Array]]:
    """All free elements of one meet all of the other, in every term: a block of values each."""
    pair = (first, second)
    values = [_values(site.kind(one.tensor), site.rng) for one in pair]
    free = [free_extent(site, number) for number in (0, 1)]
    blocks = list(product(*(range(0, len(values[i]), free[i]) for i in (0, 1))))
    terms = _plain(site, first)
    for start in range(0, len(blocks), terms):
        chosen = [blocks[(start + term) % len(blocks)] for term in range(terms)]
        yield {
            one.tensor: _arranged(
                site, one, np.stack([np.take(values[i], c[i] + np.arange(free[i]), mode="wrap") for c in chosen])
            )
            for i, one in enumerate(pair)
        }


def _arranged(site: Site, operand: Operand, rows: data.Array) -> data.Array:
    """Values by term and free element, in the operand's shape."""
    order, extents = operand.sum_axes + operand.free_axes, site.shapes[operand.tensor]
    return np.ascontiguousarray(np.transpose(rows.reshape([extents[axis] for axis in order]), np.argsort(order)))


def _constant(site: Site, first: Operand, second: Operand) -> Iterator[dict[str, data.Array]]:
    """One operand holds one value everywhere, the other all of its values; never one that data choose elements of."""
    chosen = any(node.op == "index" for top in first.indices for node in walk(top))
    varied, constant = (second, first) if chosen else (first, second)
    values, shape = _values(site.kind(varied.tensor), site.rng), site.shapes[varied.tensor]
    size = int(np.prod(shape, dtype=np.int64))
    for value in _ends(site.kind(constant.tensor)):
        for start in range(0, len(values), size):
            yield {
                varied.tensor: np.take(values, start + np.arange(size), mode="wrap").reshape(shape),
                constant.tensor: np.full(site.shapes[constant.tensor], value, np.int64),
            }


def table_inputs(bench: Bench) -> JobValues:
    """FUN-16: every input of a lookup: of up to 16 bits all, of more 65 536; a table that is loaded holds random entries."""
    made: list[OperationValues] = []
    for kind in bench.having(lambda a: a.lookups):
        site = bench.largest(kind, BUDGET)
        targets = _inputs(site)
        made += [_looked_up(site, steered(site, totals) or {}) for totals in covering(site, targets.tolist(), least=1)]
    return bench.job(made)


def _inputs(site: Site) -> data.Array:
    """What the looked-up value can be chosen to be: the operand itself, or its sum over the range of 8 bits."""
    if not steerable(site) or site.anatomy.operands[0].sum_axes:
        return np.arange(-(1 << 7), 1 << 8)
    low, high = data.limits(site.kind(site.anatomy.operands[0].tensor))
    if high - low < 1 << 16:
        return np.arange(low, high + 1)
    return site.rng.integers(low, high, 1 << 16, np.int64, endpoint=True)


def _looked_up(site: Site, operands: dict[str, data.Array]) -> OperationValues:
    values = site.operand_values(operands)
    loaded = {place.node.name for place in site.anatomy.lookups} & {slot.name for slot in site.slots()}
    entries = {name: data.uniform(site.kind(name), site.shapes[name], site.rng) for name in loaded}
    return site.filled({**values, **random_parameters(site, values), **entries})


def nibbles(bench: Bench) -> JobValues:
    """NUM-12: patterns of 4-bit operands whose neighbours differ in sign and size, beside operands that name their place."""
    made: list[OperationValues] = []
    for kind in bench.kinds:
        for number in range(4):
            site = bench.unequal(kind, MEDIUM)
            names = [operand.tensor for operand in site.anatomy.operands]
            narrow = {name for name in names if site.kind(name).bits <= NIBBLE}
            if not narrow:
                break
            operands = {
                name: _nibbles(site.kind(name), site.shapes[name], number)
                if name in narrow
                else data.coded(site.kind(name), site.shapes[name], number)
                for name in names
            }
            made += [directed_operation(site, operands, scale) for scale in dict.fromkeys((UNIT, product_scales(site)[-1]))]
    return bench.job(made)


def _nibbles(kind: TensorType, shape: data.Shape, start: int) -> data.Array:
    place = np.arange(int(np.prod(shape, dtype=np.int64)))
    place += place // len(NIBBLES)  # so that every pattern comes into every lane
    patterns = np.take(np.array(NIBBLES, np.int64), 4 * start + place, mode="wrap") & ((1 << kind.bits) - 1)
    signed = np.where(patterns >> (kind.bits - 1), patterns - (1 << kind.bits), patterns) if kind.signed else patterns
    return data.clip(kind, signed).reshape(shape)
