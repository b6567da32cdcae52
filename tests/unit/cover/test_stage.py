"""The coverage stage: what it counts, what it lists, and that no gap in the data ever looks like coverage."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from pipeline.domain.outcome import Outcome
from pipeline.errors import InfrastructureError
from pipeline.messages import rules
from pipeline.ports import SandboxJob, SandboxResult, StageContext
from pipeline.stages.coverage import CoverageStage, percent

Contexts = Callable[..., StageContext]
TREE = {"rtl/a.sv": b"1\n2\n3\n4\n5\n", "rtl/lonely.sv": b"module lonely; endmodule\n", "assay.toml": b""}
CONTRACT = json.dumps({"files": ["rtl/a.sv", "rtl/lonely.sv"]}).encode()


def coverage(counts: Mapping[int, int], name: str = "tree/rtl/a.sv", kind: str = "line") -> bytes:
    rows = "".join(f"C '\x01f\x02{name}\x01l\x02{line}\x01n\x023\x01t\x02{kind}' {n}\n" for line, n in counts.items())
    return f"# SystemC::Coverage-3\n{rows}".encode()


def files_of(context: StageContext) -> tuple[list[dict[str, Any]], Mapping[str, float]]:
    result = CoverageStage().run(context)
    assert result.outcome is Outcome.PASSED
    assert [item.role for item in result.evidence] == ["coverage"]
    assert result.evidence[0].media_type == "application/json"
    return json.loads(context.blobs.get(result.evidence[0].digest))["files"], result.metrics


def test_all_runs_of_all_simulations_are_merged(context: Contexts) -> None:
    runs = {
        "simulate.0": {"coverage-1": coverage({1: 2, 2: 0, 3: 0}), "record-1": b"", "stimulus": b""},
        "simulate.1": {"coverage-7": coverage({1: 1, 2: 4, 3: 0}), "coverage-8": coverage({1: 0, 2: 0, 3: 0})},
        "judge.0": {"coverage-1": coverage({3: 9})},
    }
    files, metrics = files_of(context(TREE, CONTRACT, runs))
    assert files[0]["file"] == "rtl/a.sv"
    assert files[0]["lines"] == {"1": 3, "2": 4, "3": 0}
    assert (files[0]["hit"], files[0]["total"]) == (2, 3)
    assert (metrics["line_percent"], metrics["lines_hit"], metrics["lines_total"]) == (66.6, 2.0, 3.0)
    assert "branch_percent" not in metrics


def test_a_file_of_the_design_without_any_point_is_listed(context: Contexts) -> None:
    files, metrics = files_of(context(TREE, CONTRACT, {"simulate.0": {"coverage-1": coverage({1: 1})}}))
    assert [(file["file"], file["hit"], file["total"], file["lines"]) for file in files] == [
        ("rtl/a.sv", 1, 1, {"1": 1}),
        ("rtl/lonely.sv", 0, 0, {}),
    ]
    assert metrics["files_without_lines"] == 1


def test_branches_are_figures_of_their_own(context: Contexts) -> None:
    both = coverage({1: 1, 2: 0, 3: 5}, kind="branch")
    _files, metrics = files_of(context(TREE, CONTRACT, {"simulate.0": {"coverage-1": both}}))
    assert (metrics["branches_hit"], metrics["branches_total"], metrics["branch_percent"]) == (2.0, 3.0, 66.6)


@pytest.mark.parametrize(
    ("hit", "total", "figure"), [(7999, 10000, 79.9), (8000, 10000, 80.0), (2, 3, 66.6), (999_999, 1_000_000, 99.9)]
)
def test_a_percentage_is_cut_and_reaches_no_threshold_by_rounding(hit: int, total: int, figure: float) -> None:
    assert percent(hit, total) == figure


def broken(context: StageContext) -> InfrastructureError:
    with pytest.raises(InfrastructureError) as caught:
        CoverageStage().run(context)
    for part in rules()[caught.value.rule].values():
        for text in part.values():
            text.format(**caught.value.values)
    return caught.value


def test_no_data_is_broken_and_not_full_coverage(context: Contexts) -> None:
    assert broken(context(TREE, CONTRACT, {"simulate.0": {"stimulus": b""}})).rule == "P-520"


def test_no_executable_line_is_broken_and_not_full_coverage(context: Contexts) -> None:
    assert broken(context(TREE, CONTRACT, {"simulate.0": {"coverage-1": coverage({})}})).rule == "P-523"
    ours = coverage({1: 1}, name="harness/assay_harness.sv")
    assert broken(context(TREE, CONTRACT, {"simulate.0": {"coverage-1": ours}})).rule == "P-523"


def test_damaged_data_of_one_run_is_broken(context: Contexts) -> None:
    runs = {"simulate.0": {"coverage-1": coverage({1: 1}), "coverage-2": coverage({1: 1})[:-1]}}
    error = broken(context(TREE, CONTRACT, runs))
    assert error.rule == "P-521"
    assert error.values["detail"]


@pytest.mark.parametrize(("cause", "code"), [("wall", 0), ("exited", 1), ("exited", 0)])
def test_a_job_that_leaves_nothing_is_broken(context: Contexts, cause: Any, code: int) -> None:
    def script(_job: SandboxJob) -> SandboxResult:
        return SandboxResult(cause, code, b"\x1b[31mlog", 0.0, 0.0)

    error = broken(context(TREE, CONTRACT, {"simulate.0": {"coverage-1": coverage({1: 1})}}, script))
    assert (error.rule, error.values["log"]) == ("P-522", "?[31mlog")


@pytest.mark.parametrize(("name", "line"), [("tree/rtl/a.sv", 7), ("tree/rtl/b.sv", 1)])
def test_lines_that_the_submission_lacks_are_broken(context: Contexts, name: str, line: int) -> None:
    runs = {"simulate.0": {"coverage-1": coverage({1: 1}), "coverage-2": coverage({line: 1}, name=name)}}
    error = broken(context(TREE, CONTRACT, runs))
    assert (error.rule, error.values["file"], error.values["line"]) == ("P-524", name.removeprefix("tree/"), str(line))


@pytest.mark.parametrize(
    "comment", [b"/*verilator coverage_off*/", b"// Verilator\n  coverage_block_off", b"//verilator  coverage_off"]
)
def test_coverage_switched_off_in_the_source_is_broken(context: Contexts, comment: bytes) -> None:
    tree = {**TREE, "inc/x.svh": b"\n\n" + comment}
    error = broken(context(tree, CONTRACT, {"simulate.0": {"coverage-1": coverage({1: 1})}}))
    assert (error.rule, error.values["file"], error.values["line"]) == ("P-525", "inc/x.svh", "3")


@pytest.mark.parametrize("contract", [b"{}", b'{"files": []}', b'{"files": [1]}', b'{"files": "a.sv"}'])
def test_no_list_of_files_is_broken(context: Contexts, contract: bytes) -> None:
    assert broken(context(TREE, contract, {"simulate.0": {"coverage-1": coverage({1: 1})}})).rule == "P-526"
