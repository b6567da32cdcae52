"""Families of the floating-point rows: results that lie exactly between two numbers of the format, or just beside."""

from __future__ import annotations

import numpy as np

from verif.contract.floats import FORMATS, Format
from verif.contract.model import TensorType
from verif.stimulus import data
from verif.stimulus.bench import Bench, random_operation
from verif.stimulus.function import MEDIUM
from verif.stimulus.site import Site
from verif.stimulus.values import JobValues, OperationValues

ROUNDS = 6
EXACT = (1.0, -1.0, 0.5, 1.5, -1.5, 3.0)
"""Factors with at most two significant bits: a product of them has at most one bit too many, and then it is a tie."""


def rounding_ties(bench: Bench) -> JobValues:
    """NUM-16: products and sums with one significant bit too many, and long inputs half-way between short results."""
    kinds = [k for k in bench.kinds if any(kind.form for kind in bench.contract.operations[k].tensors.values())]
    sites = [(bench.largest(kind, MEDIUM), number) for kind in kinds for number in range(ROUNDS)]
    return bench.job([_tied(site, number) for site, number in sites])


def _tied(site: Site, number: int) -> OperationValues:
    """Every second operand of few bits, all others of like size; inputs longer than a result end in half of its last bit."""
    values = random_operation(site)
    inputs, forms = dict(values.inputs), [kind.form for kind in site.operation.tensors.values() if kind.form]
    short = min((FORMATS[form] for form in forms), key=lambda form: form.fraction)
    for place, name in enumerate(name for name in inputs if site.kind(name).form):
        kind, shape = site.kind(name), inputs[name].shape
        if FORMATS[kind.form].fraction > short.fraction:
            inputs[name] = _halfway(kind, shape, site.rng, short)
        elif (place + number) % 2:
            inputs[name] = data.clip(kind, site.rng.choice([_pattern(FORMATS[kind.form], x) for x in EXACT], shape))
        else:
            inputs[name] = data.near_one(kind, shape, site.rng, number // 2)
    return OperationValues(values.kind_index, values.variables, inputs)


def _pattern(form: Format, value: float) -> int:
    """The pattern of a normal number that the format holds exactly."""
    mantissa, exponent = np.frexp(abs(value))
    fraction = int((2 * float(mantissa) - 1) * (1 << form.fraction))
    return (value < 0) << (form.bits - 1) | (int(exponent) - 1 + form.bias) << form.fraction | fraction


def _halfway(kind: TensorType, shape: data.Shape, rng: np.random.Generator, short: Format) -> data.Array:
    """Numbers that a format of fewer fraction bits has not: half of its last bit, and the pattern before and behind."""
    below = FORMATS[kind.form].fraction - short.fraction
    drawn = data.near_one(kind, shape, rng, data.REACH) & ~np.int64((1 << below) - 1)
    return data.clip(kind, drawn | ((1 << (below - 1)) + rng.integers(-1, 2, shape)))
