"""check, submit, watch, show, runs, report over a centre with scripted stages."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from rich.cells import cell_len

from pipeline.domain.outcome import Outcome
from pipeline.domain.run import StageResult
from pipeline.testing import scripted_stages

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.ports import StageContext

TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d"


def broken(_context: StageContext) -> StageResult:
    raise OSError("disk [bold]full")


def test_check_accepts(bench: Any) -> None:
    answer = bench("check", "npu8")
    assert answer.code == 0
    assert "✓ ACCEPTED  under core-1: 1 of 1 testpoints passed, 128 comparisons" in answer.out
    assert answer.out.rstrip().endswith("exit 0 (accepted)")
    assert answer.err == ""


def test_check_rejects_with_the_line_that_shows_it_again(rejecting: Any) -> None:
    answer = rejecting("check", "npu8")
    assert answer.code == 1
    assert "✗ REJECTED  under core-1: 1 of 1 testpoints failed: FUN-01" in answer.out
    assert "assay repro npu8 --testpoint FUN-01 --seed 0x0000000000000007" in answer.out
    assert "0x2b  0010 1011" in answer.out
    assert "the same 1 more times" in answer.out


def test_check_in_korean_without_utf8(rejecting: Any) -> None:
    rejecting.env = {"LC_ALL": "C"}
    answer = rejecting("check", "npu8", "--lang", "ko")
    assert answer.code == 1
    assert "x 부적합  core-1 기준: 시험항목 1개 중 1개 불합격: FUN-01" in answer.out
    assert "✗" not in answer.out


def test_broken_is_ours_and_leaves_it_open(bench: Any) -> None:
    bench.stages = scripted_stages(simulate=broken)
    answer = bench("check", "npu8")
    assert answer.code == 3
    assert "! INCONCLUSIVE" in answer.out
    assert "simulate broke, which is our fault" in answer.out
    assert "disk [bold]full" in answer.out
    assert "INCONCLUSIVE passed=0 failed=0 broken=1 skipped=0" in answer.out
    assert "Traceback" not in answer.out + answer.err


def test_level_0_is_never_certifiable(bench: Any) -> None:
    bench.level = 0
    answer = bench("check", "npu8", "--sandbox", "none")
    assert answer.code == 0
    assert "not certifiable" in answer.err
    assert "not certifiable" in answer.out
    assert bench("check", "npu8", "--json").json["certifiable"] is False
    bench.level = 2
    assert bench("check", "npu8", "--json").json["certifiable"] is True


def test_check_answers_a_machine_with_one_object(rejecting: Any) -> None:
    answer = rejecting("check", "npu8", "--json")
    assert answer.code == answer.json["exit_code"] == 1
    assert answer.json["verdict"] == "REJECTED"
    assert answer.json["counts"]["failed"] == 1
    assert answer.json["findings"][0]["message"]["rule"] == "J-001"
    assert answer.json["findings"][0]["reproduce"].startswith("assay repro npu8")
    assert answer.out.count("\n") == 1
    assert answer.err == ""


def test_check_writes_the_report(bench: Any, tmp_path: Path) -> None:
    answer = bench("check", "npu8", "--report", "out", "--lang", "ko")
    assert (tmp_path / "out" / "report.html").read_text() == "<p lang=ko>scripted"
    assert "out/report.html" in answer.out


def test_what_is_hostile_in_a_refused_package_stays_text(refusing: Any) -> None:
    answer = refusing("check", "npu8")
    assert answer.code == 1
    assert "rtl/[red]dma[/].sv:212:5  E-MAN-014" in answer.out
    assert '   212 |     $system("date");' in answer.out
    assert "stopped by intake" in answer.out


def test_the_queue_and_show_tell_the_same_as_check(submitted: Any) -> None:
    shown = submitted("show", "1", "--json").json
    checked = submitted("check", "npu8", "--json").json
    assert shown["digest"] == checked["digest"]
    assert submitted("show", "1").code == 0


def test_show_families_add_up(submitted: Any) -> None:
    out = submitted("show", "1").out
    head, row, total = (line.split() for line in out.splitlines() if re.match(r"  (family|FUN|all) ", line))
    assert head[:3] == ["family", "planned", "passed"]
    assert row[1:] == total[1:] == ["1", "1", "0", "0", "0", "0", "0", "2", "2", "2"]


def test_show_stages_in_two_columns_on_a_wide_terminal(submitted: Any) -> None:
    submitted.env = {"LC_ALL": "C", "COLUMNS": "120"}
    lines = submitted("show", "1", "--stages").out.splitlines()
    assert lines[1].lstrip().startswith("+ intake")
    assert re.search(r"\+ intake .*  \+ judge .*2 judged, 0 failed", lines[1])


def test_show_testpoints(submitted: Any) -> None:
    out = submitted("show", "1", "--testpoints").out
    assert re.search(r"✓ FUN-01 +passed +2/2 +128  scripted", out)


def test_korean_tables_keep_their_columns(submitted: Any) -> None:
    lines = submitted("show", "1", "--lang", "ko").out.splitlines()
    rows = [line for line in lines if re.match(r"  (FUN|전체) ", line)]
    assert len(rows) == 2
    assert len({cell_len(row) for row in rows}) == 1


def test_watch_in_a_pipe_is_one_line_an_event(submitted: Any) -> None:
    answer = submitted("watch", "1")
    lines = answer.out.splitlines()
    assert re.fullmatch(rf"{TIME} 1 submitted policy=core-1", lines[0])
    assert re.fullmatch(rf"{TIME} 1 intake passed \d+\.\ds", lines[1])
    decided = [line for line in lines if re.fullmatch(rf"{TIME} 1 ACCEPTED passed=1 failed=0 broken=0 skipped=0", line)]
    assert len(decided) == 1
    assert answer.code == 0


def test_watch_names_what_failed(rejecting: Any) -> None:
    out = rejecting("submit", "npu8").out
    assert re.search(r"run 1  [0-9a-f]{12}  npu8 under core-1", out)
    shown = rejecting("check", "npu8").out
    assert re.search(rf"{TIME} 1 judge\.0 failed \d+\.\ds FUN-01 rule=J-001 seed=0x0000000000000007", shown)


def test_watch_for_machines_is_one_event_a_line(submitted: Any) -> None:
    events = [json.loads(line) for line in submitted("watch", "1", "--json").out.splitlines()]
    assert [event["data"]["sequence"] if "sequence" in event["data"] else event["id"] for event in events]
    assert events[-1]["type"] == "assay.run.decided"
    assert {event["specversion"] for event in events} == {"1.0"}


def test_watch_on_a_screen_ends_with_the_summary(submitted: Any) -> None:
    submitted.tty = True
    answer = submitted("watch", "1")
    assert answer.code == 0
    assert "ACCEPTED" in answer.out
    assert "Ctrl-C leaves; the run goes on" in answer.out


def test_runs_lists_names_as_text(bench: Any) -> None:
    assert "No runs yet" in bench("runs").out
    bench("submit", "npu8", "--name", "[red]x[/]\x1b[2J")
    answer = bench("runs")
    assert "[red]x[/] [2J" in answer.out
    assert "no verdict yet" in answer.out
    assert bench("runs", "--json").json["runs"][0]["number"] == 1


def test_show_of_a_waiting_run_has_no_verdict_and_is_no_pass(bench: Any) -> None:
    bench("submit", "npu8")
    answer = bench("show", "1")
    assert answer.code == 3
    assert ". intake" in answer.out
    assert "no verdict yet" in answer.out
    assert bench("report", "1").code == 2


def test_report_writes_into_the_default_folder(submitted: Any, tmp_path: Path) -> None:
    answer = submitted("report", "1")
    assert answer.code == 0
    assert (tmp_path / "assay-report-1" / "report.html").is_file()
    assert answer.out.splitlines()[1].strip() == "assay-report-1/report.html"
    assert submitted("report", "1", "--json").json["files"] == ["data/dossier.json", "report.html"]


def test_report_into_a_file_says_why_not(submitted: Any, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    answer = submitted("report", "1", "--out", "taken")
    assert answer.code == 2
    assert "U-922" in answer.err


@pytest.mark.parametrize("verb", ["check", "submit"])
def test_an_archive_is_taken_as_it_is(bench: Any, tmp_path: Path, verb: str) -> None:
    (tmp_path / "npu8.tar").write_bytes(b"any bytes: intake judges them")
    assert bench(verb, tmp_path / "npu8.tar").code == 0


def test_skipped_steps_say_why(bench: Any) -> None:
    bench.stages = scripted_stages(build=lambda _context: StageResult(Outcome.FAILED))
    out = bench("check", "npu8").out
    assert re.search(r"/ simulate +skipped +build failed", out)
    assert re.search(r"✗ build +failed", out)
    assert re.search(r"skipped=1$", out, re.MULTILINE)
