from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.cli.demo_bank import choose, read_material
from pipeline.domain.outcome import Outcome
from pipeline.domain.run import StageResult
from pipeline.domain.run import TestpointCount as Count
from pipeline.testing import sample_plan, scripted_intake, scripted_stages

if TYPE_CHECKING:
    from pipeline.ports import StageContext

ROOT = Path(__file__).resolve().parents[3]


def demonstration(bench: Any) -> None:
    """The real design and bank, over stages that reject whatever is planted, as FUN-01."""
    shutil.copytree(ROOT / "rtl" / "gemm_axis", bench.home / "rtl" / "gemm_axis")
    shutil.copytree(ROOT / "seeds" / "bugs", bench.home / "seeds" / "bugs")
    bench.stages = scripted_stages(intake=scripted_intake(sample_plan(1)), judge=judge)


def judge(context: StageContext) -> StageResult:
    failed = int("+" in context.submission.name)
    counts = (Count("FUN-01", 1, 1, failed, 64),)
    return StageResult(Outcome.FAILED if failed else Outcome.PASSED, testpoints=counts)


def expecting(bench: Any, testpoint: str) -> None:
    bank = bench.home / "seeds" / "bugs" / "gemm_axis.toml"
    lines = [f'expect = "{testpoint}"' if line.startswith("expect") else line for line in bank.read_text().splitlines()]
    bank.write_text("\n".join(lines))


def test_ends_well_only_when_the_named_testpoint_caught_every_bug(bench: Any) -> None:
    demonstration(bench)
    expecting(bench, "FUN-01")
    answer = bench("demo", "--bugs", "2")
    assert answer.out.rstrip().splitlines()[-1] == (
        "✓ gemm_axis ACCEPTED under core-1; 2 of 2 planted bugs caught by the testpoint named before"
    )
    assert answer.code == 0
    assert answer.out.count("REJECTED by FUN-01") == 2
    assert len(list(bench.home.rglob("report.html"))) == 3


def test_a_bug_that_another_testpoint_caught_is_not_caught(bench: Any) -> None:
    demonstration(bench)
    expecting(bench, "ROB-99")
    answer = bench("demo", "--bugs", "1")
    assert answer.code == 1
    assert "NOT CAUGHT by it: REJECTED, failed: FUN-01" in answer.out
    assert "0 of 1 planted bugs" in answer.out


def test_every_demonstration_has_fresh_seeds_and_answers_a_machine(bench: Any) -> None:
    demonstration(bench)
    expecting(bench, "FUN-01")
    answer = bench("demo", "--bugs", "1", "--json")
    assert answer.code == answer.json["exit_code"] == 0
    good, planted = answer.json["pieces"]
    assert good["epoch"] == planted["epoch"] > 1_700_000_000
    assert (good["verdict"], planted["verdict"]) == ("ACCEPTED", "REJECTED")
    assert json.dumps(planted["as_expected"]) == "true"


def test_a_rejected_design_is_a_failed_demonstration(bench: Any) -> None:
    demonstration(bench)
    failed = StageResult(Outcome.FAILED, testpoints=(Count("FUN-01", 1, 1, 1, 1),))
    bench.stages = scripted_stages(judge=lambda _context: failed)
    answer = bench("demo", "--bugs", "0")
    assert answer.code == 1
    assert "gemm_axis REJECTED under core-1" in answer.out


@pytest.mark.parametrize("count", [0, 1, 6, 99])
def test_choice_spreads_over_classes_and_leaves_rare_bugs_last(count: int) -> None:
    bugs = read_material(ROOT).bugs
    chosen = choose(bugs, count)
    assert len(chosen) == min(count, len(bugs))
    assert list(chosen) == sorted(chosen, key=bugs.index)
    assert len({bug.kind for bug in chosen}) == min(count, len({bug.kind for bug in bugs}))
    assert count > 6 or not any(bug.rare for bug in chosen)
