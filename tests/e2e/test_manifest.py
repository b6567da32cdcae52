"""What users get wrong in assay.toml, up to the terminal: rule, place, caret, what was expected, what to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pipeline.domain.finding import Location

pytestmark = [pytest.mark.sim, pytest.mark.xdist_group("e2e")]


def test_no_manifest(check: Any, kit: Any) -> None:
    files = kit.adder()
    answer = check({"adder.sv": files["adder.sv"]})
    answer.refused_by("intake", "I-022")
    assert "no assay.toml" in answer.out
    assert "adder.sv" in answer.out


def test_a_manifest_of_another_name(korean: Any, kit: Any) -> None:
    files = kit.adder()
    files["asay.toml"] = files.pop("assay.toml")
    answer = korean(files)
    answer.refused_by("intake", "I-020")
    assert "asay.toml" in answer.out
    assert "부적합" in answer.out


def test_everything_wrong_is_said_at_once(check: Any, kit: Any) -> None:
    files = kit.adder(
        ('handshake = "ready_valid"\nvalid = "a_valid_i"', 'handshake = "ready_vaild"\nvalid = "a_valid_i"'),
        ('port = "clk_i"', 'port = "clk_i"\nperiod = 1000'),
        ('math = ["C[l] = A[l] + p"]', 'math = ["C[l] = A[l] + "]'),
        ("active = 0", "active = 7"),
    )
    answer = check(files)
    answer.refused_by("intake", "E-MAN-013", "E-MAN-014", "E-MAN-018", "E-MAN-020")
    lines = answer.out[answer.out.index("assay.toml:17:14  E-MAN-013") :].splitlines()
    assert lines[1] == '    17 | handshake = "ready_vaild"'
    assert lines[2] == "       |              ^^^^^^^^^^^"
    assert lines[3].strip() == "'ready_vaild' is not a value of 'handshake'"
    assert lines[4].strip().startswith("expected: one of ready_valid")
    assert "'ready_valid'" in lines[5]


def test_an_unknown_key_suggests_the_near_one(korean: Any, kit: Any) -> None:
    answer = korean(kit.adder(('port = "rst_ni"\nactive', 'port = "rst_ni"\nactiv')))
    answer.refused_by("intake", "E-MAN-014")
    assert answer.first("E-MAN-014").args["suggestion"] == "active"
    assert "assay.toml:12:1  E-MAN-014" in answer.out
    assert "키가 아닙니다" in answer.out


@pytest.mark.parametrize(("cut", "line"), [('top = "adder"\n', 6), ('dir = "out"\n', 22)])
def test_a_line_cut_in_the_middle(check: Any, kit: Any, cut: str, line: int) -> None:
    answer = check(kit.adder((cut, cut[:6] + "\n")))
    answer.refused_by("intake", "E-MAN-002")
    assert answer.first("E-MAN-002").location.line == line


ENCODINGS: dict[str, tuple[Callable[[str], bytes], str, int]] = {
    "utf-16": (lambda text: text.encode("utf-16"), "I-035", 1),
    "latin-1": (lambda text: text.replace('name = "adder"', 'name = "addé"').encode("latin-1"), "I-035", 5),
    "euc-kr": (lambda text: text.replace("[design]", "# 가산기\n[design]").encode("euc-kr"), "I-035", 4),
    "byte order mark": (lambda text: text.encode("utf-8-sig"), "E-MAN-002", 1),
    "null bytes": (lambda text: text.replace("[clock]", "[clo\0ck]").encode(), "E-MAN-002", 8),
    "nothing": (lambda _text: b"", "E-MAN-011", 1),
}


@pytest.mark.parametrize("case", ENCODINGS)
def test_a_manifest_in_another_encoding(check: Any, kit: Any, case: str) -> None:
    encode, rule, line = ENCODINGS[case]
    files = kit.adder()
    answer = check(files | {"assay.toml": encode(files["assay.toml"].decode())})
    answer.refused_by("intake", rule)
    assert answer.first(rule).location.line == line


def test_line_ends_of_another_system_change_nothing(check: Any, kit: Any) -> None:
    files = kit.adder(('top = "adder"', 'top = "addr"'))
    answer = check(files | {name: data.replace(b"\n", b"\r\n") for name, data in files.items()})
    answer.refused_by("gate", "G-041")


HOSTILE = r"<script>alert(1)</script> $(id) [bold]x[/bold] {name} \u001b[31m"


def test_hostile_texts_are_shown_as_text(check: Any, kit: Any) -> None:
    files = kit.adder(('name = "adder"', f'name = "{HOSTILE}"'), ('files = ["adder.sv"]', f'files = ["{HOSTILE}"]'))
    answer = check(files)
    answer.refused_by("intake", "E-MAN-012")
    assert "<script>alert(1)</script> $(id) [bold]x[/bold] {name} ?[31m" in answer.out
    assert answer.first("E-MAN-012").location == Location("assay.toml", 5, 9, len(HOSTILE), f'name = "{HOSTILE}"')


def test_nesting_and_numbers_beyond_reason(check: Any, kit: Any) -> None:
    deep = check(kit.adder(("[design]", f"x = {'[' * 500}{']' * 500}\n[design]")))
    deep.refused_by("intake", "E-MAN-003")
    long = check(kit.adder(('vars = { L = "1..8"', f'vars = {{ L = "1..{"9" * 300}**{"9" * 20}"')))
    long.refused_by("intake", "E-MAN-033")
