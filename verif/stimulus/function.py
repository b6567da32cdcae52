"""Families of the function rows: smoke, patterns that locate a lane, coordinates, random shapes, sequences of operations."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from verif.contract.nodes import walk
from verif.stimulus import data
from verif.stimulus.bench import Bench, directed_operation, random_operation
from verif.stimulus.parameters import UNIT, legal_scale, random_parameters
from verif.stimulus.site import Site, Slot
from verif.stimulus.solve import covering, steered
from verif.stimulus.values import JobValues, OperationValues, Stalls

SMALL, MEDIUM, LARGE = 60, 150, 420  # beats of one operation
DEEPEST = 1 << 62  # terms of a sum: as many as there can be


def smoke(bench: Bench) -> JobValues:
    """FUN-01: the smallest legal operation of every kind, once."""
    return bench.job([random_operation(bench.smallest(kind)) for kind in bench.kinds])


def patterns(bench: Bench) -> JobValues:
    """FUN-02: identity, one-hot and walking one, on either operand, scaled by one so that a wrong lane shows its number."""
    kinds = bench.having(lambda a: len(a.operands) > 1)
    made = [_pattern(bench.unequal(kind, MEDIUM), number) for kind in kinds for number in range(4)]
    return bench.job(made)


def _pattern(site: Site, number: int) -> OperationValues:
    names = [operand.tensor for operand in site.anatomy.operands]
    first, second = names[0], names[1]
    shape, kinds = site.shapes, {name: site.kind(name) for name in names}
    walking = data.walking_one(kinds[first], shape[first])
    operands = (
        {second: data.identity(kinds[second], shape[second]), first: data.uniform(kinds[first], shape[first], site.rng)},
        {first: data.identity(kinds[first], shape[first]), second: data.uniform(kinds[second], shape[second], site.rng)},
        {first: data.one_hot(kinds[first], shape[first], site.rng), second: data.coded(kinds[second], shape[second], 1)},
        {first: walking, second: data.identity(kinds[second], shape[second])},
    )[number]
    return directed_operation(site, operands, UNIT)


def coordinates(bench: Bench) -> JobValues:
    """FUN-03: every element's value names its place, in shapes whose dimensions differ."""
    made = []
    for kind in bench.having(lambda a: len(a.operands) > 1):
        for through in (True, False):
            site = bench.unequal(kind, MEDIUM)
            names = [operand.tensor for operand in site.anatomy.operands]
            operands = {n: data.coded(site.kind(n), site.shapes[n], code) for code, n in enumerate(names)}
            if through:  # the first operand's coordinates appear in the result as they are
                operands[names[1]] = data.identity(site.kind(names[1]), site.shapes[names[1]])
            made.append(directed_operation(site, operands, UNIT) if through else _spread(site, operands))
    return bench.job(made)


def _spread(site: Site, operands: dict[str, data.Array]) -> OperationValues:
    """Coded operands with a scale that keeps most results inside the output range."""
    low, high = site.output_limits()
    typical = site.typical_sum(operands)
    fitting = [(1, j) for j in range(40) if legal_scale(site, (1, j)) and typical / 2**j <= (high - low) / 4]
    return directed_operation(site, operands, *(fitting[:2] or [UNIT]))


def random_shapes(bench: Bench) -> JobValues:
    """FUN-04: random shapes and corner-biased data, small and large operations mixed, the longest sums among them."""
    first, second, third, fourth = (bench.any_kind() for _ in range(4))
    sites = (
        bench.unequal(first, LARGE),
        bench.sampled(second, MEDIUM),
        bench.deep(third, LARGE, DEEPEST),
        bench.sampled(fourth, SMALL),
    )
    return bench.job([random_operation(site, Stalls(percent=10), Stalls(percent=10)) for site in sites])


def activation_limits(bench: Bench) -> JobValues:
    """FUN-15: values before the activation at its corner (-1, 0, 1) and at the output's limits and just beyond."""
    made = []
    for kind in bench.having(lambda a: a.relus):
        site = bench.deep(kind, MEDIUM, 4)
        low, high = site.output_limits()
        targets = [-1, 0, 1, low - 1, low, high, high + 1, -high]
        solved = [steered(site, totals) for totals in covering(site, targets, least=1)]
        made += [directed_operation(site, operands or {}, UNIT) for operands in solved]
        made.append(random_operation(bench.sampled(kind, SMALL)))
    return bench.job(made)


def sequence(bench: Bench) -> JobValues:
    """FUN-20: operations of different shapes and scales back to back, gap 0."""
    made: list[OperationValues] = []
    for _ in range(8):
        site = bench.sampled(bench.any_kind(), SMALL)
        for _again in range(3):
            if not made or dict(site.variables) != dict(made[-1].variables):
                break
            site = bench.sampled(bench.any_kind(), SMALL)
        made.append(random_operation(site))
    return bench.job(made)


def padding_value(bench: Bench) -> JobValues:
    """FUN-09: what stands outside a tensor takes the limits of its range and values between, never zero if it may."""
    made: list[OperationValues] = []
    for kind in bench.having(lambda a: a.paddings):
        for number in range(4):
            site = bench.unequal(kind, MEDIUM)
            names = {node.name for place in site.anatomy.paddings for node in walk(place.node.args[1])}
            padding = {slot.name: _filling(site, slot, number) for slot in site.slots() if slot.name in names}
            operands = site.operand_values({})
            made.append(site.filled({**operands, **random_parameters(site, operands), **padding}))
    return bench.job(made)


def _filling(site: Site, slot: Slot, number: int) -> data.Array | int:
    inner = [int(value) or slot.high for value in site.rng.integers(slot.low, slot.high, 2, np.int64, endpoint=True)]
    value = (slot.low, slot.high, *inner)[number] or slot.high
    return np.full(slot.shape, value, np.int64) if slot.shape else value


def shortest(bench: Bench) -> JobValues:
    """FUN-31: the shortest legal operation twelve times, full rate, no stalls."""
    return bench.job([random_operation(bench.smallest(kind)) for kind in bench.kinds for _ in range(12)])


def quiet_windows(bench: Bench) -> JobValues:
    """FUN-32: after every operation nothing may happen for 200 cycles."""
    sites = [bench.smallest(kind) for kind in bench.kinds] + [bench.sampled(bench.any_kind(), SMALL) for _ in range(2)]
    made = [replace(random_operation(site), wait_previous=i > 0, quiet=200) for i, site in enumerate(sites)]
    return bench.job(made, quiet=400)
