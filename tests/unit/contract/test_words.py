"""Math in words: what a line does, in the order in which it does it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from verif.contract.descriptions import read_texts
from verif.contract.model import Operation, Span, Text
from verif.contract.read import read_manifest
from verif.contract.rounding import MODES
from verif.contract.words import math_words

ROOT = Path(__file__).resolve().parents[3]
SAID = {
    "clip(round(relu(S[m,n]) * mult, shift, half_up), -128, 127)": (
        "S[m, n] after relu, multiplied by mult, shifted right by shift with rounding half up (pos_inf), "
        "clipped to -128..127"
    ),
    "sum(A[m,k] * B[k,n] for k in K)": "the sum over k < K of A[m, k] * B[k, n]",
    "accsat(-8, 7, A[m,k] for k in K)": ("the sum over k < K of A[m, k], kept within -8..7 after every addition"),
    "A[m,n] + B[m,n]": "A[m, n] + B[m, n]",
    "relu(A[m,n]) - (B[m,n] + 1)": "A[m, n] after relu, minus B[m, n] + 1",
    "2 * relu(A[m,n])": "A[m, n] after relu, multiplied by 2",
    "relu(A[m,n]) * (x + 1)": "A[m, n] after relu, multiplied by (x + 1)",
    "relu(A[m,n]) >> 3": "A[m, n] after relu, shifted right by 3, rounded down",
    "1 - relu(A[m,n])": "1 - relu(A[m, n])",
    "i8(relu(A[m,n]))": "A[m, n] after relu, wrapped to 8 signed bits",
    "max(relu(A[m,n]), 3)": "A[m, n] after relu, at least 3",
    "relu(A[m,n]) if x > 0 else 0": "A[m, n] after relu when x > 0, otherwise 0",
}


@pytest.fixture(scope="module")
def operation() -> Operation:
    contract, _ = read_manifest((ROOT / "rtl" / "gemm_axis" / "assay.toml").read_text())
    assert contract is not None
    return contract.operations[0]


def with_math(operation: Operation, body: str) -> Operation:
    return replace(operation, math=(Text(f"C[m,n] = {body}", Span(1, 1)),), overflow={})


@pytest.mark.parametrize(("body", "said"), SAID.items())
def test_a_line_is_said_in_its_order(operation: Operation, body: str, said: str) -> None:
    assert math_words(with_math(operation, body), "en") == (f"C[m, n] is {said}",)


@pytest.mark.parametrize("mode", MODES)
def test_every_rounding_mode_has_its_words_with_its_name(operation: Operation, mode: str) -> None:
    for lang in ("en", "ko"):
        (line,) = math_words(with_math(operation, f"round(A[m,n], 3, {mode})"), lang)
        assert f"({mode})" in line


def test_korean_says_the_same_steps(operation: Operation) -> None:
    body = "clip(round(relu(S[m,n]) * mult, shift, half_up), -128, 127)"
    (line,) = math_words(with_math(operation, body), "ko")
    places = [line.index(word) for word in ("S[m, n]", "relu", "mult", "shift", "pos_inf", "-128..127")]
    assert places == sorted(places)
    assert "multiplied" not in line


def test_overflow_is_said(operation: Operation) -> None:
    tensors = dict(operation.tensors)
    said = math_words(replace(operation, overflow={"S": "wrap", "C": "saturate"}, tensors=tensors), "en")[-2:]
    assert said == ("S keeps the low 32 bits of what it is given", "C saturates to -128..127")


def test_every_text_has_both_languages_and_the_same_values() -> None:
    for key, texts in read_texts("words.toml").items():
        fields = [sorted(part.split("}")[0] for part in text.split("{")[1:]) for text in (texts["en"], texts["ko"])]
        assert set(texts) == {"en", "ko"}, key
        assert fields[0] == fields[1], key
