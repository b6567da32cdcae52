"""Manifests as no person would write them: a contract, or diagnostics that can be shown; never anything else, and soon."""

from __future__ import annotations

import re
import time
from functools import cache
from pathlib import Path
from string import Formatter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.messages import LANGUAGES, message, rules
from verif.contract.check import check_contract
from verif.contract.diagnostic import Diagnostic
from verif.contract.explain import explain
from verif.contract.read import read_manifest
from verif.testplan.select import make_plan

ROOT = Path(__file__).resolve().parents[3]
BASE = (ROOT / "rtl" / "gemm_axis" / "assay.toml").read_text()
SLOW_S = 2.0  # of CPU time; nearly every example takes 30 ms, a few hundredfold grids take a second
REPEATABLE = settings(derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])

TOKEN = re.compile(r"[A-Za-z_]\w*|\d+|.", re.DOTALL)
VALUE = re.compile(r'(?<== )("[^"\n]*"|-?\d+|true|false|\[[^\[\]\n]*\]|\{[^{}\n]*\})')
QUOTED = re.compile(r'"([^"\n]+)"')
WORD = re.compile(r"[A-Za-z_]\w*|\d+|[^\sA-Za-z0-9_]+|\s+")
ANYTHING = (
    "0", "-1", "9" * 25, "9" * 4500, "1e999", "nan", "true", "1979-05-27", '""', "{}", "[[x]]", "[", "]", "{", "}", '"', "'",
    "=", "." * 40, "[" * 40, "{a=" * 40, '"""', "'''", "#", "\\", "\n", "\r", "\0", "\x1b[31m", "\u202e", "\ufeff", "\uff11",
    "한글", "\U0001f600", "operation", "[contract]", "steps", "param.N",
)  # fmt: skip
PIECES = (
    "0", "1", "-1", "255", "1000000000", "9" * 25, "0x" + "f" * 30, "**", "<<", ">>", "//", "%", "*", "-", "~", "==", "<",
    "and", "or", "not", "(", ")", "[", "]", ",", ":", "..", " for k in ", "sum(", "max(", "round(", "clip(", "pack(", "any(",
    "pad(", "bits(", "i8(", "u64(", "ceildiv(", " step ", " if K else ", "K", "M", "N", "T", "A", "S", "mt",
    "0..99999999999", "1..0", "i8[M]", "u64[K,K]", "K**K", "K<<40", "//0", "lambda: 0", "__import__('os')", "²", "{name}",
)  # fmt: skip
VALUES = (
    "1", "0", "true", "3.5", "nan", "[]", "{}", "{a=1}", "1979-05-27", '"x"', '""', "9" * 30, '["k: K"]', '["k: K","k: K"]',
    '"0..0"', '"0..99999999999999999999"', '[1,"K",3]', '"wrap"', '"K*K*K*K*K*K"', '"1..2**63"', "[" * 9 + "]" * 9,
)  # fmt: skip


@st.composite
def mutated(draw: st.DrawFn, base: str) -> str:
    """One to four accidents: lines lost, doubled or moved; tokens, values, and parts of strings replaced."""
    text = base
    for kind in draw(
        st.lists(st.sampled_from([_lines, _tokens, _values, _strings, _strings, _noise]), min_size=1, max_size=4)
    ):
        text = kind(draw, text)
    return text


def _lines(draw: st.DrawFn, text: str) -> str:
    lines = text.split("\n")
    at, to = (draw(st.integers(0, len(lines) - 1)) for _ in range(2))
    what = draw(st.sampled_from(["lose", "double", "swap"]))
    if what == "swap":
        lines[at], lines[to] = lines[to], lines[at]
    elif what == "double":
        lines.insert(to, lines[at])
    else:
        del lines[at]
    return "\n".join(lines)


def _tokens(draw: st.DrawFn, text: str) -> str:
    return _replaced(draw, text, TOKEN, ANYTHING)


def _values(draw: st.DrawFn, text: str) -> str:
    return _replaced(draw, text, VALUE, VALUES)


def _replaced(draw: st.DrawFn, text: str, pattern: re.Pattern[str], pool: tuple[str, ...]) -> str:
    places = list(pattern.finditer(text))
    if not places:
        return text
    place = draw(st.sampled_from(places))
    return text[: place.start()] + draw(st.sampled_from((*pool, ""))) + text[place.end() :]


def _strings(draw: st.DrawFn, text: str) -> str:
    """A part of a string: most of the grammar stands inside strings, and the text stays TOML."""
    places = list(QUOTED.finditer(text))
    if not places:
        return text
    place = draw(st.sampled_from(places))
    return text[: place.start(1)] + _replaced(draw, place[1], WORD, PIECES) + text[place.end(1) :]


def _noise(draw: st.DrawFn, text: str) -> str:
    at = draw(st.integers(0, len(text)))
    return text[:at] + draw(st.text(max_size=6)) + text[at:]


@cache
def fields(rule: str) -> frozenset[str]:
    templates = [text for part in rules()[rule].values() for text in part.values()]
    return frozenset(name for text in templates for _, name, _, _ in Formatter().parse(text) if name)


def look_at(found: list[Diagnostic], text: str) -> None:
    """Every diagnostic has a message whose values are all there and fit to be shown, and a place inside the text."""
    lines = text.replace("\r\n", "\n").split("\n")
    for one in found:
        assert one.rule in rules()
        assert fields(one.rule) <= set(one.args), one
        assert all(value.isprintable() and len(value) <= 100 for value in one.args.values()), one
        assert 1 <= one.span.line <= len(lines), one
        line = lines[one.span.line - 1]
        assert 1 <= one.span.column <= len(line) + 1, one
        assert one.span.length >= 1, one
        assert one.span.column - 1 + one.span.length <= max(len(line), one.span.column), one
        assert all(message(one.rule, one.args, lang).rule == one.rule for lang in LANGUAGES)


@given(mutated(BASE))
@settings(REPEATABLE, max_examples=400)
def test_a_mutated_manifest_gives_a_contract_or_diagnostics(text: str) -> None:
    begun = time.process_time()
    contract, found = read_manifest(text)
    assert (contract is None) == bool(found)
    if contract is not None:
        found = check_contract(contract)
    look_at(found, text)
    if contract is not None and not any(one.severity == "error" for one in found):
        assert all(explain(operation) for operation in contract.operations)
        assert make_plan(contract, "core-1", ("V1",), 1, 0).testpoints
    assert time.process_time() - begun < SLOW_S


@given(st.text(max_size=80), st.integers(1, 300))
@settings(REPEATABLE, max_examples=150)
def test_any_text_gives_diagnostics(text: str, times: int) -> None:
    whole = text * times
    contract, found = read_manifest(whole)
    assert contract is None
    assert found
    look_at(found, whole)


# Found by these tests, or by looking where they pointed: (text in BASE, what to put there, rules it must give). Each once
# raised, took half a minute, or would have kept the golden model busy for days.
REGRESSIONS: dict[str, tuple[str, str, set[str]]] = {
    "a shift by more than a machine word": ("k == K-1", "k == (K >> 18446744073709551616) + K-1", set()),
    "one unsigned number of 64 bits": ("A[mt*T+i, k]", "A[(u64(-1) & mt)*T+i, k]", set()),
    "a sum over a thousand million": ("for k in K", "for k in (K << 25)", {"E-MAN-039"}),
    "a sum over more than memory": ("for k in K", "for k in (K << 40)", {"E-MAN-039"}),
    "sums whose product is large": ("for k in K", "for k in K for x in 3000000 for y in 3000000", {"E-MAN-039"}),
    "a sum inside a sum": ("* B[k,n] for", "* B[k,n] * sum(x for x in 3000000) for", {"E-MAN-039"}),
}


@pytest.mark.parametrize("case", REGRESSIONS)
def test_what_was_found_once(case: str) -> None:
    find, put, wanted = REGRESSIONS[case]
    assert find in BASE
    begun = time.process_time()
    text = BASE.replace(find, put, 1)
    contract, found = read_manifest(text)
    assert contract is not None, found
    found = check_contract(contract)
    look_at(found, text)
    assert {one.rule for one in found if one.severity == "error"} == wanted
    assert time.process_time() - begun < SLOW_S
