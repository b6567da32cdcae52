"""Families of the numerics rows: limits multiplied, ties, double rounding, clip bounds. Solved; chance misses them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product

import numpy as np

from verif.stimulus import data
from verif.stimulus.bench import Bench, directed_operation, random_operation
from verif.stimulus.function import MEDIUM
from verif.stimulus.parameters import UNIT, Scale, constant_scale, legal_scale
from verif.stimulus.site import Site
from verif.stimulus.solve import covering, free_extent, residue, rounded, steered
from verif.stimulus.values import JobValues, OperationValues

TERMS = 8  # of a sum, so that a chosen total of several hundred can be reached
ATTEMPTS = 4
SCALES: tuple[Scale, ...] = tuple((m, j) for j in range(1, 9) for m in (1, 3, 5, 7, 11, 45, 93) if m < 1 << (j + 5))


def extreme_products(bench: Bench) -> JobValues:
    """NUM-01: every pair of {least, next, -1, 0, 1, greatest} as a product of its own, then summed over all terms."""
    made: list[OperationValues] = []
    for kind in bench.having(lambda a: len(a.operands) > 1):
        site = bench.unequal(kind, MEDIUM)
        for scale in product_scales(site):
            made += [directed_operation(site, operands, scale) for operands in _pairs(site)]
        made.append(directed_operation(site, _special(site), *product_scales(site)))
    return bench.job(made)


def product_scales(site: Site) -> tuple[Scale, ...]:
    """One, and the scale that brings the greatest product just inside the output range."""
    greatest = max(abs(site.kind(o.tensor).low) for o in site.anatomy.operands) ** 2
    limit = site.output_limits()[1]
    fitting = [(1, j) for j in range(40) if legal_scale(site, (1, j)) and greatest / 2**j < limit]
    return tuple(dict.fromkeys([UNIT, *fitting[:1]])) if site.anatomy.parameters else (UNIT,)


def _special(site: Site) -> dict[str, data.Array]:
    names = [operand.tensor for operand in site.anatomy.operands]
    return {name: site.rng.choice(data.special_values(site.kind(name)), site.shapes[name]) for name in names}


def _pairs(site: Site) -> list[dict[str, data.Array]]:
    """Operands that are zero except in one term, where every pair of special values meets; rotated until all have met."""
    pair = site.anatomy.operands[:2]
    if any(not operand.sum_axes or not operand.free_axes for operand in pair):
        return [_special(site) for _ in range(4)]
    extents = [free_extent(site, i) for i in (0, 1)]
    steps = [range(0, len(data.special_values(site.kind(o.tensor))), extents[i]) for i, o in enumerate(pair)]
    return [{o.tensor: _single_term(site, i, offsets[i]) for i, o in enumerate(pair)} for offsets in product(*steps)]


def _single_term(site: Site, number: int, offset: int) -> data.Array:
    operand = site.anatomy.operands[number]
    extents = site.shapes[operand.tensor]
    special = data.special_values(site.kind(operand.tensor))
    order = operand.free_axes + operand.sum_axes
    free = free_extent(site, number)
    rows = np.zeros((free, int(np.prod(extents, dtype=np.int64)) // free), np.int64)
    rows[:, 0] = special[(np.arange(free) + offset) % len(special)]
    return np.ascontiguousarray(np.transpose(rows.reshape([extents[axis] for axis in order]), np.argsort(order)))


def ties(bench: Bench) -> JobValues:
    """NUM-05: sums that land exactly half-way, on both sides of zero, above even and odd results."""
    return _solved(bench, lambda site, scale: _near_tie(site, scale, 0), lambda seen: seen.ties)


def double_rounding(bench: Bench) -> JobValues:
    """NUM-06: sums just below half-way, which round up when rounded twice and down when rounded once."""
    return _solved(bench, lambda site, scale: _near_tie(site, scale, -1), lambda seen: seen.twice)


def _near_tie(site: Site, scale: Scale, below: int) -> int:
    """A total whose scaled value is an odd number of halves plus `below` / 2**j, well inside the output range."""
    low, high = site.output_limits()
    _, j = scale
    whole = residue(scale, (1 << (j - 1)) + below)
    least, most = _quotients(site, scale, max(low, -1024) * 7 // 8, min(high, 1024) * 7 // 8)
    return whole + (int(site.rng.integers(least, most + 1)) << j)


def _quotients(site: Site, scale: Scale, low: int, high: int) -> tuple[int, int]:
    """Whole multiples of 2**j whose total keeps the result between low and high and can be reached by the sum."""
    m, j = scale
    kind, terms = site.kind(site.anatomy.operands[0].tensor), max(1, site.terms)
    least = max(low // m, -(-(kind.low * terms) // (1 << j)))
    most = min(high // m, (kind.high * terms >> j) - 1)
    return (least, most) if least <= most else (0, 0)


def _solved(bench: Bench, total: Callable[[Site, Scale], int], hits: Callable[..., data.Array]) -> JobValues:
    made: list[OperationValues] = []
    for kind in bench.having(lambda a: a.rounds):
        for _ in range(3):
            tries = [_attempt(bench, kind, total) for _ in range(ATTEMPTS)]
            made.append(max(tries, key=lambda values: _count(bench, values, hits)))
    return bench.job(made)


def _count(bench: Bench, values: OperationValues, hits: Callable[..., data.Array]) -> int:
    seen = rounded(bench.contract, values)
    return int(hits(seen).sum()) if seen else 0


def _attempt(bench: Bench, kind: int, total: Callable[[Site, Scale], int]) -> OperationValues:
    site = bench.deep(kind, MEDIUM, TERMS)
    if not site.anatomy.operands:
        return random_operation(site)
    scales = _chosen_scales(site)
    totals = [total(site, scales[int(site.rng.integers(len(scales)))]) for _ in range(free_extent(site, 0))]
    return directed_operation(site, steered(site, np.array(totals, np.int64)) or _small(site), *scales)


def _chosen_scales(site: Site) -> Sequence[Scale]:
    """Up to three scales that the operation can realise and whose ties its sums can reach."""
    reach = site.kind(site.anatomy.operands[0].tensor).high * max(1, site.terms)
    if (fixed := constant_scale(site)) and fixed[1]:
        return (fixed,)
    legal = [scale for scale in SCALES if legal_scale(site, scale) and 1 << scale[1] <= reach]
    if not legal:
        return ((1, 1),)
    picks = site.rng.permutation(len(legal))[:3]
    return tuple(legal[int(pick)] for pick in picks)


def _small(site: Site) -> dict[str, data.Array]:
    names = [operand.tensor for operand in site.anatomy.operands]
    return {name: data.small(site.kind(name), site.shapes[name], site.rng, 6) for name in names}


def clip_bounds(bench: Bench) -> JobValues:
    """NUM-10: results just outside, on and just inside either bound of the clip, before it acts."""
    made: list[OperationValues] = []
    for kind in bench.having(lambda a: a.clips):
        site = bench.deep(kind, MEDIUM, TERMS)
        low, high = site.output_limits()
        plain = next((s for s in ((1, j) for j in range(40)) if legal_scale(site, s)), UNIT)
        scale = constant_scale(site) or plain
        wanted = covering(site, [low - 1, low, low + 1, high - 1, high, high + 1], least=2)
        solved = [steered(site, -(-(totals << scale[1]) // scale[0])) for totals in wanted]
        made += [directed_operation(site, operands or _small(site), scale) for operands in solved]
    return bench.job(made)
