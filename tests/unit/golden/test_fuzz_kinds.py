"""Generated kinds, attributes, numerics and math lines: findings or results, never a traceback, a hang or a large array."""

from __future__ import annotations

import time
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from verif.contract.check import check_contract
from verif.contract.diagnostic import Diagnostic
from verif.contract.kinds.names import KINDS
from verif.contract.model import Contract
from verif.contract.nodes import ExprError
from verif.contract.read import read_manifest
from verif.contract.rounding import ALIASES, MODES
from verif.contract.scope import input_tensors, shapes
from verif.golden.evaluate import compute, patterns
from verif.golden.tolerance import accepted
from verif.stimulus import data

ROOT = Path(__file__).resolve().parents[3]
CATALOGUE = tomllib.loads((ROOT / "pipeline/messages/manifest.toml").read_text())
REPEATABLE = settings(derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
LONGEST = 20.0  # seconds of CPU for one manifest, many times what any took
WRITE: Any = None


@pytest.fixture(autouse=True)
def _shared(manifest: Any) -> None:
    globals().update(WRITE=manifest)


odd = st.sampled_from([0, -1, 7, 1 << 40, "K", "zz", "1//0", "1 <<  70000", "2**9999", "", "((", True, 2.5, [], [1], [1, 2],
                       [1, 2, 0, 1], [1] * 9, "same", "valid", {}, "\x07", "x" * 600, "-" * 80 + "1"])  # fmt: skip
usual: dict[str, st.SearchStrategy[Any]] = {
    "stride": st.sampled_from([1, 2, [2, 1], "K"]), "pad": st.sampled_from([0, 1, "same", "valid", [0, 1], [1, 0, 0, 1]]),
    "dilation": st.sampled_from([1, 2]), "layout": st.sampled_from(["nhwc", "nchw"]), "groups": st.sampled_from([1, 2]),
    "mode": st.sampled_from(["max", "avg"]), "kernel": st.sampled_from([1, 2, [2, 3]]),
    "op": st.sampled_from(["add", "mul"]),
    "table": st.sampled_from(["t", "zz"]), "epsilon": st.just("0.01"), "x_scale": st.just("0.1"), "y_scale": st.just("0.1"),
    "requantize": st.booleans(), "rounding": st.sampled_from([*MODES, *ALIASES]),
}  # fmt: skip
dims = st.sampled_from(["1", "2", "3", "4", "6", "K", "K+1", "0", "K-9", "1000000"])
types = st.sampled_from(["i8", "u4", "i32", "bf16", "f32", "f8e4m3", "i64", "f64"])


@st.composite
def tensors(draw: Any, roles: tuple[str, ...]) -> dict[str, str]:
    ranks = {"B": [1], "G": [1]}
    shaped = {r: draw(st.sampled_from(ranks.get(r, [1, 2, 3, 3, 4]))) for r in roles if draw(st.integers(0, 15))}
    return {role: f"{draw(types)}[{','.join(draw(dims) for _ in range(rank))}]" for role, rank in shaped.items()}


GOOD: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "gemm": ({}, {"X": "i8[K,4]", "W": "i8[4,3]", "Y": "i32[K,3]"}),
    "gemm_requant": ({}, {"X": "i8[K,4]", "W": "i8[4,3]", "B": "i32[3]", "Y": "i8[K,3]"}),
    "conv2d": ({"pad": 1}, {"X": "i8[5,4,2]", "W": "i8[4,3,3,2]", "B": "i32[4]", "Y": "i32[5,4,4]"}),
    "depthwise": ({"stride": 2}, {"X": "i8[5,4,2]", "W": "i8[3,2,2]", "Y": "i32[2,2,2]"}),
    "pool": ({"mode": "avg", "kernel": 2}, {"X": "i8[5,4,2]", "Y": "i8[4,3,2]"}),
    "elementwise": ({"op": "mul"}, {"X": "i8[K,4]", "W": "i8[K,4]", "Y": "i8[K,4]"}),
    "lut": ({"table": "t"}, {"X": "i8[K,4]", "Y": "u8[K,4]"}),
    "softmax": ({"x_scale": "0.1", "y_scale": "0.1"}, {"X": "i8[K,4]", "Y": "i8[K,4]"}),
    "layernorm": ({"epsilon": "0.1"}, {"X": "bf16[K,4]", "G": "f32[4]", "Y": "bf16[K,4]"}),
}


@st.composite
def wild(draw: Any, name: str) -> tuple[dict[str, Any], dict[str, str]]:
    kind, attributes = KINDS[name], dict[str, Any]()
    for key in kind.attributes:
        if key in kind.needed or draw(st.booleans()):
            attributes[key] = draw(odd) if not draw(st.integers(0, 4)) else draw(usual.get(key, odd))
    return attributes, draw(tensors((*kind.roles, *(role for role in kind.optional if draw(st.booleans())))))


@st.composite
def near_good(draw: Any, name: str) -> tuple[dict[str, Any], dict[str, str]]:
    """What works, or that with one attribute or one tensor's type changed."""
    attributes, kinds = (dict(part) for part in GOOD[name])
    if not draw(st.integers(0, 2)):
        key = draw(st.sampled_from([*KINDS[name].attributes, "zzz"]))
        attributes[key] = draw(st.one_of(usual.get(key, odd), odd))
    if not draw(st.integers(0, 2)):
        role = draw(st.sampled_from(sorted(kinds)))
        kinds[role] = draw(types) + kinds[role][kinds[role].index("[") :]
    return attributes, kinds


@st.composite
def operations(draw: Any) -> tuple[dict[str, Any], dict[str, str], dict[str, Any]]:
    name, good = draw(st.sampled_from(sorted(KINDS))), draw(st.booleans())
    attributes, kinds = draw(near_good(name) if good else wild(name))
    how = {
        "scheme": draw(st.sampled_from(["shift", "mult_shift", "float32", "lut"])),
        "shift": "3" if good else draw(odd), "mult": "K", "rounding": draw(st.sampled_from(sorted(MODES))), "scale": "0.5",
        "table": "t", "offset": "128",
    }  # fmt: skip
    bounds = ["bound(K)", "lsb(1)", "ulp(2)"] if good else ["lsb(1)", "ulp(2)", "bound(1//0)", "x"]
    numerics: dict[str, Any] = {"tolerance": {"Y": draw(st.sampled_from(bounds))}}
    if draw(st.booleans()):
        numerics["requantize"] = how
    overflow = draw(st.sampled_from(["wrap", "saturate_end", "saturate_each", "never"]))
    order = draw(st.sampled_from(["sequential", "tree(3)"] if good else ["any", "tree(0)"]))
    numerics["accumulator"] = {"order": order, "overflow": overflow, "bits": draw(st.sampled_from([8, 32, 64]))}
    ranges = "1..4" if good else draw(st.sampled_from(["1..4", "2", "[1,3]", "9..1"]))
    table = {"size": 256, "value": "i"} if good else draw(st.sampled_from([[1, 2], {"size": "1//0", "value": "i"}]))
    operation = {"kind": name, "attributes": attributes, "vars": {"K": ranges}}
    return operation, kinds, {"numerics": numerics, "lut": {"t": table}}


def looked_at(text: str) -> tuple[Contract | None, list[Diagnostic]]:
    """What is said of it; every finding has its message."""
    contract, found = read_manifest(text)
    found = found if contract is None else check_contract(contract)
    for diagnostic in found:
        for part in CATALOGUE[diagnostic.rule].values():
            assert all(message.format(**diagnostic.args) for message in part.values())
    return (None if any(item.severity == "error" for item in found) else contract), found


def computed(contract: Contract) -> str:
    """What becomes of the operation at the smallest K: results of the declared shapes, or the code of a refusal."""
    operation, rng = contract.operations[0], np.random.default_rng(0)
    extents = shapes(contract, operation, {"K": 2})
    inputs = {name: data.corners(operation.tensors[name], extents[name], rng) for name in input_tensors(operation)}
    try:
        found = compute(contract, operation, {"K": 2}, inputs)
        near = accepted(contract, operation, found)
    except ExprError as error:
        return error.code
    for name, kind in operation.tensors.items():
        assert patterns(found.tensors[name], kind).shape == extents[name]
    assert all(one.low.shape == one.high.shape == one.exact.shape for one in near.values())
    return "computed"


SEEN: dict[str, int] = {}


@given(operations())
@settings(REPEATABLE, max_examples=400)
def test_every_kind_gives_findings_or_results(made: tuple[dict[str, Any], dict[str, str], dict[str, Any]]) -> None:
    operation, kinds, sections = made
    start = time.process_time()
    contract, found = looked_at(WRITE(operation, kinds, ["Y"] if "Y" in kinds else [], sections))
    outcome = computed(contract) if contract is not None else found[0].rule
    SEEN[outcome] = SEEN.get(outcome, 0) + 1
    assert time.process_time() - start < LONGEST


def test_the_generated_kinds_were_no_mere_failures() -> None:
    """The property above would hold of a reader that refuses everything."""
    test_every_kind_gives_findings_or_results()
    assert SEEN.get("computed", 0) > 10
    assert len(SEEN) > 10


terms = st.recursive(
    st.sampled_from(["X[i]", "X[0]", "i", "K", "3", "0", "1.5", "70000", "X[i-1]", "R[i]", "acc", "zz", "t"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "//", "%", "<<", ">>", "/", "<", "**", "&"]), inner).map(
            lambda t: f"({t[0]} {t[1]} {t[2]})"
        ),
        st.tuples(st.sampled_from(["0", "X[i]", "1.0"]), inner, st.sampled_from(["3", "i", "K", "99999", "R[i]"])).map(
            lambda t: f"fold({t[0]}, acc, {t[1]} for k in {t[2]})"
        ),
        st.tuples(inner, st.sampled_from(["2", "i", "70000"])).map(lambda t: f"sum({t[0]} for s in {t[1]})"),
        inner.map(lambda t: f"lut(t, {t})"),
        st.tuples(inner, inner).map(lambda t: f"outside(X[{t[0]}], {t[1]})"),
        st.tuples(inner, inner, st.sampled_from(["floor", "half_even", "tflite_double", "zz"])).map(
            lambda t: f"divide({t[0]}, {t[1]}, {t[2]})"
        ),
        st.tuples(inner, inner).map(lambda t: f"round({t[0]}, {t[1]}, half_up)"),
        st.tuples(st.sampled_from(["exp", "sqrt", "bf16", "relu", "abs", "i8", "f8e4m3"]), inner).map(
            lambda t: f"{t[0]}({t[1]})"
        ),
        st.tuples(inner, inner, inner).map(lambda t: f"({t[0]} if {t[1]} else {t[2]})"),
    ),
    max_leaves=7,
)


@given(terms, types, st.sampled_from(["i16", "f32", "bf16"]))
@settings(REPEATABLE, max_examples=500)
def test_every_math_line_gives_findings_or_results(term: str, x: str, y: str) -> None:
    kinds = {"X": f"{x}[5]", "R": "f16[5]", "Y": f"{y}[5]"}
    operation = {"math": [f"Y[i] = {term}"], "vars": {"K": "2..3"}}
    start = time.process_time()
    contract, _ = looked_at(WRITE(operation, kinds, ["Y"], {"lut": {"t": [5, -5, 70000]}}))
    if contract is not None:
        assert computed(contract) in {"computed", "index", "zero", "negative", "large", "grid"}
    assert time.process_time() - start < LONGEST
