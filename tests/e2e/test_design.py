"""What is wrong with RTL, and what is meant to be wrong with it: the stage that says so, and that nothing of it ran."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pipeline.domain.outcome import Outcome, Verdict

pytestmark = [pytest.mark.sim, pytest.mark.xdist_group("e2e")]

END = "endmodule\n"


def before_end(body: str) -> tuple[str, str]:
    return END, f"  {body}\n{END}"


def line_of(files: dict[str, bytes], text: str, name: str = "adder.sv") -> int:
    return files[name].decode().split("\n").index(text) + 1


def test_a_pin_that_does_not_exist(check: Any, kit: Any) -> None:
    files = kit.adder(('ready = "c_ready_i"', 'ready = "c_ready"'))
    answer = check(files)
    answer.refused_by("gate", "E-MAN-080", "E-MAN-089")
    line = line_of(files, 'ready = "c_ready"', "assay.toml")
    assert f"assay.toml:{line}:10  E-MAN-080" in answer.out
    assert "'c_ready_i'" in answer.out


def test_a_pin_of_another_width(korean: Any, kit: Any) -> None:
    files = kit.adder(('tensors = { A = "u8[L]", C', 'tensors = { A = "u16[L]", C'))
    answer = korean(files)
    answer.refused_by("gate", "E-MAN-085")
    assert answer.first("E-MAN-085").args == {
        "field": "data", "channel": "a", "packed": "16", "signal": "a_data_i", "width": "8",
    }  # fmt: skip
    assert "assay.toml:" in answer.out


def test_a_top_that_does_not_exist(check: Any, kit: Any) -> None:
    answer = check(kit.adder(('top = "adder"', 'top = "adderr"')))
    answer.refused_by("gate", "G-041")
    assert "There is no module 'adderr'; the files declare: adder" in answer.out


def test_a_syntax_error(check: Any, kit: Any) -> None:
    files = kit.adder(("  assign take      = a_valid_i && a_ready_o;", "  assign take      = a_valid_i && ;"))
    answer = check(files)
    answer.refused_by("gate", "G-040")
    place = f"adder.sv:{line_of(files, '  assign take      = a_valid_i && ;')}:"
    assert place in answer.out
    assert "a_valid_i && ;" in answer.out
    assert "^" in answer.out


def test_a_combinational_loop_is_the_designs_fault(check: Any, kit: Any) -> None:
    ready = "assign a_ready_o = !full_q || (c_ready_i && !fault_i[0]);"
    answer = check(kit.adder((ready, "assign a_ready_o = (!full_q || c_ready_i) ^ (take && fault_i[2]);")))
    assert (answer.verdict, answer.code) == (Verdict.REJECTED, 1)
    assert (answer.outcomes["lint"], answer.outcomes["build"]) == (Outcome.FAILED, Outcome.FAILED)
    assert {finding.outcome for finding in answer.findings()} == {Outcome.FAILED}
    assert "L-004" in answer.rules("lint")
    assert answer.rules("build") == {"B-003"}
    assert all(finding.location.file == "adder.sv" for finding in answer.findings("build"))
    assert answer.outcomes["simulate"] is Outcome.SKIPPED


RTL: dict[str, tuple[Callable[[str], bytes], str, int]] = {
    "latin-1 in a comment": (lambda text: text.replace("// One", "// café: one").encode("latin-1"), "G-001", 1),
    "utf-16": (lambda text: text.encode("utf-16"), "G-001", 1),
    "null byte": (lambda text: text.replace("  logic full_q", "  logic\0 full_q").encode(), "G-002", 16),
    "escape sequence": (lambda text: text.replace("// One", "// \x1b[2J\x1b[32mACCEPTED").encode(), "G-002", 1),
    "text from right to left": (lambda text: text.replace("// One", "// \u202e One").encode(), "G-003", 1),
}  # fmt: skip


@pytest.mark.parametrize("case", RTL)
def test_rtl_in_another_encoding(check: Any, kit: Any, case: str) -> None:
    encode, rule, line = RTL[case]
    files = kit.adder()
    answer = check(files | {"adder.sv": encode(files["adder.sv"].decode())})
    assert rule in answer.rules()
    answer.refused_by("gate", *answer.rules())
    assert f"adder.sv:{line}:" in answer.out


def test_korean_comments_are_welcome(check: Any, kit: Any) -> None:
    answer = check(kit.adder(("// One register", "// 가산기. One register"), ('top = "adder"', 'top = "no"')))
    answer.refused_by("gate", "G-041")


IDENTIFIERS = {
    "markup": r"\<script>alert(1)</script> ",
    "shell": r"\$(touch${IFS}pwned);`id` ",
    "console markup": r"\[bold]x[/bold] ",
    "placeholder": r"\{text}{0.__class__} ",
}


@pytest.mark.parametrize("case", IDENTIFIERS)
def test_a_hostile_identifier_is_shown_as_text(check: Any, kit: Any, case: str) -> None:
    name = IDENTIFIERS[case]
    answer = check(kit.adder(before_end(f"no_such u1 (.{name}(clk_i));")))
    assert (answer.verdict, answer.outcomes["gate"]) == (Verdict.REJECTED, Outcome.FAILED)
    assert name.strip() in answer.out


FORGERIES = {
    "results rewritten at the end": (
        'int f; final begin f = $fopen("record.bin", "w"); $fwrite(f, "pass"); $fclose(f); end', "G-011",
    ),
    "tables written at the end": ('logic [7:0] m[2]; final $writememh("coverage.dat", m);', "G-011"),
    "our sink forced": ("initial force assay_harness.sink1.ready_o = 1'b1;", "G-021"),
    "our counter written": ("initial assay_harness.sink1.cycle_i = 0;", "G-024"),
    "our counter written from above": ("initial sink1.cycle_i = 0;", "G-045"),
    "our sink from the root": ("wire seen = $root.assay_harness.sink1.ready_o;", "G-023"),
    "the simulation ended early": ("initial #1 $finish;", "G-015"),
    "the judge's result written": ('initial $system("echo ok > judgement.json");', "G-010"),
}  # fmt: skip


@pytest.mark.parametrize("case", FORGERIES)
def test_a_forgery_is_refused_before_anything_runs(check: Any, kit: Any, case: str) -> None:
    body, rule = FORGERIES[case]
    files = kit.adder(before_end(body))
    answer = check(files)
    assert rule in answer.rules()
    answer.refused_by("gate", *answer.rules())
    assert f"adder.sv:{line_of(files, f'  {body}')}:" in answer.out
    skipped = {name: step.attempt for name, step in answer.steps.items() if step.spec.stage not in {"intake", "gate"}}
    assert {"build", "simulate.0", "judge.0"} <= set(skipped)
    assert set(skipped.values()) == {0}
