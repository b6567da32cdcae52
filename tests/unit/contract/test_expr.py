"""Integer expressions: values, laziness, limits, and agreement of the one-at-a-time and the whole-grid evaluators."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from verif.contract.explain import shown
from verif.contract.expr import evaluate
from verif.contract.nodes import ExprError, Node
from verif.contract.syntax import parse_expr, parse_math, parse_pack
from verif.contract.vector import Evaluator, grid, scalar

NAMES = {"M": 5, "K": 12, "param.N": 8, "zero": 0}
VALUES = {
    "7 // 2": 3, "-7 // 2": -4, "-7 % 3": 2, "7 % -3": -2, "2**10": 1024, "0x1F & 0b11": 3, "-1 >> 5": -1, "~0": -1,
    "ceildiv(7, 2)": 4, "ceildiv(-7, 2)": -3, "clog2(1)": 0, "clog2(8)": 3, "clog2(9)": 4, "bits(0xAB, 7, 4)": 10,
    "bits(-1, 3, 0)": 15, "i8(200)": -56, "u8(-1)": 255, "i4(8)": -8, "clip(300, -128, 127)": 127, "min(3, 1, 2)": 1,
    "max(3)": 3, "abs(-4)": 4, "M + K*param.N": 101, "1 if M > 4 else 1//zero": 1, "0 and 1//zero": 0, "3 or 1//zero": 1,
    "0 <= M < 5": 0, "0 <= M < 6": 1, "1_000": 1000, "  M": 5, "2**-zero": 1, "-2**2": -4,
}  # fmt: skip
REFUSED = {
    "M / 2": ("construct", 0),
    "1 + Q": ("name", 4),
    "M // zero": ("zero", 0),
    "1 << 5000": ("large", 0),
    "2**5000": ("large", 0),
    "9**9**9": ("large", 0),
    "1 >> -1": ("negative", 0),
    "'a'": ("syntax", 0),
    "lambda: 1": ("syntax", 6),
    "M.x.y": ("construct", 0),
    "[1][0]": ("construct", 0),
    "f(1)": ("function", 0),
    "min()": ("arity", 0),
    "min(*M)": ("construct", 4),
    "min(a=1)": ("construct", 0),
    "1if 2 else 3": ("syntax", 0),
    "0777": ("syntax", None),
    "": ("syntax", 0),
    "1)+(2": ("syntax", None),
    "__import__(M)": ("function", 0),
    "T[1]": ("tensor", 0),
    "1 is 1": ("construct", 0),
    "1 in M": ("construct", 0),
    "not 1": ("construct", 0),
    "(M := 3)": ("syntax", 3),
    "{M}": ("syntax", 0),
    "True": ("construct", 0),
    "sum(1 for i in M)": ("function", 0),
    "bits(M, 1, 2)": ("negative", 0),
    "u1025(1)": ("large", 0),
    "\x00": ("syntax", 0),
    "\xb5": ("syntax", 0),
    "M[": ("syntax", None),
    "(" * 300: ("syntax", None),
    "-" * 300 + "1": ("deep", None),
    "1+" * 300: ("long", 0),
}


@pytest.mark.parametrize("text", VALUES)
def test_values(text: str) -> None:
    assert evaluate(text, NAMES) == VALUES[text]
    assert int(Evaluator({}).evaluate(parse_expr(text), {k: scalar(v) for k, v in NAMES.items()}).data) == VALUES[text]


@pytest.mark.parametrize("text", REFUSED)
def test_refused_with_code_and_place(text: str) -> None:
    with pytest.raises(ExprError) as caught:
        evaluate(text, NAMES)
    code, offset = REFUSED[text]
    assert caught.value.code == code
    assert offset is None or caught.value.offset == offset
    assert 0 <= caught.value.offset <= max(0, len(text) - 1)


def test_near_names_are_suggested() -> None:
    with pytest.raises(ExprError) as caught:
        evaluate("parm.N + 1", NAMES)
    assert caught.value.args_["suggestion"] == "param.N"


def test_generators_among_other_arguments_keep_their_places() -> None:
    node = parse_pack("pack(A[i] for i in 4, pad(3), (u4(i), B[j]) for j in 2)")
    assert [item.op for item in node.args] == ["each", "pad", "each"]
    assert [arg.op for arg in node.args[2].args] == ["cast", "index"]
    assert (node.args[0].args[0].offset, node.args[1].offset, node.args[2].args[1].offset) == (5, 22, 38)
    line = parse_math("R[m] = accsat(-8, 7, A[m,k] for k in K)")
    assert line.body.op == "accsat"
    assert line.body.args[2].offset == 21


OPERATORS = ("+", "-", "*", "//", "%", "<<", ">>", "&", "|", "^", "<", "<=", ">", ">=", "==", "!=", "and", "or", "**")
expressions = st.recursive(
    st.sampled_from(["a", "b", "c", "0", "1", "2", "7", "255", "70000"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(OPERATORS), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        st.tuples(inner, inner, inner).map(lambda t: f"({t[0]} if {t[1]} else {t[2]})"),
        st.tuples(inner, inner, inner).map(lambda t: f"clip({t[0]}, {t[1]}, {t[2]})"),
        st.tuples(st.sampled_from(["-", "~", "abs", "i8", "u5", "i40", "clog2"]), inner).map(lambda t: f"{t[0]}({t[1]})"),
        st.tuples(st.sampled_from(["min", "max", "ceildiv"]), inner, inner).map(lambda t: f"{t[0]}({t[1]}, {t[2]})"),
        inner.map(lambda t: f"bits({t}, 6, 2)"),
    ),
    max_leaves=12,
)
numbers = (
    st.integers(-(1 << 40), 1 << 40) | st.integers(-9, 9) | st.sampled_from([1 << 62, (1 << 63) - 1, -(1 << 63), 1 << 100])
)


def one(text: str, names: dict[str, int]) -> int | str:
    try:
        return evaluate(text, names)
    except ExprError as error:
        return error.code


@given(expressions, st.lists(st.tuples(numbers, numbers), min_size=1, max_size=4), numbers)
@settings(max_examples=300, deadline=None)
def test_grids_agree_with_single_values(text: str, pairs: list[tuple[int, int]], c: int) -> None:
    node = parse_expr(text)
    a = grid(np.array([pair[0] for pair in pairs], dtype=object))
    b = grid(np.array([pair[1] for pair in pairs], dtype=object))
    wanted = [one(text, {"a": x, "b": y, "c": c}) for x, y in pairs]
    refused, value = "", scalar(0)
    try:
        value = Evaluator({}).evaluate(node, {"a": a, "b": b, "c": scalar(c)})
    except ExprError as error:
        refused = error.code
    if refused:
        assert refused in {"large", *wanted}  # bounds may refuse what no element reaches
        return
    found = [int(item) for item in np.broadcast_to(value.data, (len(pairs),))]
    assert found == wanted
    assert all(value.bounds[0] <= item <= value.bounds[1] for item in found)


def bare(node: Node) -> tuple[object, ...]:
    binders = tuple((name, bare(extent)) for name, extent in node.binders)
    return node.op, node.value, node.name, tuple(bare(arg) for arg in node.args), binders


@given(expressions)
@settings(max_examples=200, deadline=None)
def test_canonical_text_means_the_same(text: str) -> None:
    assert bare(parse_expr(shown(parse_expr(text)))) == bare(parse_expr(text))


@pytest.mark.parametrize(
    "text",
    [
        "R[i] = sum(A[i,k] * (B[k] - 1) for k in K for j in 2) + accsat(-8, 7, A[i,k] for k in K)",
        "R[i] = round(relu(A[i,0]), 3, half_up) if A[i,0] > 0 else -(~A[i,0])**2",
        "R[i] = A[i, 0] << (1 + i) - (2 - (3 - i))",
    ],
)
def test_canonical_math_means_the_same(text: str) -> None:
    line = parse_math(text)
    again = parse_math(f"R[i] = {shown(line.body)}")
    assert bare(again.body) == bare(line.body)
    assert "half_up" not in shown(line.body)


@given(st.text(max_size=60) | st.text(alphabet="MK01 +-*/%<>=&|^~()[],.forinpadkuy", max_size=60))
@settings(max_examples=400, deadline=None)
def test_any_text_gives_a_value_or_the_declared_error(text: str) -> None:
    errors = list[ExprError]()
    for parser in (parse_math, parse_pack, parse_expr):
        try:
            parser(text)
        except ExprError as error:
            errors.append(error)
    assert all(error.offset >= 0 and error.length >= 1 for error in errors)
    assert isinstance(one(text, NAMES), int | str)
