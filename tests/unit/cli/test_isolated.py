"""The failure that was taken apart, in a terminal; and the options that run it again."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from rich.cells import cell_len

from pipeline.cli.findings import groups
from pipeline.cli.isolated import isolated_lines, window_lines
from pipeline.cli.terminal import Face
from pipeline.domain.finding import Finding
from pipeline.domain.isolated import Isolated, Signal, Window
from pipeline.domain.outcome import Outcome
from pipeline.domain.run import StageResult, StepSpec
from pipeline.domain.run import TestpointCount as Count
from pipeline.ports import StageContext
from pipeline.testing import scripted_intake, scripted_stages

CYCLES = tuple(range(1413, 1426))
MARK = 1419
WINDOW = Window(
    channel="c",
    cycle=MARK,
    hang=False,
    cycles=CYCLES,
    operations=tuple(18 if cycle in {1413, MARK} else None for cycle in CYCLES),
    beats=tuple({1413: 2, MARK: 3}.get(cycle) for cycle in CYCLES),
    signals=(
        Signal("clk_i", "clock", ()),
        Signal("in_reset", "reset", ("0",) * 13),
        Signal("c_valid", "valid", ("1",) * 13),
        Signal("c_ready", "ready", tuple("1000001000000")),
        Signal("c_data[23:0]", "bus", ("1c1101",) * 7 + ("d8d85f",) * 6, ("",) + ("ce652b",) * 6 + ("",) * 6, cut=True),
    ),
)
FOUND = Finding("J-009", Outcome.FAILED, args={"channel": "c", "cycles": "7"}, testpoint="FUN-01", seed=7)
KNOWN = Isolated(FOUND.id, "J-009", "FUN-01", 7, True, (), (17, 18), 40, True, 23, None, WINDOW)


def shown(known: Isolated, face: Face) -> list[str]:
    return [row.plain for row in isolated_lines(known, face)]


@pytest.mark.parametrize("width", [60, 80, 100, 160])
def test_the_table_fits_and_never_loses_the_cycle_that_counts(width: int) -> None:
    rows = shown(KNOWN, Face(width=width))
    assert max(map(len, rows)) <= width
    head, valid, ready, data, expected = next(rows[at : at + 5] for at, row in enumerate(rows) if ">1419" in row)
    column = head.index(">1419") + 5
    assert [row[:column].rsplit(maxsplit=1)[-1] for row in (valid, ready, data, expected)] == ["1", "1", "1c1101", "ce652b"]


def test_a_wide_terminal_adds_cycles() -> None:
    heads = [window_lines(WINDOW, Face(width=width))[0].plain.split()[1:] for width in (60, 80, 160)]
    assert len(heads[0]) < len(heads[1]) < len(heads[2]) == 13


def test_clock_and_idle_reset_are_left_out_and_a_reset_that_acts_is_not() -> None:
    text = "\n".join(shown(KNOWN, Face(width=160)))
    assert "clk_i" not in text
    assert "in_reset" not in text
    reset = replace(WINDOW, signals=(*WINDOW.signals, Signal("in_reset", "reset", tuple("1100000000000"))))
    assert "in_reset" in "\n".join(row.plain for row in window_lines(reset, Face(width=160)))


def test_what_is_said_of_it() -> None:
    rows = shown(KNOWN, Face(width=160))
    assert rows[0].strip() == "Fails alone; it takes 2 of its 40 operations: number 17, 18."
    assert "cycle 1419: beat 3 of operation 18" in rows[-1]
    assert "(40)" in shown(replace(KNOWN, ops=(), window=None), Face())[0]
    after = replace(KNOWN, alone=False, ops=(), prefix=(("A", 1),) * 1234, window=None)
    assert "after the 1,234 jobs before it" in shown(after, Face())[0]
    hang = replace(KNOWN, window=replace(WINDOW, hang=True))
    assert "no beat crosses after cycle 1419" in shown(hang, Face(width=160))[-1]


def test_korean_columns_are_aligned_by_cells() -> None:
    rows = shown(KNOWN, Face("ko", width=160))
    assert "단독으로 불합격합니다" in rows[0]
    assert len({cell_len(row) for row in rows[1:6]}) == 1


def test_hostile_names_stay_in_their_place() -> None:
    hostile = Signal("a\x1b[31m\n[bold]" * 20, "valid", ("1",) * 13)
    rows = shown(replace(KNOWN, window=replace(WINDOW, signals=(hostile,))), Face(width=160))
    assert "\x1b" not in "".join(rows)
    assert len(rows) == 4


def test_the_isolated_finding_stands_for_its_group() -> None:
    other = replace(FOUND, seed=8)
    assert [group.first for group in groups([other, FOUND])] == [other]
    assert [(group.first, group.count) for group in groups([other, FOUND], FOUND.id)] == [(FOUND, 2)]


def judge(context: StageContext) -> StageResult:
    failed = context.step.spec.index == 1
    findings = (replace(FOUND, seed=8), FOUND) if failed else ()
    return StageResult(
        Outcome.FAILED if failed else Outcome.PASSED, findings, testpoints=(Count("FUN-01", 1, 1, int(failed), 64),)
    )


def intake(context: StageContext) -> StageResult:
    result = scripted_intake()(context)
    return replace(result, next_steps=(*result.next_steps, StepSpec("isolate", after=("judge.0", "judge.1"))))


def isolate(context: StageContext) -> StageResult:
    metrics = {"isolate_trials": 23.0, "isolate_operations": 2.0, "isolate_of_operations": 40.0}
    evidence = (context.write("failure", json.dumps(KNOWN.to_json()).encode()),)
    return StageResult(Outcome.PASSED, evidence=evidence, metrics=metrics)


def test_check_shows_the_window_and_the_smallest_line(bench: Any) -> None:
    bench.stages = scripted_stages(intake=intake, judge=judge, isolate=isolate)
    answer = bench("check", "npu8")
    assert answer.code == 1
    assert ">1419" in answer.out
    assert "takes 2 of 40 operations" in answer.out
    assert "assay repro npu8 --testpoint FUN-01 --seed 0x0000000000000007 --ops 17,18" in answer.out
    told = bench("check", "npu8", "--json").json
    assert told["isolated"]["window"]["cycle"] == MARK
    lines = {entry["seed"]: entry["reproduce"] for entry in told["findings"]}
    assert lines[7].endswith("--ops 17,18")
    assert lines[8].endswith("--seed 0x0000000000000008")


def test_repro_takes_operations_and_prefix(submitted: Any) -> None:
    submitted("repro", "1", "--testpoint", "FUN-01", "--seed", "0x7", "--ops", "18, 17,17", "--prefix")
    assert (submitted.asked["ops"], submitted.asked["prefix"]) == ((17, 18), True)
    submitted("repro", "1", "--testpoint", "FUN-01", "--seed", "0x7")
    assert (submitted.asked["ops"], submitted.asked["prefix"]) == ((), False)


@pytest.mark.parametrize("ops", ["x", "1,,2", "-1", "1-3", "1.5", "²", "9999999", "1,"])
def test_what_is_no_list_of_operations_is_usage(submitted: Any, ops: str) -> None:
    answer = submitted("repro", "1", "--testpoint", "FUN-01", "--seed", "0x7", f"--ops={ops}")
    assert answer.code == 2
    assert "U-933" in answer.out + answer.err
