"""Tolerances: the judge takes what is near enough, and nothing that is one step further."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from verif.contract.check import check_contract
from verif.contract.model import Contract
from verif.contract.read import read_manifest
from verif.golden.floating import decoded, encoded, ordered, rounded
from verif.judge.compare import compare
from verif.judge.observed import Trace
from verif.judge.predict import predict
from verif.judge.tolerance import vacuous
from verif.stimulus.values import OperationValues

Faults = Callable[..., list[str]]


@pytest.fixture
def faults(manifest: Any) -> Faults:
    """Rules of the faults when Y is observed as `seen`, int patterns of `bits` each."""

    def judged(operation: Any, tensors: Any, sections: Any, inputs: Any, seen: Any) -> list[str]:
        contract, found = read_manifest(manifest(operation, tensors, ["Y"], sections))
        assert isinstance(contract, Contract), found
        assert [item for item in check_contract(contract) if item.severity == "error"] == []
        values = OperationValues(0, {}, {name: np.asarray(array) for name, array in inputs.items()})
        expected = predict(contract, (values,))["c_Y"]
        bits = contract.operations[0].tensors["Y"].bits
        words = (np.asarray(seen).reshape(-1, 1) & ((1 << bits) - 1)).astype(np.uint32)
        trace = Trace(None, np.arange(len(words), dtype=np.uint64), words)
        channel = next(channel for channel in contract.channels if channel.id == "c_Y")
        return [fault.rule for fault in compare(contract, channel, expected, trace)]

    return judged


def near(text: str) -> dict[str, Any]:
    return {"numerics": {"tolerance": {"Y": text}}}


X = np.array([-128, -5, 0, 7, 127])
COPY = {"math": ["Y[i] = X[i]"]}
BYTES = {"X": "i8[5]", "Y": "i8[5]"}


@pytest.mark.parametrize(
    ("units", "off", "wrong"), [(0, 0, False), (0, 1, True), (2, 2, False), (2, 3, True), (2, -2, False), (2, -3, True)]
)
def test_steps_of_integers(faults: Faults, units: int, off: int, *, wrong: bool) -> None:
    seen = X + np.array([0, off, 0, 0, 0])
    assert faults(COPY, BYTES, near(f"lsb({units})"), {"X": X}, seen) == ["J-002"] * wrong


def test_no_tolerance_is_exact(faults: Faults) -> None:
    assert faults(COPY, BYTES, {}, {"X": X}, X + np.array([0, 1, 0, 0, 0])) == ["J-002"]


def test_steps_do_not_wrap_around(faults: Faults) -> None:
    """The neighbour of the greatest value is not the least one."""
    assert faults(COPY, BYTES, near("lsb(1)"), {"X": X}, [-128, -5, 0, 7, -128]) == ["J-002"]


def test_a_bound_may_depend_on_the_element(faults: Faults) -> None:
    stated = near("bound(i + X[i] // 100)")
    assert faults(COPY, BYTES, stated, {"X": np.full(5, 100)}, 100 + np.arange(5) + 1) == []
    assert faults(COPY, BYTES, stated, {"X": np.full(5, 100)}, 100 + np.array([0, 0, 0, 5, 0])) == ["J-002"]


FLOATS = np.array([1.0, -1.0, 0.0, 2.0, -(2.0**-126)])
SINGLES = {"X": "f32[5]", "Y": "f32[5]"}


def test_units_in_the_last_place(faults: Faults) -> None:
    """Across a power of two, across zero, and to the other side."""
    x = encoded("f32", FLOATS)
    up = encoded("f32", np.nextafter(np.nextafter(FLOATS.astype(np.float32), np.float32(9)), np.float32(9)).astype(float))
    assert faults(COPY, SINGLES, near("ulp(2)"), {"X": x}, up) == []
    assert faults(COPY, SINGLES, near("ulp(1)"), {"X": x}, up) == ["J-002"]
    assert faults(COPY, SINGLES, near("ulp(1)"), {"X": x}, np.where(x == 0, 0x80000001, x)) == []
    assert faults(COPY, SINGLES, near("ulp(1)"), {"X": x}, np.where(x == 0, 0x80000002, x)) == ["J-002"]


def test_a_real_bound(faults: Faults) -> None:
    x = encoded("f32", FLOATS)
    for off, rules in ((0.25, []), (0.25001, ["J-002"])):
        assert faults(COPY, SINGLES, near("bound(0.25)"), {"X": x}, encoded("f32", rounded("f32", FLOATS + off))) == rules


NANS = [("any", 0x7FC1, False), ("canonical", 0x7FC1, True), ("any", 0xFF81, False), ("any", 0x7F80, True),
        ("canonical", 0x7FC0, False)]  # fmt: skip


@pytest.mark.parametrize(("nan", "seen", "wrong"), NANS)
def test_which_nans_are_taken(faults: Faults, nan: str, seen: int, *, wrong: bool) -> None:
    found = faults(COPY, {"X": "bf16[1]", "Y": "bf16[1]"}, {"numerics": {"nan": nan}}, {"X": [0x7F99]}, [seen])
    assert found == ["J-002"] * wrong


def test_a_nan_is_near_no_number(faults: Faults) -> None:
    one = encoded("bf16", np.array([3.38e38]))
    kinds = {"X": "bf16[1]", "Y": "bf16[1]"}
    assert faults(COPY, kinds, {"numerics": {"nan": "any", "tolerance": {"Y": "ulp(1000)"}}}, {"X": one}, [0x7FC0]) == [
        "J-002"
    ]


def test_sums_in_any_order(faults: Faults) -> None:
    """Every order of adding is taken, and what no order can give is not."""
    rng = np.random.default_rng(1)
    a = rounded("bf16", rng.standard_normal((40, 9)) * np.exp2(rng.integers(-6, 6, (40, 9))))
    b = rounded("bf16", rng.standard_normal(9))
    kinds = {"X": "bf16[40,9]", "W": "bf16[9]", "Y": "f32[40]"}
    operation = {"math": ["Y[i] = sum(X[i,k] * W[k] for k in 9)"]}
    sections = {"numerics": {"accumulator": {"order": "any"}}}
    inputs = {"X": encoded("bf16", a), "W": encoded("bf16", b)}
    orders = []
    for _ in range(6):
        acc = np.zeros(40, np.float32)
        for k in rng.permutation(9):
            acc = acc + (a[:, k] * b[k]).astype(np.float32)
        orders.append(encoded("f32", acc.astype(np.float64)))
        assert faults(operation, kinds, sections, inputs, orders[-1]) == []
    assert any((orders[0] != order).any() for order in orders[1:])
    assert faults(operation, kinds, {}, inputs, orders[0]) == ["J-002"]
    half = rounded("bf16", decoded("f32", orders[0]))
    assert faults(operation, kinds, sections, inputs, encoded("f32", half)) == ["J-002"]


def test_any_order_takes_what_only_some_orders_overflow(faults: Faults) -> None:
    greatest = encoded("bf16", np.array([[2.0**127, 2.0**127, -(2.0**127)]]))
    kinds = {"X": "bf16[1,3]", "Y": "f32[1]"}
    operation = {"math": ["Y[i] = sum(X[i,k] for k in 3)"]}
    sections = {"numerics": {"accumulator": {"order": "any"}}}
    for seen in (0x7F000000, 0x7F800000):
        assert faults(operation, kinds, sections, {"X": greatest}, [seen]) == []


ANY_ORDER = {"accumulator": {"order": "any"}}
BIG, INF, NINF, NAN = 2.0**127, np.inf, -np.inf, np.nan
OVERFLOWS = [
    ([BIG, BIG, -BIG], [BIG, INF], [0.0, 1.0, NINF, NAN]),
    ([-BIG, -BIG, BIG], [-BIG, NINF], [0.0, -1.0, INF, NAN]),
    ([BIG, BIG, 1.0], [INF], [0.0, BIG, NINF, NAN]),
    ([INF, 1.0, -BIG], [INF], [0.0, BIG, NINF, NAN]),
    ([INF, -BIG, -BIG], [INF, NAN], [0.0, BIG, NINF]),
    ([INF, NINF, 1.0], [NAN], [0.0, BIG, INF, NINF]),
    ([BIG, -BIG, 1.0], [1.0], [NINF, INF, NAN]),
]


@pytest.mark.parametrize(("terms", "taken", "refused"), OVERFLOWS)
def test_a_sum_overflows_to_the_side_of_its_terms(faults: Faults, terms: Any, taken: Any, refused: Any) -> None:
    """Operands beyond the format's largest number leave every result that no order can give wrong."""
    kinds, operation = {"X": "bf16[1,3]", "Y": "f32[1]"}, {"math": ["Y[i] = sum(X[i,k] for k in 3)"]}
    x = encoded("bf16", np.array([terms]))
    for seen in (*taken, *refused):
        found = faults(operation, kinds, {"numerics": ANY_ORDER}, {"X": x}, encoded("f32", np.array([seen])))
        assert found == ["J-002"] * (seen in refused), seen


def test_a_product_that_overflows_is_infinite(faults: Faults) -> None:
    """A term is rounded before it is added, and so infinite by itself."""
    kinds, operation = {"X": "f32[1,3]", "Y": "f32[1]"}, {"math": ["Y[i] = sum(X[i,k] * X[i,k] for k in 3)"]}
    x = encoded("f32", np.array([[2.0**64, 1.0, 1.0]]))
    for seen, rules in ((INF, []), (0.0, ["J-002"]), (BIG, ["J-002"]), (NAN, ["J-002"])):
        assert faults(operation, kinds, {"numerics": ANY_ORDER}, {"X": x}, encoded("f32", np.array([seen]))) == rules


def test_a_saturated_sum_is_not_infinite(faults: Faults) -> None:
    kinds = {"X": "bf16[1,2]", "Y": "f32[1]"}
    operation = {"math": ["Y[i] = sum(X[i,k] for k in 2)"], "overflow": {"Y": "saturate"}}
    x = encoded("bf16", np.array([[BIG, BIG]]))
    for pattern, rules in ((0x7F7FFFFF, []), (0x7F800000, ["J-002"]), (0x7F000000, ["J-002"])):
        assert faults(operation, kinds, {"numerics": ANY_ORDER}, {"X": x}, [pattern]) == rules


def test_a_bound_ends_at_the_saturated_value(faults: Faults) -> None:
    operation, kinds = {**COPY, "overflow": {"Y": "saturate"}}, {"X": "bf16[1]", "Y": "f8e5m2[1]"}
    x = encoded("bf16", np.array([57344.0]))
    for stated in ("bound(10000.0)", "bound(1.0 / 0.0)"):
        assert faults(operation, kinds, near(stated), {"X": x}, [0x7B]) == []
        assert faults(operation, kinds, near(stated), {"X": x}, [0x7C]) == ["J-002"]


BOUNDS = [
    ("bound(100.0)", 384.0, [448.0, 288.0], [0.0, -448.0, 256.0, NAN]),
    ("bound(100.0)", -384.0, [-448.0, -288.0], [0.0, 448.0, NAN]),
    ("bound((X[i] - X[i]) / (X[i] - X[i]))", 2.0, [2.0], [0.0, 2.25, -448.0, NAN]),
    ("bound(100.0)", NAN, [NAN], [0.0, 448.0, -448.0]),
]


@pytest.mark.parametrize(("stated", "exact", "taken", "refused"), BOUNDS)
def test_a_bound_that_leaves_the_format(faults: Faults, stated: str, exact: float, taken: Any, refused: Any) -> None:
    """Without infinities, an end beyond the largest number is that number, not everything."""
    kinds, x = {"X": "f8e4m3[1]", "Y": "f8e4m3[1]"}, encoded("f8e4m3", rounded("f8e4m3", np.array([exact])))
    for seen in (*taken, *refused):
        found = faults(COPY, kinds, near(stated), {"X": x}, encoded("f8e4m3", np.array([seen])))
        assert found == ["J-002"] * (seen in refused), seen


@pytest.mark.parametrize("exact", [INF, NINF])
def test_near_infinity_is_only_itself(faults: Faults, exact: float) -> None:
    kinds, x = {"X": "f32[1]", "Y": "f32[1]"}, encoded("f32", np.array([exact]))
    for seen in (exact, 0.0, -exact, NAN):
        found = faults(COPY, kinds, near("bound(1.0 / 0.0)"), {"X": x}, encoded("f32", np.array([seen])))
        assert found == ["J-002"] * (seen != exact), seen


def test_any_nan_leaves_the_sign_of_zero(faults: Faults) -> None:
    kinds, stated = {"X": "bf16[2]", "Y": "bf16[2]"}, {"numerics": {"nan": "any"}}
    assert faults(COPY, kinds, stated, {"X": [0, 0x7F99]}, [0x0000, 0xFF81]) == []
    assert faults(COPY, kinds, stated, {"X": [0, 0x7F99]}, [0x8000, 0xFF81]) == ["J-002"]


def test_any_order_rounds_every_other_operation(faults: Faults) -> None:
    """Product and sum of a plain line are rounded one after the other: 1.0001 squared less one."""
    kinds = {"X": "f32[1]", "Y": "f32[1]"}
    x = np.array([1 + 2.0**-20])
    twice, fused = rounded("f32", rounded("f32", x * x) - 1.0), rounded("f32", x * x - 1.0)
    for seen, rules in ((twice, []), (fused, ["J-002"])):
        operation = {"math": ["Y[i] = X[i] * X[i] - 1.0"]}
        assert faults(operation, kinds, {"numerics": ANY_ORDER}, {"X": encoded("f32", x)}, encoded("f32", seen)) == rules


def test_a_term_may_be_a_difference(faults: Faults) -> None:
    """What a product loses is far more than a unit of a difference of products."""
    kinds, operation = {"X": "f32[1,3]", "Y": "f32[1]"}, {"math": ["Y[i] = sum(X[i,k] * X[i,k] - 1.0 for k in 3)"]}
    x = 1 + np.array([[5, 7, 3]]) * 2.0**-12
    acc = np.zeros(1)
    for k in (2, 0, 1):
        acc = rounded("f32", acc + rounded("f32", rounded("f32", x[:, k] ** 2) - 1.0))
    fused = rounded("f32", (x * x - 1.0).sum(axis=1))
    for seen, rules in ((acc, []), (fused, ["J-002"])):
        found = faults(operation, kinds, {"numerics": ANY_ORDER}, {"X": encoded("f32", x)}, encoded("f32", seen))
        assert found == rules


def test_a_sum_that_only_some_orders_bring_beyond_the_format(faults: Faults) -> None:
    """About 464, where the largest number ends and NaN begins; a sum far above is a NaN in every order."""
    kinds, operation = {"X": "f32[1,2]", "Y": "f8e4m3[1]"}, {"math": ["Y[i] = sum(X[i,k] for k in 2)"]}
    for terms, taken in (([464.0, 2.0**-14], {448.0, NAN}), ([464.0, 1.0], {NAN}), ([-464.0, -1.0], {NAN})):
        x = encoded("f32", np.array([terms]))
        for seen in (448.0, NAN, 0.0, -448.0):
            found = faults(operation, kinds, {"numerics": ANY_ORDER}, {"X": x}, encoded("f8e4m3", np.array([seen])))
            assert found == ["J-002"] * (seen not in taken), (terms, seen)


def test_what_may_be_anything_is_not_counted(manifest: Any) -> None:
    kinds, operation = {"X": "bf16[3,4]", "Y": "f32[3]"}, {"math": ["Y[i] = sum(X[i,k] for k in 4)"]}
    contract, found = read_manifest(manifest(operation, kinds, ["Y"], {"numerics": ANY_ORDER}))
    assert contract is not None, found
    x = encoded("bf16", np.array([[BIG, BIG, -BIG, -BIG], [1.0, 2.0, 3.0, 4.0], [BIG, BIG, BIG, -BIG]]))
    expected = predict(contract, (OperationValues(0, {}, {"X": x}),))["c_Y"]
    assert vacuous(expected).tolist() == [True, False, False]


def test_neighbours_are_one_apart() -> None:
    for form, bits in (("bf16", 16), ("f8e4m3", 8), ("f8e5m2", 8)):
        numbers = decoded(form, np.arange(1 << bits))
        kept = np.flatnonzero(np.isfinite(numbers))
        order = kept[np.argsort(numbers[kept], kind="stable")]
        assert set(np.diff(ordered(form, order)).tolist()) == {0, 1}


def test_a_part_of_an_element_is_exact(manifest: Any) -> None:
    """Half an element tells nobody how far the whole is off."""
    text = manifest(COPY, BYTES, ["Y"], near("lsb(100)")).replace(
        '"pack(Y[a0])"', '"pack(bits(Y[a0], 3, 0), bits(Y[a0], 7, 4))"'
    )
    contract, found = read_manifest(text)
    assert contract is not None, found
    expected = predict(contract, (OperationValues(0, {}, {"X": X}),))["c_Y"]
    trace = Trace(None, np.arange(5, dtype=np.uint64), expected.words ^ np.uint32(1))
    channel = replace(next(channel for channel in contract.channels if channel.id == "c_Y"))
    assert [fault.rule for fault in compare(contract, channel, expected, trace)] == ["J-002"]
