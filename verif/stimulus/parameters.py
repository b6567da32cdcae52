"""Fills the inputs that are no operands: multipliers and shifts together as a scale m / 2**j, and all the others."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from verif.contract.model import TensorType
from verif.stimulus import data
from verif.stimulus.anatomy import factors
from verif.stimulus.site import Site, Slot
from verif.stimulus.values import Tensors

Scale = tuple[int, int]  # (m, j): the rounded value is sum * m / 2**j
EXTREME = 0.08  # chance that a scale is replaced by the limits of its inputs
UNIT: Scale = (1, 0)


def random_parameters(site: Site, operands: Tensors) -> dict[str, data.Array | int]:
    """Scales that spread results over the output range, beyond it, and near zero; other inputs corner-biased."""
    low, high = site.output_limits()
    typical = (high - low) / 2 / site.typical_sum(operands)
    shift, multiplier = _shift(site), _slot(site, site.anatomy.multipliers)

    def choose() -> Scale:
        return _random_scale(site.rng, typical * 2 ** site.rng.uniform(-2.5, 1.5), multiplier, shift)

    return _others(site, site.typical_sum(operands)) | scaled(site, choose)


def fixed_parameters(site: Site, *scales: Scale) -> dict[str, data.Array | int]:
    """Scales drawn from `scales`, and every other input neutral (zero, or the legal value nearest to it).

    What chooses elements of another tensor is random: all zeros would mean the same element everywhere.
    """
    neutral: dict[str, data.Array | int] = {slot.name: _filled(slot, 0) for slot in site.slots()}
    for name in sorted(neutral.keys() & site.anatomy.choosers):  # a set has no order of its own
        neutral[name] = data.uniform(site.kind(name), site.shapes[name], site.rng)
    return neutral | scaled(site, lambda: scales[int(site.rng.integers(len(scales)))])


def scaled(site: Site, choose: Callable[[], Scale]) -> dict[str, data.Array | int]:
    """Multipliers and shifts that realise one chosen scale per element; empty when the operation has neither."""
    multiplier, shift = _slot(site, site.anatomy.multipliers), _shift(site)
    drawn = [slot for slot in (multiplier, shift) if slot is not None and slot.name]
    if not drawn:
        return {}
    paired = len({slot.shape for slot in drawn}) == 1
    count = int(np.prod(drawn[0].shape, dtype=np.int64)) if paired else 1
    pairs = np.array([_realised(choose(), multiplier, shift, site.rng) for _ in range(count)], dtype=np.int64)
    filled: dict[str, data.Array | int] = {}
    for slot, column in ((multiplier, 0), (shift, 1)):
        if slot in drawn and slot is not None:
            filled[slot.name] = pairs[:, column].reshape(slot.shape) if paired else np.full(slot.shape, pairs[0, column])
    return filled


def legal_scale(site: Site, scale: Scale) -> bool:
    """Whether the operation's own multiplier and shift can realise exactly this scale."""
    return bool(_exponents(scale, _slot(site, site.anatomy.multipliers), _shift(site)))


def constant_scale(site: Site) -> Scale | None:
    """The scale that the math itself fixes: a constant factor of what is rounded, or else clipped, and its shift."""
    if site.anatomy.parameters:
        return None
    places = site.anatomy.rounds[:1] or site.anatomy.clips[-1:]
    found = [site.constant(factor) for place in places for factor in factors(place.node.args[0])]
    m, shift = next((value for value in found if value and value > 0), 1), _shift(site)
    j = shift.low if shift else 0
    while m % 2 == 0 and j > 0:
        m, j = m // 2, j - 1
    return (m, j) if m % 2 else None


def _slot(site: Site, names: tuple[str, ...]) -> Slot | None:
    return next((slot for slot in site.slots() if slot.name in names[:1]), None)


def _shift(site: Site) -> Slot | None:
    """What shifts the rounded value; a slot without a name when that is a constant."""
    if found := _slot(site, site.anatomy.shifts):
        return found
    for place in site.anatomy.rounds[:1]:
        if not site.anatomy.shifts:
            constant = site.constant(place.node.args[1])
            return None if constant is None else Slot("", (), constant, constant)
    return None


def _filled(slot: Slot, value: int) -> data.Array | int:
    cut = min(max(value, slot.low), slot.high)
    return np.full(slot.shape, cut, np.int64) if slot.shape else cut


def _exponents(scale: Scale, multiplier: Slot | None, shift: Slot | None) -> list[int]:
    """Every t for which m * 2**t and j + t are legal."""
    m, j = scale
    if multiplier is None:
        return [0] if m == 1 and (shift is None or shift.low <= j <= shift.high) else []
    span = range(shift.low - j, shift.high - j + 1) if shift else range(j, j + 1)
    return [t for t in span if 0 <= t <= 62 and multiplier.low <= m << t <= multiplier.high]  # noqa: PLR2004  fits int64


def _realised(scale: Scale, multiplier: Slot | None, shift: Slot | None, rng: np.random.Generator) -> Scale:
    legal = _exponents(scale, multiplier, shift)
    t = int(rng.choice(legal)) if legal else 0
    m, j = scale[0] << t, scale[1] + t
    if multiplier is not None:
        m = min(max(m, multiplier.low), multiplier.high)
    if shift is not None:
        j = min(max(j, shift.low), shift.high)
    return m, j


def _random_scale(rng: np.random.Generator, ratio: float, multiplier: Slot | None, shift: Slot | None) -> Scale:
    if rng.random() < EXTREME:
        m = int(rng.choice([multiplier.low, multiplier.high])) if multiplier else 1
        return m, int(rng.choice([shift.low, shift.high])) if shift else 0
    if multiplier is None:
        return 1, round(-np.log2(ratio))
    low = max(shift.low if shift else 0, int(np.ceil(-np.log2(ratio))))
    high = min(shift.high if shift else 0, int(np.floor(np.log2(max(1, multiplier.high) / ratio))), 62)
    j = int(rng.integers(low, high + 1)) if low <= high else (shift.low if shift else 0)
    return min(max(round(ratio * 2.0**j), multiplier.low), multiplier.high), j


def _others(site: Site, typical_sum: float) -> dict[str, data.Array | int]:
    """Corner-biased values for every slot; beside sums, wide ones stay near the size of what they are added to."""
    reach = int(4 * typical_sum) if site.anatomy.operands else 1 << 64
    return {slot.name: _corners(slot, reach, site.rng) for slot in site.slots()}


def _corners(slot: Slot, reach: int, rng: np.random.Generator) -> data.Array | int:
    """Values in -reach..reach as far as that leaves any; a number for a variable."""
    low, high = max(slot.low, -reach), min(slot.high, reach)
    if low > high:
        low, high = slot.low, slot.high
    bits = max(low.bit_length(), high.bit_length(), 1)
    drawn = data.corners(TensorType(signed=low < 0, bits=bits, shape=(), low=low, high=high), slot.shape, rng)
    return drawn if slot.shape else int(drawn)
