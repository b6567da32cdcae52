"""`assay explain` over the job itself, run in this process instead of a sandbox."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.bootstrap import Center
from pipeline.cli.explain_text import diagram
from pipeline.engine.services import Workshop
from pipeline.ports import SandboxJob, SandboxResult
from pipeline.reports.beats import windows
from pipeline.settings import Settings
from pipeline.stages.archive import pack_folder
from pipeline.testing import FakeSandbox, fake_toolchain
from verif.jobs import explain

ROOT = Path(__file__).resolve().parents[3]
GEMM = ROOT / "rtl" / "gemm_axis"


def here(job: SandboxJob) -> SandboxResult:
    """What the sandbox would do, without one."""
    assert job.argv[1:3] == ("-m", "verif.jobs.explain")
    tree, manifest, out, *rest = job.argv[3:]
    code = explain.main([str(job.work / tree), manifest, str(job.work / out), *rest])
    return SandboxResult("exited", code, b"", 0.0, 0.0)


class Explaining:
    """The command line with a sandbox that answers by `script`."""

    def __init__(self, bench: Any, script: Any = here) -> None:
        self.bench, self.script = bench, script
        world = bench.world
        bench.world = lambda out, err: replace(world(out, err), pack=pack_folder, open_center=self.open)

    def open(self, settings: Settings, kind: Any = "outbox") -> Center:
        center: Center = self.bench.open(settings, kind)
        workshop = Workshop(FakeSandbox(self.script), fake_toolchain(), {})
        return replace(center, services=replace(center.services, workshop=lambda: workshop))

    def __call__(self, *argv: Any) -> Any:
        return self.bench("explain", *argv)


@pytest.fixture
def explaining(bench: Any) -> Explaining:
    return Explaining(bench)


def test_everything_is_said(explaining: Explaining) -> None:
    answer = explaining(GEMM)
    assert answer.code == 0
    for words in (
        "S[m, n] is the sum over k < K of A[m, k] * B[k, n]",
        "channel a, driven by the centre: 1 of 1 beats",
        "channel c, expected of the design: 8 of 8 beats",
        "s_axis_a_tvalid",
        "<..04030201>",
        "PRO-01   seeds 10   valid stable until ready",
        "the manifest declares no conv: FUN-08",
        "milestone V3 is not asked by the policy: PRO-08",
        "Output pins that nobody looks at: tlast_mismatch_o",
    ):
        assert words in answer.out, words


def test_in_korean_not_a_sentence_stays_english(explaining: Explaining) -> None:
    answer = explaining(GEMM, "--lang", "ko")
    assert answer.code == 0
    assert "아무도 보지 않는 출력 핀: tlast_mismatch_o" in answer.out
    assert "multiplied" not in answer.out
    assert "milestone V3 is not" not in answer.out


def test_an_opaque_design_has_its_tests_counted(explaining: Explaining) -> None:
    answer = explaining(ROOT / "tests" / "data" / "opaque" / "mac")
    assert "Self-test: 3 of 3 tests" in answer.out
    assert "SELF-01  seeds 3" in answer.out


def test_json_and_files_hold_the_same(explaining: Explaining) -> None:
    answer = explaining(GEMM, "--json", "--svg", "a.svg", "--html", "a.html")
    assert answer.json["operations"][0]["shape"] == "M=8, K=1, N=8"
    assert answer.json["exit_code"] == 0
    picture = (explaining.bench.home / "a.svg").read_text()
    assert picture.startswith("<svg")
    assert picture.strip() in (explaining.bench.home / "a.html").read_text()


def test_a_file_that_cannot_be_written_is_said(explaining: Explaining) -> None:
    answer = explaining(GEMM, "--svg", "no/where.svg")
    assert answer.code == 2
    assert "J-021" in answer.err


def test_a_broken_manifest_is_refused_with_its_lines(explaining: Explaining) -> None:
    folder = explaining.bench.home / "bad"
    folder.mkdir()
    (folder / "assay.toml").write_text('[contract]\nversion = "1.0"\nprofile = "axis"\nprofle = 1\n')
    answer = explaining(folder)
    assert answer.code == 1
    assert "assay.toml:4:1  E-MAN-014" in answer.out
    assert "exit 1" in answer.out


@pytest.mark.parametrize(
    "left", [None, b"", b"[]", b'{"diagnostics": []}', b'{"diagnostics": [], "contract": 1}', b"[" * 100000]
)
def test_what_the_job_left_is_not_believed(bench: Any, left: bytes | None) -> None:
    def script(job: SandboxJob) -> SandboxResult:
        if left is not None:
            (job.work / "explained.json").write_bytes(left)
        return SandboxResult("exited", 0, b"", 0.0, 0.0)

    answer = Explaining(bench, script)(GEMM)
    assert answer.code == 3
    assert "J-020" in answer.err


def test_parts_of_another_shape_are_no_crash(bench: Any) -> None:
    def script(job: SandboxJob) -> SandboxResult:
        found = {"diagnostics": [], "contract": {"design": "x"}, "testpoints": [], "operations": [{}], "pins": {}}
        (job.work / "explained.json").write_text(json.dumps(found))
        return SandboxResult("exited", 0, b"", 0.0, 0.0)

    answer = Explaining(bench, script)(GEMM)
    assert (answer.code, "J-020" in answer.err) == (3, True)


def test_a_diagram_fits_and_says_that_it_goes_on() -> None:
    field = {"pin": "d", "bits": 16, "cut": False, "values": ["0102"] * 8}
    channel = {"id": "a", "dir": "in", "count": 9, "valid": "v", "ready": "", "fields": [field]}
    (window,) = windows([channel], "clk")
    wide, narrow = diagram(window, 200), diagram(window, 40)
    assert wide[2].count("<0102>") == 8
    assert 0 < narrow[2].count("<0102>") < 8
    assert all(row.endswith(" ..") and len(row) <= 40 for row in narrow)
    assert wide[1].split()[1] == "_" * 7 + "-" * 56 + "_" * 7
