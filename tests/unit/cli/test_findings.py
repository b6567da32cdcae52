from __future__ import annotations

import pytest

from pipeline.cli.divergence import divergence_lines, one_line
from pipeline.cli.findings import Group, finding_blocks, finding_lines, groups
from pipeline.cli.terminal import Face
from pipeline.domain.finding import Finding, Location
from pipeline.domain.outcome import Outcome
from pipeline.domain.readings import Explained, Reading
from verif.judge.fault import Divergence

FACE = Face("en", utf8=True, width=80)


def divergence(expected: int = 43, observed: int = 1, bits: int = 8) -> Divergence:
    return Divergence(18, "gemm", {"M": 8}, "c", 3, 0, "C[3,0]", expected, observed, bits, 1419, 2, 64)


def printed(finding: Finding, again: str = "", face: Face = FACE) -> list[str]:
    return [line.plain for line in finding_lines(Group(finding, 1), again, face)]


def test_place_rule_source_and_caret() -> None:
    place = Location("assay.toml", 23, 6, 3, "가나 = 1 # x")
    lines = printed(Finding("E-MAN-014", Outcome.FAILED, location=place, args={"key": "x"}))
    assert lines[0].startswith("✗ assay.toml:23:6  E-MAN-014  ")
    assert lines[1] == "    23 | 가나 = 1 # x"
    # column 6 is the 1: two wide characters stand before it
    assert lines[2] == "       | " + " " * 7 + "^^^"


def test_caret_stays_inside_the_line() -> None:
    place = Location("a.sv", 1, 90, 40, "short")
    assert printed(Finding("E-MAN-014", Outcome.FAILED, location=place))[2] == "       |      ^"
    zero = Location("a.sv", 1, 0, 0, "short")
    assert printed(Finding("E-MAN-014", Outcome.FAILED, location=zero))[2] == "       | ^"


def test_hostile_text_is_printed_as_text() -> None:
    place = Location("a[/b]\x1b[2J.sv", 1, 1, 1, "[link=http://x]\x1b]0;y\x07")
    text = "\n".join(printed(Finding("E-MAN-014", Outcome.FAILED, location=place, args={"key": "{0.__class__}\x9b1m"})))
    assert "a[/b] [2J.sv:1:1" in text
    assert "[link=http://x]" in text
    assert "{0.__class__}" in text
    assert not {"\x1b", "\x07", "\x9b"} & set(text)


def test_divergence_shows_both_values_and_the_bits_that_differ() -> None:
    lines = [line.plain for line in divergence_lines(divergence(), FACE)]
    assert lines[0] == "   operation 18 gemm  channel c  beat 3  lane 0  C[3,0]  cycle 1419"
    assert lines[1] == "     expected  43  0x2b  0010 1011"
    assert lines[2] == "     observed   1  0x01  0000 0001"
    assert lines[3] == "     differs               ^  ^ ^"
    assert "2 of 64 beats differ" in lines[4]


def test_negative_values_show_the_bits_of_their_width() -> None:
    assert "-1 (0xff)" in one_line(divergence(-1, 127), "en")
    lines = [line.plain for line in divergence_lines(divergence(-1, 127), FACE)]
    assert lines[1].split()[-3:] == ["0xff", "1111", "1111"]
    assert lines[3].index("^") == lines[2].index("0111 1111")
    assert lines[3].count("^") == 1


def test_wide_values_show_no_bits() -> None:
    lines = [line.plain for line in divergence_lines(divergence(1 << 60, 0, 64), FACE)]
    assert lines[1].endswith("0x1000000000000000")
    assert "differs" not in "".join(line.split("  ")[2] for line in lines[:3])


def test_korean_words_keep_the_columns() -> None:
    lines = divergence_lines(divergence(), Face("ko"))
    assert lines[1].cell_len == lines[2].cell_len
    assert lines[1].plain.startswith("     기댓값 ")


def test_same_failures_are_counted_and_the_faults_of_the_design_come_first() -> None:
    ours = Finding("P-301", Outcome.BROKEN)
    note = Finding("P-007", Outcome.PASSED, severity="note")
    theirs = [Finding("J-001", Outcome.FAILED, testpoint="ROB-01", seed=seed) for seed in (1, 2, 3)]
    found = groups([note, ours, *theirs])
    assert [(group.first.rule, group.count) for group in found] == [("J-001", 3), ("P-301", 1), ("P-007", 1)]
    text = "\n".join(line.plain for line in finding_blocks(theirs, {theirs[0].id: "assay repro 1 --x"}, FACE))
    assert "seed 0x0000000000000001" in text
    assert "the same 2 more times" in text
    assert "assay repro 1 --x" in text


def test_long_lists_end_with_how_many_more() -> None:
    many = [Finding("J-001", Outcome.FAILED, testpoint=f"FUN-{number:02}") for number in range(13)]
    lines = [line.plain for line in finding_blocks(many, {}, FACE)]
    assert lines[-1].strip().startswith("3 more kinds of findings")


@pytest.mark.parametrize(("outcome", "mark"), [(Outcome.FAILED, "x"), (Outcome.BROKEN, "!")])
def test_whose_fault_shows_without_utf8(outcome: Outcome, mark: str) -> None:
    assert printed(Finding("J-001", outcome), face=Face("en", utf8=False))[0].startswith(f"{mark} J-001")


def test_what_explains_several_findings_is_said_once() -> None:
    reading = Reading("gemm.C.relu", "variant_relu_added", {"target": "C"})
    explained = Explained(158, 2384, 28, (reading,))
    found = [
        Finding("J-002", Outcome.FAILED, testpoint=name, seed=1, divergence=divergence(), explained=explained)
        for name in ("PRO-01", "PRO-02", "FUN-01")
    ]
    lines = [line.plain for line in finding_blocks(found, {}, FACE)]
    assert sum("consistent with" in line.lower() for line in lines) == 1
    assert sum("2 of 64 beats differ" in line for line in lines) == 3
