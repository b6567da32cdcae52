from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.domain.outcome import Outcome
from pipeline.domain.run import StageResult
from pipeline.domain.run import TestpointCount as Count
from pipeline.testing import sample_plan, scripted_intake, scripted_stages

if TYPE_CHECKING:
    from pipeline.ports import StageContext

ROOT = Path(__file__).resolve().parents[3]


def prepared(bench: Any, *, expect: str = "FUN-01", judge: Any = None) -> None:
    """The real design and bank, over stages that reject whatever is planted, as FUN-01."""
    shutil.copytree(ROOT / "rtl" / "gemm_axis", bench.home / "rtl" / "gemm_axis")
    shutil.copytree(ROOT / "seeds" / "bugs", bench.home / "seeds" / "bugs")
    bank = bench.home / "seeds" / "bugs" / "gemm_axis.toml"
    lines = [f'expect = "{expect}"' if line.startswith("expect") else line for line in bank.read_text().splitlines()]
    bank.write_text("\n".join(lines))
    bench.stages = scripted_stages(intake=scripted_intake(sample_plan(1)), judge=judge or rejects_planted)


def rejects_planted(context: StageContext) -> StageResult:
    failed = int("+" in context.submission.name)
    counts = (Count("FUN-01", 1, 1, failed, 64),)
    return StageResult(Outcome.FAILED if failed else Outcome.PASSED, testpoints=counts)


def test_prints_one_row_per_bug_and_marks_what_was_expected(bench: Any) -> None:
    prepared(bench)
    answer = bench("bank", "--bugs", "GA-07,GA-01")
    lines = answer.out.splitlines()
    assert answer.code == 0
    assert lines[-7:-2] == [
        "              01 ",
        "✓ gemm_axis    .   ",
        "✓ GA-01        1*  ",
        "✓ GA-07        1*  rare",
        "  jobs that failed, by testpoint; * the testpoint named for the bug before",
    ]
    assert lines[-1] == "✓ gemm_axis ACCEPTED under core-1; 2 of 2 planted bugs caught by the testpoint named before"


def test_a_bug_that_another_testpoint_saw_is_not_caught(bench: Any) -> None:
    prepared(bench, expect="ROB-01")
    answer = bench("bank", "--bugs", "GA-01")
    assert answer.code == 1
    assert "✗ GA-01      expected ROB-01   NOT CAUGHT by it: REJECTED, failed: FUN-01" in answer.out.splitlines()


def test_a_suite_that_rejects_the_design_too_proves_nothing(bench: Any) -> None:
    rejected = StageResult(Outcome.FAILED, testpoints=(Count("FUN-01", 1, 1, 1, 64),))
    prepared(bench, judge=lambda _context: rejected)
    answer = bench("bank", "--bugs", "GA-01", "--json")
    assert answer.code == answer.json["exit_code"] == 1
    assert answer.json["caught"] == 1
    assert answer.json["design"]["verdict"] == "REJECTED"


def test_what_could_not_be_decided_is_not_called_missed(bench: Any) -> None:
    unjudged = StageResult(Outcome.PASSED, testpoints=(Count("FUN-01", 1, 0, 0, 0),))
    prepared(bench, judge=lambda context: unjudged if "+" in context.submission.name else rejects_planted(context))
    assert bench("bank", "--bugs", "GA-01").code == 3


def test_answers_a_machine_and_keeps_nothing(bench: Any) -> None:
    prepared(bench)
    before = sorted(bench.home.rglob("*"))
    answer = bench("bank", "--bugs", "GA-02", "--json")
    [bug] = answer.json["bugs"]
    assert (bug["id"], bug["failed"], bug["as_expected"]) == ("GA-02", {"FUN-01": 1}, True)
    assert answer.json["testpoints"] == ["FUN-01"]
    assert sorted(bench.home.rglob("*")) == before


def test_an_unknown_bug_is_named(bench: Any) -> None:
    prepared(bench)
    answer = bench("bank", "--bugs", "GA-01,GA-99")
    assert answer.code == 2
    assert "GA-99" in answer.err
