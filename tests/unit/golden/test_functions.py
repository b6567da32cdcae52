"""fold, lut, outside, divide and real numbers in math lines, against plain Python one element at a time."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from verif.contract.nodes import ExprError
from verif.contract.rounding import SINGLE
from verif.contract.syntax import parse_body
from verif.contract.vector import grid, scalar
from verif.golden import evaluate as module
from verif.golden import reduce
from verif.golden.floating import decoded, encoded, rounded
from verif.golden.functions import MathEvaluator
from verif.golden.reals import Arithmetic, whole

RNG = np.random.default_rng(3)


def value(text: str, **names: int) -> Any:
    found = MathEvaluator({}).evaluate(parse_body(text), {name: scalar(number) for name, number in names.items()})
    return found.data.item()


def single(x: float) -> float:
    return float(np.float32(x))


# fold


def test_a_fold_keeps_its_order(manifest: Any, run: Any) -> None:
    a = RNG.integers(-8, 8, (5, 7))
    text = manifest(
        {"math": ["Y[i] = fold(3, acc, acc*A[i,k] % 1009 - k for k in 7)"]}, {"A": "i4[5,7]", "Y": "i16[5]"}, ["Y"]
    )
    wanted = []
    for row in a:
        acc = 3
        for k, item in enumerate(row):
            acc = acc * int(item) % 1009 - k
        wanted.append(acc)
    assert run(text, {"A": a})["Y"].tolist() == wanted


def test_a_fold_of_two_binders_turns_the_last_one_fastest() -> None:
    assert value("fold(0, acc, acc*10 + 3*i + j for i in 2 for j in 3)") == 12345


def test_a_ragged_fold_takes_only_its_own_rounds(manifest: Any, run: Any) -> None:
    a = RNG.integers(0, 100, 6)
    text = manifest({"math": ["Y[i] = fold(A[i], acc, 2*acc + j for j in i)"]}, {"A": "u7[6]", "Y": "u16[6]"}, ["Y"])
    wanted = []
    for i, item in enumerate(a.tolist()):
        acc = item
        for j in range(i):
            acc = 2 * acc + j
        wanted.append(acc)
    assert run(text, {"A": a})["Y"].tolist() == wanted


def test_a_fold_grows_beyond_64_bits() -> None:
    assert value("fold(1, acc, acc * 1000003 for k in 40) % 65537") == pow(1000003, 40, 65537)
    with pytest.raises(ExprError) as caught:
        value("fold(2, acc, acc * acc for k in 20)")
    assert caught.value.code == "large"


@pytest.mark.parametrize("form", ["fold(0, a, a + 1 for i in 65537)", "accsat(0, 9, 1 for i in 300 for j in 300)",
                                  "sum(0.5 for i in 65537)"])  # fmt: skip
def test_what_goes_step_by_step_has_an_end(form: str) -> None:
    with pytest.raises(ExprError) as caught:
        value(form)
    assert caught.value.code == "grid"


# lut and outside


def test_tables_by_list_by_formula_and_by_tensor(manifest: Any, run: Any) -> None:
    x, t = RNG.integers(-8, 8, 9), RNG.integers(0, 256, 16)
    lines = ["Y[i] = lut(cube, X[i] + 8)", "Z[i] = lut(odd, bits(X[i], 0, 0)) + lut(T, X[i] + 8) + T[X[i] + 8]"]
    sections = {"lut": {"cube": {"size": "2**4", "value": "(i - 8)**3"}, "odd": [1000, -5]}}
    tensors = {"X": "i4[9]", "T": "u8[16]", "Y": "i16[9]", "Z": "i16[9]"}
    found = run(manifest({"math": lines}, tensors, ["Y", "Z"], sections), {"X": x, "T": t})
    assert found["Y"].tolist() == [int(v) ** 3 for v in x]
    assert found["Z"].tolist() == [(-5 if v % 2 else 1000) + 2 * int(t[v + 8]) for v in x]


def test_a_table_of_reals_is_rounded_by_its_own_text(manifest: Any, run: Any) -> None:
    sections = {"lut": {"sig": {"size": 256, "value": "round(256 / (1 + exp((128 - i) / 16.0)), 0, half_even)"}}}
    text = manifest({"math": ["Y[i] = lut(sig, X[i])"]}, {"X": "u8[256]", "Y": "u9[256]"}, ["Y"], sections)
    wanted = [round(256 / (1 + math.exp((128 - i) / 16))) for i in range(256)]
    assert run(text, {"X": np.arange(256)})["Y"].tolist() == wanted


def test_indices_that_data_decide(manifest: Any, run: Any) -> None:
    """Structured sparsity: two of four weights, and where they stand."""
    a, w, at = RNG.integers(-8, 8, (3, 16)), RNG.integers(-8, 8, (8, 5)), RNG.integers(0, 4, (8, 5))
    line = "Y[m,n] = sum(A[m, 4*(k//2) + P[k,n]] * W[k,n] for k in 8)"
    tensors = {"A": "i4[3,16]", "W": "i4[8,5]", "P": "u2[8,5]", "Y": "i16[3,5]"}
    found = run(manifest({"math": [line]}, tensors, ["Y"]), {"A": a, "W": w, "P": at})["Y"]
    wanted = [[sum(int(a[m, 4 * (k // 2) + at[k, n]] * w[k, n]) for k in range(8)) for n in range(5)] for m in range(3)]
    assert found.tolist() == wanted


def test_outside_is_lazy_on_both_sides(manifest: Any, run: Any) -> None:
    a = RNG.integers(1, 100, (4, 5))
    line = "Y[i,j] = outside(A[i-1,j+1], 1000 // (1 if i == 0 else j - 3) )"
    found = run(manifest({"math": [line]}, {"A": "u7[4,5]", "Y": "i16[4,5]"}, ["Y"]), {"A": a})["Y"]
    for i in range(4):
        for j in range(5):
            inside = 0 <= i - 1 < 4 and j + 1 < 5
            assert found[i, j] == (a[i - 1, j + 1] if inside else 1000 // (1 if i == 0 else j - 3))


# divide


SLOW: dict[str, Callable[[Fraction], int]] = {
    "floor": math.floor,
    "ceil": math.ceil,
    "truncate": math.trunc,
    "conv_even": round,
    "pos_inf": lambda q: math.floor(q + Fraction(1, 2)),
    "neg_inf": lambda q: math.ceil(q - Fraction(1, 2)),
    "symmetric_inf": lambda q: math.floor(abs(q) + Fraction(1, 2)) * (1 if q > 0 else -1),
    "symmetric_zero": lambda q: math.ceil(abs(q) - Fraction(1, 2)) * (1 if q > 0 else -1),
    "conv_odd": lambda q: math.floor(q) if 2 * (q - math.floor(q)) == 1 and math.floor(q) % 2 else _up(q),
}


def _up(q: Fraction) -> int:
    return math.floor(q + Fraction(1, 2))


@pytest.mark.parametrize("mode", SINGLE)
def test_quotients_are_rounded_once(mode: str) -> None:
    for x in [*range(-40, 41), 10**30 + 5, -(10**30) - 5]:
        for y in (-10, -7, -4, -1, 1, 2, 6, 10):
            assert value(f"divide(x, y, {mode})", x=x, y=y) == SLOW[mode](Fraction(x, y)), (x, y)


def test_division_by_zero_is_told() -> None:
    with pytest.raises(ExprError) as caught:
        value("divide(3, y, floor)", y=0)
    assert caught.value.code == "zero"


# real numbers


@pytest.mark.parametrize("mode", SINGLE)
def test_reals_become_integers_by_every_mode(mode: str) -> None:
    for x in [*range(-12, 13), -(2**60) - 1]:
        assert value(f"round(f64(x) / 4, 0, {mode})", x=x) == SLOW[mode](Fraction(float(x)) / 4)
        assert value(f"round(f64(x), 2, {mode})", x=x) == SLOW[mode](Fraction(float(x)) / 4)


def test_the_nearest_below_a_half_is_not_a_half() -> None:
    below = np.nextafter(0.5, 0)
    evaluator = MathEvaluator({}, Arithmetic("f64"))
    names = {"x": whole_free(below)}
    assert evaluator.evaluate(parse_body("round(x, 0, half_up)"), names).data.item() == 0
    tiny = {"x": whole_free(-1e-300)}
    assert evaluator.evaluate(parse_body("round(x, 0, floor)"), tiny).data.item() == -1


def whole_free(number: float) -> Any:
    from verif.golden.reals import real

    return real(np.array(number))


def test_what_is_no_number_becomes_an_integer_all_the_same() -> None:
    found = whole(whole_free(math.inf)).data.item(), whole(whole_free(-math.inf)).data.item()
    assert found == (1 << 1024, -(1 << 1024))
    assert whole(whole_free(math.nan)).data.item() == 0


bf16 = st.integers(-200, 200).map(lambda n: n / 8) | st.sampled_from([2.0**20, -(2.0**20), 2.0**-30, 1 + 2.0**-7])


def sequential(terms: list[float]) -> float:
    acc = 0.0
    for term in terms:
        acc = single(acc + term)
    return acc


def tree(terms: list[float], size: int) -> float:
    acc = 0.0
    for start in range(0, len(terms), size):
        level = terms[start : start + size]
        while len(level) > 1:
            level = [single(sum(level[i : i + 2])) for i in range(0, len(level), 2)]
        acc = single(acc + level[0])
    return acc


GEMM = {"math": ["Y[i] = sum(A[i,k] * B[k] for k in 11)"]}
TENSORS = {"A": "bf16[1,11]", "B": "bf16[11]", "Y": "f32[1]"}


@given(st.lists(st.tuples(bf16, bf16), min_size=11, max_size=11))
@settings(max_examples=60, deadline=None, derandomize=True)
@pytest.mark.parametrize(("order", "slow"), [("sequential", sequential), ("tree(4)", lambda t: tree(t, 4)),
                                             ("tree(8)", lambda t: tree(t, 8))])  # fmt: skip
def test_sums_are_added_in_the_declared_order(order: str, slow: Any, pairs: list[tuple[float, float]]) -> None:
    a, b = (np.array([pair[side] for pair in pairs]) for side in (0, 1))
    found = golden({"accumulator": {"order": order}}, a, b)
    assert found == slow([single(x * y) for x, y in pairs])


def golden(numerics: dict[str, Any], a: Any, b: Any) -> float:
    text = TEXT(GEMM, TENSORS, ["Y"], {"numerics": numerics})
    found = RUN(text, {"A": encoded("bf16", a)[None, :], "B": encoded("bf16", b)})["Y"]
    return float(decoded("f32", found)[0])


TEXT: Any = None
RUN: Any = None


@pytest.fixture(autouse=True)
def _shared(manifest: Any, run: Any) -> None:
    """What hypothesis cannot be given as a fixture."""
    globals().update(TEXT=manifest, RUN=run)


def test_the_order_matters_and_so_does_the_accumulator() -> None:
    a, b = np.array([2.0**24, *[1.0] * 10]), np.ones(11)
    assert golden({}, a, b) == 2.0**24
    assert golden({"accumulator": {"order": "tree(2)"}}, a, b) == 2.0**24 + 8
    assert golden({"accumulator": {"type": "f64"}}, a, b) == 2.0**24 + 10
    assert golden({"accumulator": {"type": "bf16"}}, np.ones(11) * 100, b) == 1104  # 1100 is half-way between two steps of 8


def test_subnormal_numbers_count_unless_they_are_flushed() -> None:
    a, b = np.array([2.0**-126, *[0.0] * 10]), np.array([0.5, *[0.0] * 10])
    assert golden({}, a, b) == 2.0**-127
    assert golden({"accumulator": {"flush": True}}, a, b) == 0.0
    assert golden({"accumulator": {"flush": True}}, a / 2, b * 8) == 0.0
    assert golden({}, a / 2, b * 8) == 2.0**-125


@pytest.mark.parametrize(("kind", "policy", "wanted"), [("f8e4m3", None, 0x7F), ("f8e4m3", "saturate", 0x7E),
                                                        ("f8e5m2", None, 0x7C), ("f8e5m2", "saturate", 0x7B)])  # fmt: skip
def test_eight_bits_overflow_as_declared(manifest: Any, run: Any, kind: str, policy: str | None, wanted: int) -> None:
    operation = {"math": ["Y[i] = A[i] * 60000"]} | ({"overflow": {"Y": policy}} if policy else {})
    text = manifest(operation, {"A": f"{kind}[2]", "Y": f"{kind}[2]"}, ["Y"])
    assert run(text, {"A": encoded(kind, np.array([2.0, -2.0]))})["Y"].tolist() == [
        wanted,
        wanted | (0 if wanted == 0x7F else 0x80),
    ]


def test_comparisons_choices_and_relu_of_reals(manifest: Any, run: Any) -> None:
    a = np.array([-1.5, 0.0, 2.25, -0.0, np.nan])
    lines = ["Y[i] = relu(A[i])", "Z[i] = (A[i] > 1) + 2*(A[i] == 0)", "U[i] = abs(A[i]) if A[i] < 0 else max(-A[i], -1.0)"]
    text = manifest({"math": lines}, {"A": "f16[5]", "Y": "f16[5]", "Z": "u4[5]", "U": "f16[5]"}, ["Y", "Z", "U"])
    found = run(text, {"A": encoded("f16", a)})
    assert decoded("f16", found["Y"])[:4].tolist() == [0, 0, 2.25, 0]
    assert found["Y"][3:].tolist() == [0, 0x7E00]
    assert found["Z"].tolist() == [0, 2, 1, 2, 0]
    assert decoded("f16", found["U"])[:4].tolist() == [1.5, 0, -1, 0]


# size


def test_a_large_left_side_is_taken_in_parts(manifest: Any, run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The parts make no difference, wherever they are cut."""
    x, w = RNG.integers(-8, 8, (2, 6, 5, 4)), RNG.integers(-8, 8, (6, 3, 3, 2))
    operation = {"kind": "conv2d", "attributes": {"groups": 2, "pad": 1}}
    text = manifest(operation, {"X": "i4[2,6,5,4]", "W": "i4[6,3,3,2]", "Y": "i32[2,6,5,6]"}, ["Y"])
    whole_ = run(text, {"X": x, "W": w})["Y"]
    monkeypatch.setattr(module, "MAX_GRID", 50)
    monkeypatch.setattr(reduce, "MAX_FACTOR", 400)
    assert np.array_equal(run(text, {"X": x, "W": w})["Y"], whole_)
    assert len(np.unique(whole_)) > 50


def test_rounding_is_of_every_format() -> None:
    for form, unit in (("bf16", 2.0**-7), ("f16", 2.0**-10), ("f32", 2.0**-23), ("f8e4m3", 2.0**-3), ("f8e5m2", 2.0**-2)):
        ties = np.array([1 + unit / 2, 1 + 3 * unit / 2, 1 + unit / 2 + 2.0**-40])
        assert rounded(form, ties).tolist() == [1, 1 + 2 * unit, 1 + unit]
    assert grid(encoded("f32", np.array([1.0]))).bounds == (0x3F800000, 0x3F800000)
