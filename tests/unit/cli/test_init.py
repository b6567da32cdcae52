"""`assay init`: the file, the questions, the refusals. The job runs in this process, where a sandbox would start it."""

from __future__ import annotations

import os
from contextlib import chdir
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.bootstrap import Center, Kind
from pipeline.engine.services import Workshop
from pipeline.ports import SandboxJob, SandboxResult
from pipeline.settings import Settings
from pipeline.stages.archive import pack_folder
from pipeline.testing import FakeSandbox, fake_toolchain
from pipeline.testing.sandbox import OK
from verif.contract.read import read_manifest
from verif.jobs.init import main as job_main

ROOT = Path(__file__).resolve().parents[3]
RTL = """module dut (input clk, input rst_n, input in_valid, output logic in_ready, input logic [7:0] in_data);
  always_ff @(posedge clk or negedge rst_n) if (!rst_n) in_ready <= 0; else in_ready <= in_valid & in_data[0];
endmodule
"""


def in_process(job: SandboxJob) -> SandboxResult:
    assert job.argv[1:3] == ("-m", "verif.jobs.init")
    with chdir(job.work):
        return replace(OK, code=job_main(job.argv[3:]))


@pytest.fixture
def design(bench: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    use(bench, monkeypatch, FakeSandbox(in_process))
    folder: Path = bench.home / "design"
    folder.mkdir()
    (folder / "dut.sv").write_text(RTL)
    return folder


def use(bench: Any, monkeypatch: pytest.MonkeyPatch, sandbox: FakeSandbox) -> None:
    opened, world = bench.open, bench.world

    def open_with(settings: Settings, kind: Kind = "outbox") -> Center:
        center: Center = opened(settings, kind)
        workshop = Workshop(sandbox, fake_toolchain(), {})
        return replace(center, services=replace(center.services, workshop=lambda: workshop))

    monkeypatch.setattr(bench, "open", open_with)
    monkeypatch.setattr(bench, "world", lambda out, err: replace(world(out, err), pack=pack_folder, open_center=open_with))


def test_the_file_holds_facts_and_marked_proposals(bench: Any, design: Path) -> None:
    answer = bench("init", design)
    assert (answer.code, answer.err) == (0, "")
    text = (design / "assay.toml").read_text()
    assert 'top = "dut"\nfiles = ["dut.sv"]' in text
    assert "\n# Question 2. May there be cycles without a beat" in text
    assert "\n#? gaps = true\n" in text
    assert read_manifest(text)[0] is None
    contract, wrong = read_manifest(text.replace("#? ", ""))
    assert wrong == []
    assert contract is not None
    assert "2. May there be cycles" in answer.out
    assert f"sed --in-place 's/^#? //' {design}/assay.toml" in answer.out


def test_every_question_is_printed_and_written(bench: Any, design: Path) -> None:
    told = bench("init", design, "--json").json
    text = (design / "assay.toml").read_text().replace("\n# ", " ")
    assert [question["number"] for question in told["questions"]] == list(range(1, len(told["questions"]) + 1))
    assert [
        question["key"] for question in told["questions"] if f"{question['number']}. {question['ask']}" not in text
    ] == []
    assert all(question["why"] for question in told["questions"])
    assert told["facts"]["clocks"] == ["clk"]
    assert told["facts"]["channels"][0]["fields"] == {"data": {"signal": "in_data", "width": 8}}


def test_korean(bench: Any, design: Path) -> None:
    answer = bench("init", design, "--lang", "ko")
    assert "질문 2. 입력 스트림 안에" in (design / "assay.toml").read_text()
    assert "RTL로 알 수 없는 질문입니다" in answer.out


def test_a_manifest_is_never_overwritten_without_force(bench: Any, design: Path) -> None:
    (design / "assay.toml").write_text("mine")
    answer = bench("init", design)
    assert answer.code == 2
    assert "N-140" in answer.err
    assert (design / "assay.toml").read_text() == "mine"
    assert bench("init", design, "--manifest", "other.toml").code == 0
    assert (design / "assay.toml").read_text() == "mine"
    assert bench("init", design, "--force").code == 0
    assert 'top = "dut"' in (design / "assay.toml").read_text()
    assert sorted(path.name for path in design.iterdir()) == ["assay.toml", "dut.sv", "other.toml"]


def test_nothing_is_elaborated_for_a_manifest_that_is_there(
    bench: Any, design: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox = FakeSandbox(in_process)
    use(bench, monkeypatch, sandbox)
    (design / "assay.toml").write_text("mine")
    assert bench("init", design).code == 2
    assert sandbox.jobs == []


def test_a_manifest_that_came_meanwhile_is_kept(bench: Any, design: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def script(job: SandboxJob) -> SandboxResult:
        (design / "assay.toml").write_text("mine")
        return in_process(job)

    use(bench, monkeypatch, FakeSandbox(script))
    answer = bench("init", design)
    assert answer.code == 2
    assert "N-140" in answer.err
    assert (design / "assay.toml").read_text() == "mine"


def test_a_link_that_leads_nowhere_is_there_already(bench: Any, design: Path) -> None:
    (design / "assay.toml").symlink_to(design.parent / "elsewhere")
    assert bench("init", design).code == 2
    assert not (design.parent / "elsewhere").exists()


@pytest.mark.parametrize("name", ["../assay.toml", "sub/assay.toml", "..", "/tmp/assay.toml"])  # noqa: S108 - never made
def test_the_manifest_stays_in_the_folder(name: str, bench: Any, design: Path) -> None:
    answer = bench("init", design, "--manifest", name)
    assert answer.code == 2
    assert "N-141" in answer.err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_to(bench: Any, design: Path) -> None:
    design.chmod(0o555)
    assert "N-141" in bench("init", design).err


def test_a_file_list_names_the_files_and_its_folder_gets_the_manifest(bench: Any, design: Path) -> None:
    (design / "other.sv").write_text(RTL)
    (design / "all.f").write_text("dut.sv\n")
    assert bench("init", design / "all.f").code == 0
    assert 'files = ["dut.sv"]' in (design / "assay.toml").read_text()


def test_a_refusal_shows_line_and_caret(bench: Any, design: Path) -> None:
    (design / "all.f").write_text("dut.sv\n-y lib\n")
    answer = bench("init", design / "all.f")
    assert answer.code == 2
    assert "all.f:2:1  N-120" in answer.err
    assert "-y lib" in answer.err
    assert "exit 2 (usage)" in answer.err
    assert not (design / "assay.toml").exists()
    told = bench("init", design / "all.f", "--json").json
    assert [(error["rule"], error["file"], error["line"]) for error in told["errors"]][:1] == [("N-120", "all.f", 2)]


def test_the_top_that_is_asked_for(bench: Any, design: Path) -> None:
    (design / "two.sv").write_text(RTL.replace("module dut", "module two"))
    assert bench("init", design, "--top", "two").code == 0
    assert 'top = "two"' in (design / "assay.toml").read_text()
    assert "N-102" in bench("init", design, "--top", "three", "--force").err


ENDS = {
    "signal": replace(OK, cause="signalled", code=11),
    "time": replace(OK, cause="wall"),
    "error": replace(OK, code=1, log=b"Traceback \x1b[31m boom"),
    "no answer": OK,
}


@pytest.mark.parametrize("end", ENDS)
def test_an_elaborator_that_falls_over_is_ours_to_answer_for(
    end: str, bench: Any, design: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(bench, monkeypatch, FakeSandbox(lambda _job: ENDS[end]))
    answer = bench("init", design)
    assert answer.code == 3
    assert "N-201" in answer.err
    assert "\x1b" not in answer.err
    assert not (design / "assay.toml").exists()


ANSWERS = [
    "[]",
    "{}",
    '{"lines": 3, "facts": {}, "remarks": []}',
    '{"lines": [{"kind": "ask", "key": "../../x", "number": 1}], "facts": {}, "remarks": []}',
    '{"lines": [{"kind": "ask", "key": "gaps", "number": "x"}], "facts": {}, "remarks": []}',
    '{"lines": [{"kind": "ask", "key": "gaps", "args": 3}], "facts": {}, "remarks": []}',
    '{"lines": [{"kind": "text", "number": []}], "facts": {}, "remarks": []}',
    '{"lines": [], "facts": {"channels": 3}, "remarks": []}',
    '{"faults": [{"rule": "N-101"}]}',
    '{"faults": 3}',
    "[" * 100_000,
    "not json",
]


@pytest.mark.parametrize("data", ANSWERS, ids=range(len(ANSWERS)))
def test_a_hostile_answer_is_no_traceback(data: str, bench: Any, design: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def script(job: SandboxJob) -> SandboxResult:
        (job.work / "init.json").write_text(data)
        return OK

    use(bench, monkeypatch, FakeSandbox(script))
    answer = bench("init", design)
    assert answer.code == 3
    assert "N-201" in answer.err


def test_control_bytes_of_an_answer_reach_neither_file_nor_screen(
    bench: Any, design: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def script(job: SandboxJob) -> SandboxResult:
        ask = '{"kind": "ask", "key": "top", "number": 1, "args": {"tops": "\\u001b]0;x"}}'
        lines = f'[{{"kind": "text", "text": "a\\u001b[31m\\nb"}}, {ask}]'
        (job.work / "init.json").write_text(f'{{"lines": {lines}, "facts": {{}}, "remarks": ["\\u001b[2J"]}}')
        return OK

    use(bench, monkeypatch, FakeSandbox(script))
    answer = bench("init", design)
    assert answer.code == 0
    assert "\x1b" not in answer.out + (design / "assay.toml").read_text()
    assert (design / "assay.toml").read_text().startswith("a [31m b\n#")


def test_an_empty_folder_and_no_folder(bench: Any, design: Path) -> None:
    empty = design.parent / "empty"
    empty.mkdir()
    assert "I-044" in bench("init", empty).err
    assert "I-040" in bench("init", design.parent / "none").err
