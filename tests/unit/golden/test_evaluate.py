"""Math lines over whole tensors against a slow evaluator that walks Python's own tree in exact numbers."""

import ast
import itertools
import time
from collections.abc import Mapping
from fractions import Fraction
from math import floor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from verif.contract.model import Contract, Operation, Span, TensorType, Text
from verif.contract.nodes import ExprError
from verif.contract.read import read_manifest
from verif.golden.evaluate import evaluate

HERE = Path(__file__).parents[1]
GEMM, _ = read_manifest((HERE / "contract/gemm_q.toml").read_text())
assert GEMM is not None


def text(value: str) -> Text:
    return Text(value, Span(1, 1, len(value)))


def operation(tensors: Mapping[str, str], math: list[str], overflow: Mapping[str, str] | None = None) -> Operation:
    kinds = {}
    for name, kind in tensors.items():
        head, dims = kind[:-1].split("[")
        bits, signed = int(head[1:]), head[0] == "i"
        low = -(1 << (bits - 1)) if signed else 0
        shape = tuple(text(dim) for dim in dims.split(","))
        kinds[name] = TensorType(signed, bits, shape, low, low + (1 << bits) - 1, text(kind))
    variables = {"M": text("1..9"), "K": text("1..9"), "N": text("1..9"), "s": text("0..9")}
    policy: Any = overflow or {}
    return Operation("op", variables, kinds, tuple(map(text, math)), policy, False, text("1"), (), ())


def run(op: Operation, variables: Mapping[str, int], inputs: Mapping[str, Any]) -> dict[str, Any]:
    assert GEMM is not None
    return evaluate(GEMM, op, variables, {name: np.asarray(data) for name, data in inputs.items()})


class Slow:
    """One element at a time, over nested lists, by Python's tree; shares nothing with the evaluator under test."""

    def __init__(self, contract: Contract, op: Operation, variables: Mapping[str, int]) -> None:
        self.names: dict[str, int] = {**variables}
        for name, let in contract.lets.items():
            self.names[name] = contract.design.parameters[let.value.removeprefix("param.")]
        self.kinds = op.tensors
        self.lines = [line.value.split("=", 1) for line in op.math]
        self.tensors: dict[str, dict[tuple[int, ...], int]] = {}

    def run(self, inputs: Mapping[str, Any]) -> dict[str, dict[tuple[int, ...], int]]:
        self.tensors = {n: {i: int(np.asarray(d)[i]) for i in np.ndindex(np.shape(d))} for n, d in inputs.items()}
        for left, right in self.lines:
            target, indices = left.strip()[:-1].split("[")
            kind, names = self.kinds[target], [name.strip() for name in indices.split(",")]
            tree = ast.parse(right.replace("accsat(lo, hi,", "accsat(").strip(), mode="eval").body
            extents = [self.value(ast.parse(dim.value, mode="eval").body, self.names) for dim in kind.shape]
            result = {}
            for place in itertools.product(*(range(extent) for extent in extents)):
                value = self.value(tree, self.names | dict(zip(names, place, strict=True)))
                value %= 1 << kind.bits
                result[place] = value - (1 << kind.bits) if kind.signed and value >> (kind.bits - 1) else value
            self.tensors[target] = result
        return self.tensors

    def value(self, tree: ast.expr, names: Mapping[str, int]) -> int:
        if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name):
            return self.call(tree, tree.func.id, names)
        if isinstance(tree, ast.Subscript) and isinstance(tree.value, ast.Name):
            parts = tree.slice.elts if isinstance(tree.slice, ast.Tuple) else [tree.slice]
            return self.tensors[tree.value.id][tuple(self.value(part, names) for part in parts)]
        if isinstance(tree, ast.IfExp):
            return self.value(tree.body if self.value(tree.test, names) else tree.orelse, names)
        inner = {
            "_" + str(i): self.value(child, names) for i, child in enumerate(ast.iter_child_nodes(tree)) if is_value(child)
        }
        if not inner:
            return int(eval(compile(ast.Expression(tree), "", "eval"), {}, dict(names)))  # noqa: S307  the test's own text
        return int(eval(ast.unparse(replaced(tree)), {}, inner))  # noqa: S307

    def call(self, tree: ast.Call, function: str, names: Mapping[str, int]) -> int:
        if function == "sum":
            generator = tree.args[0]
            assert isinstance(generator, ast.GeneratorExp)
            return sum(self.terms(generator.elt, generator.generators, names))
        if function == "round":
            value, shift = (self.value(arg, names) for arg in tree.args[:2])
            assert ast.unparse(tree.args[2]) == "half_up"
            return floor(Fraction(value, 1 << shift) + Fraction(1, 2))
        args = [self.value(arg, names) for arg in tree.args]
        if function == "relu":
            return max(args[0], 0)
        if function == "clip":
            return min(max(args[0], args[1]), args[2])
        return {"min": min, "max": max}[function](args)

    def terms(self, body: ast.expr, binders: list[ast.comprehension], names: Mapping[str, int]) -> list[int]:
        if not binders:
            return [self.value(body, names)]
        first, *rest = binders
        assert isinstance(first.target, ast.Name)
        count, name = self.value(first.iter, names), first.target.id
        return [term for index in range(count) for term in self.terms(body, rest, {**names, name: index})]


def is_value(node: ast.AST) -> bool:
    return isinstance(node, ast.expr)


def replaced(tree: ast.expr) -> ast.expr:
    copy = ast.parse(ast.unparse(tree), mode="eval").body
    counter = itertools.count()

    def visit(value: object) -> object:
        index = next(counter) if isinstance(value, ast.AST) else -1
        return ast.Name("_" + str(index), ast.Load()) if isinstance(value, ast.expr) else value

    for name, value in ast.iter_fields(copy):
        setattr(copy, name, [visit(item) for item in value] if isinstance(value, list) else visit(value))
    return copy


LINES = {
    "product": ({"A": "i8[M,K]", "B": "i8[K,N]", "C": "i32[M,N]"}, ["C[m,n] = sum(A[m,k] * B[k,n] for k in K)"]),
    "wraps": ({"A": "i8[M,K]", "B": "i8[K,N]", "C": "i8[M,N]"}, ["C[m,n] = sum(A[m,k] * B[k,n] for k in K)"]),
    "unsigned": ({"A": "u8[M,K]", "C": "u4[M]"}, ["C[m] = sum(A[m,k] for k in K) - 7"]),
    "offset": ({"A": "u8[M,K]", "B": "i8[K,N]", "C": "i32[M,N]"}, ["C[m,n] = sum((A[m,k] - s) * B[k,n] for k in K)"]),
    "three": ({"A": "i8[M,K]", "B": "i8[K,N]", "D": "i8[M,N]", "C": "i32[M,N]"},
              ["C[m,n] = sum(A[m,k] * B[k,n] * D[m,n] for k in K) + D[m,n]"]),
    "three wide": ({"A": "i8[M,K]", "B": "i8[K,N]", "D": "i8[M,K]", "C": "i32[M,N]"},
                   ["C[m,n] = sum(A[m,k] * B[k,n] * D[m,k] for k in K)"]),
    "general": ({"A": "i8[M,K]", "B": "i8[K,N]", "C": "i32[M,N]"}, ["C[m,n] = sum(max(A[m,k], B[k,n]) - k for k in K)"]),
    "unused": ({"A": "i8[M,K]", "C": "i32[M,N]"}, ["C[m,n] = sum(A[m,k] for k in K for j in N) + sum(3 for k in K)"]),
    "batch": ({"A": "i8[M,K]", "B": "i8[M,K]", "C": "i32[M,N]"}, ["C[m,n] = sum(A[m,k] * B[m,k] for k in K) * n"]),
    "ragged": ({"A": "i8[M,K]", "C": "i32[M,N]"}, ["C[m,n] = sum(A[m,k] for k in min(K, m + n))"]),
    "padded": ({"A": "i8[M,N]", "B": "i8[3,3]", "C": "i32[M,N]"},
               ["C[m,n] = sum(A[m+i-1,n+j-1] * B[i,j] if 0 < m+i <= M and 0 < n+j <= N else 0 for i in 3 for j in 3)"]),
    "window": ({"A": "i8[M+2,N+2]", "B": "i8[K,3,3]", "C": "i32[K,M,N]"},
               ["C[c,m,n] = sum(A[m+i,n+j] * B[c,i,j] for i in 3 for j in 3)"]),
    "two lines": ({"A": "i8[M,K]", "B": "i8[K,N]", "S": "i16[M,N]", "C": "i8[M,N]"},
                  ["S[m,n] = sum(A[m,k] * B[k,n] for k in K)",
                   "C[m,n] = clip(round(relu(S[m,n]) * 5, s, half_up), -128, 127)"]),
    "wide": ({"A": "i64[M,K]", "B": "i64[K,N]", "C": "i64[M,N]"}, ["C[m,n] = sum(A[m,k] * B[k,n] for k in K)"]),
    "gather": ({"A": "i8[M,9]", "I": "u3[M,K]", "C": "i16[M,K]"}, ["C[m,k] = A[m,I[m,k]] * 3"]),
    "conditional": ({"A": "i8[M,K]", "C": "i32[M]"}, ["C[m] = sum(A[m,k] for k in K) if A[m,0] > 0 else m"]),
}  # fmt: skip


@pytest.mark.parametrize("name", LINES)
@given(st.tuples(*[st.integers(1, 5)] * 3), st.integers(0, 9), st.integers(0, 1 << 32))
@settings(max_examples=12, deadline=None)
def test_against_the_slow_evaluator(name: str, shape: tuple[int, int, int], s: int, seed: int) -> None:
    assert GEMM is not None
    kinds, lines = LINES[name]
    op = operation(kinds, lines)
    variables = {"M": shape[0], "K": shape[1], "N": shape[2], "s": s}
    generator = np.random.default_rng(seed)
    targets = {line.split("[")[0] for line in lines}
    inputs = {}
    for tensor, kind in op.tensors.items():
        if tensor not in targets:
            dims = [int(eval(dim.value, {}, variables)) for dim in kind.shape]  # noqa: S307  the test's own text
            inputs[tensor] = generator.integers(kind.low, kind.high, dims, dtype=np.int64, endpoint=True)
    found, wanted = run(op, variables, inputs), Slow(GEMM, op, variables).run(inputs)
    for tensor in targets:
        assert {place: int(found[tensor][place]) for place in np.ndindex(found[tensor].shape)} == wanted[tensor]


def test_a_product_by_hand() -> None:
    op = operation(*LINES["product"])
    found = run(op, {"M": 2, "K": 2, "N": 1, "s": 0}, {"A": [[1, 2], [-128, 3]], "B": [[-128], [5]]})
    assert found["C"].tolist() == [[-118], [16399]]


def test_accumulation_saturates_at_each_step() -> None:
    op = operation({"A": "i8[K]", "C": "i8[M]"}, ["C[m] = accsat(-8, 7, A[k] for k in K)"])
    assert run(op, {"M": 1, "K": 4, "N": 1, "s": 0}, {"A": [5, 6, -3, -20]})["C"].tolist() == [-8]
    assert run(op, {"M": 1, "K": 3, "N": 1, "s": 0}, {"A": [5, 6, -3]})["C"].tolist() == [4]
    ragged = operation({"A": "i8[K]", "C": "i8[M]"}, ["C[m] = accsat(-8, 7, A[k] for k in m)"])
    assert run(ragged, {"M": 4, "K": 3, "N": 1, "s": 0}, {"A": [5, 6, -3]})["C"].tolist() == [0, 5, 7, 4]


def test_shift_per_element_and_every_alias() -> None:
    op = operation({"A": "i8[M]", "S": "u3[M]", "C": "i8[M]"}, ["C[m] = round(A[m], S[m], half_even)"])
    found = run(op, {"M": 4, "K": 1, "N": 1, "s": 0}, {"A": [5, 6, 7, -5], "S": [1, 2, 0, 1]})
    assert found["C"].tolist() == [2, 2, 7, -2]


def test_overflow_policies() -> None:
    tensors, line = {"A": "i8[M]", "C": "i4[M]"}, ["C[m] = A[m]"]
    arguments = ({"M": 3, "K": 1, "N": 1, "s": 0}, {"A": [7, 8, -9]})
    assert run(operation(tensors, line), *arguments)["C"].tolist() == [7, -8, 7]
    assert run(operation(tensors, line, {"C": "saturate"}), *arguments)["C"].tolist() == [7, 7, -8]
    with pytest.raises(ExprError) as caught:
        run(operation(tensors, line, {"C": "never"}), *arguments)
    assert caught.value.code == "overflow"


def test_empty_sums_are_zero() -> None:
    op = operation(*LINES["product"])
    assert (
        run(op, {"M": 2, "K": 0, "N": 3, "s": 0}, {"A": np.zeros((2, 0)), "B": np.zeros((0, 3))})["C"].tolist()
        == [[0] * 3] * 2
    )


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("C[m] = A[m+1]", "index"),
        ("C[m] = A[m-1]", "index"),
        ("C[m] = A[m] // (A[m] - A[m])", "zero"),
        ("C[m] = round(A[m], A[m] - 300, floor)", "negative"),
        ("C[m] = 2 ** 9999", "large"),
        ("C[m] = sum(A[k] for k in M + 1)", "index"),
        ("C[m] = A[m, 0]", "rank"),
    ],
)
def test_failures_have_a_code_and_a_place(line: str, code: str) -> None:
    op = operation({"A": "i8[M]", "C": "i8[M]"}, [line])
    with pytest.raises(ExprError) as caught:
        run(op, {"M": 2, "K": 1, "N": 1, "s": 0}, {"A": [1, 2]})
    assert caught.value.code == code
    assert caught.value.offset >= 7


def test_inputs_must_have_their_shape() -> None:
    with pytest.raises(ValueError, match="shape"):
        run(operation(*LINES["product"]), {"M": 2, "K": 2, "N": 1, "s": 0}, {"A": [[1]], "B": [[1]]})


def test_memory_stays_bounded_and_time_short() -> None:
    op = operation(*LINES["general"])
    shape = {"M": 100, "K": 300, "N": 200, "s": 0}
    a, b = np.ones((100, 300), np.int64), np.full((300, 200), -2)
    begin = time.perf_counter()
    assert int(run(op, shape, {"A": a, "B": b})["C"][99, 199]) == 300 - 300 * 299 // 2
    assert time.perf_counter() - begin < 5
