"""Rounding and requantisation: hand-made tie tables, published formulas re-derived in fractions, and saturation."""

from collections.abc import Callable
from fractions import Fraction
from math import ceil, floor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from verif.contract.rounding import ALIASES, MODES, canonical
from verif.golden.quantize import (
    apply_scale_32,
    mbqm_double,
    mbqm_int16,
    mbqm_single,
    rdbpot,
    saturate,
    shift_right,
    srdhm,
)  # fmt: skip

# quarters -6/4 .. 6/4, that is -1.5 -1.25 -1 -0.75 -0.5 -0.25 0 0.25 0.5 0.75 1 1.25 1.5
TIES = {
    "floor":          [-2, -2, -1, -1, -1, -1, 0, 0, 0, 0, 1, 1, 1],
    "ceil":           [-1, -1, -1, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2],
    "pos_inf":        [-1, -1, -1, -1, 0, 0, 0, 0, 1, 1, 1, 1, 2],
    "neg_inf":        [-2, -1, -1, -1, -1, 0, 0, 0, 0, 1, 1, 1, 1],
    "symmetric_inf":  [-2, -1, -1, -1, -1, 0, 0, 0, 1, 1, 1, 1, 2],
    "symmetric_zero": [-1, -1, -1, -1, 0, 0, 0, 0, 0, 1, 1, 1, 1],
    "conv_even":      [-2, -1, -1, -1, 0, 0, 0, 0, 0, 1, 1, 1, 2],
    "conv_odd":       [-1, -1, -1, -1, -1, 0, 0, 0, 1, 1, 1, 1, 1],
    "truncate":       [-1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1],
    "tflite_single":  [-1, -1, -1, -1, 0, 0, 0, 0, 1, 1, 1, 1, 2],
    "tflite_double":  [-1, -1, -1, -1, 0, 0, 0, 0, 1, 1, 1, 1, 2],  # one rounding only: the shift is below 31
    "tosa_double":    [-1, -1, -1, -1, 0, 0, 0, 0, 1, 1, 1, 1, 2],
}  # fmt: skip


def nearest(value: Fraction, tie: Callable[[int], int]) -> int:
    low = floor(value)
    return tie(low) if value - low == Fraction(1, 2) else floor(value + Fraction(1, 2))


SLOW: dict[str, Callable[[Fraction], int]] = {
    "floor": floor,
    "ceil": ceil,
    "pos_inf": lambda v: nearest(v, lambda low: low + 1),
    "neg_inf": lambda v: nearest(v, lambda low: low),
    "symmetric_inf": lambda v: nearest(v, lambda low: low + 1 if v > 0 else low),
    "symmetric_zero": lambda v: nearest(v, lambda low: low if v > 0 else low + 1),
    "conv_even": round,
    "conv_odd": lambda v: nearest(v, lambda low: low if low % 2 else low + 1),
    "truncate": int,
}


@pytest.mark.parametrize("mode", MODES)
def test_ties(mode: str) -> None:
    assert shift_right(np.arange(-6, 7), 2, mode).tolist() == TIES[mode]
    assert shift_right([-3, 0, 3], 0, mode).tolist() == [-3, 0, 3]


@pytest.mark.parametrize("mode", sorted(set(MODES) - {"tflite_double", "tosa_double"}))
def test_ties_beyond_64_bits(mode: str) -> None:
    assert shift_right(np.arange(-6, 7).astype(object) << 200, 202, mode).tolist() == TIES[mode]


def test_aliases_and_names() -> None:
    for alias, name in ALIASES.items():
        assert canonical(alias) == name
        assert shift_right(np.arange(-6, 7), 2, alias).tolist() == TIES[name]
    assert set(TIES) == set(MODES)
    with pytest.raises(KeyError):
        shift_right(1, 1, "inexact")
    with pytest.raises(ValueError, match="never negative"):
        shift_right(1, -1, "floor")


@given(st.sampled_from(sorted(SLOW)), st.lists(st.integers(-(1 << 90), 1 << 90) | st.integers(-40, 40)), st.integers(0, 100))
@settings(max_examples=300, deadline=None)
def test_modes_against_fractions(mode: str, values: list[int], shift: int) -> None:
    found = shift_right(np.array(values, dtype=object), shift, mode).tolist()
    assert found == [SLOW[mode](Fraction(value, 1 << shift)) for value in values]


@given(st.sampled_from(sorted(SLOW)), st.lists(st.tuples(st.integers(-(1 << 60), 1 << 60), st.integers(0, 62)), min_size=1))
@settings(max_examples=200, deadline=None)
def test_one_shift_per_element(mode: str, pairs: list[tuple[int, int]]) -> None:
    found = shift_right([value for value, _ in pairs], [shift for _, shift in pairs], mode).tolist()
    assert found == [SLOW[mode](Fraction(value, 1 << shift)) for value, shift in pairs]


def test_srdhm_ties_go_up_and_only_the_corner_saturates() -> None:
    half = 1 << 30
    assert srdhm([1, -1, 3, -3], half).tolist() == [1, 0, 2, -1]  # 0.5, -0.5, 1.5, -1.5
    assert srdhm(-(1 << 31), -(1 << 31)).tolist() == (1 << 31) - 1
    assert srdhm(-(1 << 31), (1 << 31) - 1).tolist() == -((1 << 31) - 1)


def test_rdbpot_ties_go_away_from_zero() -> None:
    assert rdbpot([1, -1, 3, -3, 2, -2], 1).tolist() == [1, -1, 2, -2, 1, -1]


int32 = st.integers(-(1 << 31), (1 << 31) - 1)
multipliers = st.integers(1 << 30, (1 << 31) - 1)


def slow_double(x: int, m: int, shift: int) -> int:
    left = x << max(shift, 0)
    left = (left + (1 << 31)) % (1 << 32) - (1 << 31)
    high = nearest(Fraction(left * m, 1 << 31), lambda low: low + 1)
    value = Fraction(min(high, (1 << 31) - 1), 1 << max(-shift, 0))
    return nearest(value, lambda low: low + 1 if value > 0 else low)


@given(int32, multipliers, st.integers(-31, 8))
@settings(max_examples=300, deadline=None)
def test_mbqm_double_against_fractions(x: int, m: int, shift: int) -> None:
    assert int(mbqm_double(x, m, shift)) == slow_double(x, m, shift)
    if shift <= 0:
        assert int(shift_right(x * m, 31 - shift, "tflite_double")) == slow_double(x, m, shift)


@given(int32, multipliers, st.integers(-31, 30))
@settings(max_examples=200, deadline=None)
def test_mbqm_single_against_its_formula(x: int, m: int, shift: int) -> None:
    assert int(mbqm_single(x, m, shift)) == (x * m + (1 << (30 - shift))) >> (31 - shift)


def test_double_and_single_differ_where_they_should() -> None:
    # x*m / 2**31 = 1.25, which single rounding halves to 0.625 -> 1 and double rounding makes 1 -> 0.5 -> 1; and -0.5:
    assert int(mbqm_double(-1, 1 << 30, 0)) == int(mbqm_single(-1, 1 << 30, 0)) == 0
    assert (int(mbqm_double(-2, 1 << 30, -1)), int(mbqm_single(-2, 1 << 30, -1))) == (-1, 0)  # -1 then a tie away from zero
    assert (int(mbqm_double(5, 1 << 30, -2)), int(mbqm_single(5, 1 << 30, -2))) == (1, 1)
    assert (int(mbqm_double(3, 1 << 30, -2)), int(mbqm_single(3, 1 << 30, -2))) == (
        1,
        0,
    )  # 1.5 -> 2, then 0.5 -> 1; 0.375 -> 0


def test_int16_multiplier_is_reduced_and_capped() -> None:
    assert int(mbqm_int16(1 << 15, (1 << 31) - 1, 0)) == 0x7FFF
    assert int(mbqm_int16(3, 1 << 30, 0)) == 2  # 1.5 rounds up


@given(int32, st.integers(0, (1 << 31) - 1), st.integers(2, 62), st.booleans())
@settings(max_examples=200, deadline=None)
def test_tosa_against_its_formula(value: int, multiplier: int, shift: int, double: bool) -> None:  # noqa: FBT001  drawn
    round_ = 1 << (shift - 1)
    if double and shift > 31:
        round_ += 1 << 30 if value >= 0 else -(1 << 30)
    wanted = (value * multiplier + round_) >> shift
    assert int(apply_scale_32(value, multiplier, shift, double_round=double)) == wanted
    if double and multiplier:
        assert int(shift_right(value * multiplier, shift, "tosa_double")) == wanted


def test_saturation_modes() -> None:
    values = [-300, -129, -128, -127, 0, 127, 128, 300]
    assert saturate(values, 8).tolist() == [-128, -128, -128, -127, 0, 127, 127, 127]
    assert saturate(values, 8, how="symmetric").tolist() == [-127, -127, -127, -127, 0, 127, 127, 127]
    assert saturate(values, 8, how="none").tolist() == [-44, 127, -128, -127, 0, 127, -128, 44]
    assert saturate(values, 8, signed=False).tolist() == [0, 0, 0, 0, 0, 127, 128, 255]
    assert saturate([1 << 70, -(1 << 70)], 64).tolist() == [(1 << 63) - 1, -(1 << 63)]
