"""Line coverage of a real model: exactly the lines that ran, and nothing of ours."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from types import ModuleType
from typing import Any

import pytest

from pipeline.domain.evidence import Evidence
from pipeline.stages.coverage import CoverageStage
from verif.cover.merge import by_file
from verif.cover.verilator import read_coverage
from verif.records import stimulus as st

pytestmark = [pytest.mark.sim, pytest.mark.xdist_group("sim")]
FILES = ["axis_faulty.sv", "assay_extra.sv", "lonely.sv"]
EXTRA = """module extra (
  input logic        clk_i,
  input logic [15:0] d_i
);
  logic [15:0] q, r;
  always_ff @(posedge clk_i) begin
    if (d_i == 16'd777) begin
      q <= 16'd1;
    end else begin
      q <= d_i;
    end
    if (d_i == 16'd778) r <= 16'd9;
    case (d_i)
      16'd5:   r <= 16'd2;
      16'd6:   r <= 16'd3;
      default: r <= 16'd4;
    endcase
  end
  function automatic logic [15:0] never(input logic [15:0] a);
    return a + 16'd1;
  endfunction
endmodule
"""
LONELY = "module lonely (input logic clk_i, output logic y_o);\n  always_ff @(posedge clk_i) y_o <= ~y_o;\nendmodule\n"
EXECUTABLE = {6, 7, 8, 9, 10, 12, 13, 14, 15, 16, 19, 20}
ALWAYS = {6, 7, 9, 10, 12, 13, 16}


@pytest.fixture(scope="module")
def files(kit: ModuleType) -> Mapping[str, bytes]:
    listed = ", ".join(f'"{name}"' for name in FILES)
    found: dict[str, bytes] = kit.faulty_files(
        ('files = ["axis_faulty.sv"]', f"files = [{listed}]"),
        ("  logic         take, give;\n", "  logic         take, give;\n  extra extra_i (.clk_i, .d_i(a_data_i));\n"),
    )
    return found | {"assay_extra.sv": EXTRA.encode(), "lonely.sv": LONELY.encode()}


@pytest.fixture(scope="module")
def runs(bench: Any, kit: ModuleType, files: Mapping[str, bytes]) -> list[bytes]:
    """Coverage data of two processes of one model: one sees the word 5, the other 6."""
    model = bench.model("covered", files)
    return [bench.run(model, [kit.Job([kit.Op([word, 9])], idle=st.IDLE_ZERO)]).execution.coverage for word in (5, 6)]


def hit(data: bytes) -> set[int]:
    file = next(file for file in by_file(read_coverage(data)) if file.file == "assay_extra.sv")
    assert set(file.lines) == EXECUTABLE
    return {line for line, count in file.lines.items() if count}


def test_exactly_the_lines_that_ran_are_hit(runs: list[bytes]) -> None:
    assert hit(runs[0]) == ALWAYS | {14}
    assert hit(runs[1]) == ALWAYS | {15}


def test_our_own_files_are_no_part_of_it(runs: list[bytes]) -> None:
    assert {file.file for file in by_file(read_coverage(runs[0]))} == {"axis_faulty.sv", "assay_extra.sv"}
    assert b"assay_harness.sv" not in runs[0]
    assert b"assay_source.sv" not in runs[0]


def test_the_stage_merges_both_and_lists_the_file_that_nobody_instantiates(
    bench: Any, files: Mapping[str, bytes], runs: list[bytes]
) -> None:
    context = bench.context(files, "coverage")
    given = {("intake", "contract"): json.dumps({"files": FILES}).encode()}
    given |= {(f"simulate.{number}", "coverage-1"): data for number, data in enumerate(runs)}
    evidence = {step: dict(roles) for step, roles in context.evidence.items()}
    for (step, role), data in given.items():
        evidence.setdefault(step, {})[role] = Evidence(role, context.blobs.put(data), "", len(data))
    result = CoverageStage().run(replace(context, evidence=evidence))
    found = {file["file"]: file for file in json.loads(context.blobs.get(result.evidence[0].digest))["files"]}
    assert list(found) == sorted(FILES)
    assert {int(line) for line, count in found["assay_extra.sv"]["lines"].items() if count} == ALWAYS | {14, 15}
    assert (found["assay_extra.sv"]["hit"], found["assay_extra.sv"]["total"]) == (9, 12)
    assert (found["lonely.sv"]["total"], result.metrics["files_without_lines"]) == (0, 1.0)
    assert result.metrics["lines_total"] == sum(file["total"] for file in found.values())
    assert 0 < result.metrics["line_percent"] < 100
