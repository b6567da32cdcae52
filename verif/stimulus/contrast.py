"""Family of contract discrimination: operations that near-miss readings of the contract answer differently.

Candidates come from the solved and random families under this job's generator. One is kept when it tells a variant apart
that none before it did, so the choice follows from contract and seed alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import numpy as np

from verif.stimulus import data, function, numerics
from verif.stimulus.bench import Bench, directed_operation, random_operation
from verif.stimulus.parameters import UNIT, Scale, legal_scale
from verif.stimulus.site import Site
from verif.stimulus.values import JobValues, OperationValues
from verif.variants.separate import Separator

CANDIDATES = 40
"""Operations looked at, at most; few of them are kept."""
_RANDOM = 4
_WIDE = range(32, 38)


def contrast(bench: Bench) -> JobValues:
    """FUN-33: of many candidates those that tell apart what no earlier one did; one of every kind in any case."""
    separator = Separator(bench.contract)
    kept: list[OperationValues] = []
    for values in islice(_candidates(bench), CANDIDATES):
        first = values.kind_index not in {one.kind_index for one in kept}
        if first or separator.left(values.kind_index):
            told = separator.take(values)
            kept += [values] if told or first else []
    return bench.job(kept)


def _candidates(bench: Bench) -> Iterator[OperationValues]:
    """Shapes that differ and loops that repeat, then what is solved for rounding and clipping, then the limits."""
    for kind in bench.kinds:
        yield random_operation(bench.unequal(kind, function.MEDIUM))
    for kind in bench.kinds:
        yield random_operation(bench.nested(kind, function.LARGE))
    for family in (numerics.ties, numerics.clip_bounds, function.activation_limits):
        yield from family(bench).operations
    for kind in bench.kinds:
        site = bench.deep(kind, function.MEDIUM, function.DEEPEST)
        yield from (made for made in (_wide(site), _limits(site)) if made)
        yield random_operation(bench.square(kind, function.MEDIUM))
        yield random_operation(bench.smallest(kind))
    for _ in range(_RANDOM):
        yield random_operation(bench.unequal(bench.any_kind(), function.SMALL))


def _wide(site: Site) -> OperationValues | None:
    """Shifts beyond 31, where roundings in two steps part from those in one, under sums as large as they get."""
    scales: list[Scale] = [(m, j) for j in _WIDE for m in (0xFFFF, 0x7FFF_FFFF) if legal_scale(site, (m, j))]
    operands = {operand.tensor: _positive(site, operand.tensor) for operand in site.anatomy.operands}
    return directed_operation(site, operands, *scales) if scales else None


def _positive(site: Site, tensor: str) -> data.Array:
    return site.rng.integers(0, data.limits(site.kind(tensor))[1], site.shapes[tensor], np.int64, endpoint=True)


def _limits(site: Site) -> OperationValues | None:
    """Operands at the limits of their types, so that whole rows add up to the largest sums of either sign."""
    if not site.anatomy.operands:
        return None
    first, *others = (operand.tensor for operand in site.anatomy.operands)
    ends = np.array(data.limits(site.kind(first)), np.int64)
    operands = {first: site.rng.choice(ends, site.shapes[first])}
    operands |= {name: np.full(site.shapes[name], data.limits(site.kind(name))[0], np.int64) for name in others}
    return directed_operation(site, operands, UNIT)
