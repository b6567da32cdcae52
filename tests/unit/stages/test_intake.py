from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from pipeline.adapters.sandbox import open_sandbox
from pipeline.adapters.toolchain import find_toolchain
from pipeline.domain.canonical import sha256
from pipeline.domain.outcome import Outcome, Verdict
from pipeline.domain.policy import POLICIES
from pipeline.domain.run import StageResult
from pipeline.domain.verdict import decide
from pipeline.engine.advance import StepNode, StepState, check_specs
from pipeline.engine.outcome import checked
from pipeline.errors import InfrastructureError
from pipeline.messages import message
from pipeline.ports import SandboxJob, SandboxResult, StageContext
from pipeline.stages.archive import pack_tree, tree_files
from pipeline.stages.intake import IntakeStage
from pipeline.testing import FakeSandbox
from verif.jobs.plan import MAX_DIAGNOSTICS
from verif.testplan.plan import Plan

STAGES = dict.fromkeys(("gate", "lint", "build", "simulate", "judge", "coverage", "isolate"))


def evidence(context: StageContext, result: StageResult) -> dict[str, bytes]:
    return {item.role: context.blobs.get(item.digest) for item in result.evidence}


def places(result: StageResult) -> list[tuple[str, str, int, int]]:
    found = [(f.rule, f.location) for f in result.findings]
    return [(rule, at.file, at.line, at.column) for rule, at in found if at is not None]


def verdict(result: StageResult) -> Verdict:
    return decide(None, {"intake": checked(result)}, POLICIES["core-1"]).verdict


@pytest.fixture(scope="module")
def gemm(kit: ModuleType) -> dict[str, bytes]:
    files: dict[str, bytes] = kit.gemm_files()
    return files


def test_a_good_submission_leaves_tree_plan_and_contract(make_context: Any, gemm: dict[str, bytes]) -> None:
    context = make_context(pack_tree(gemm), epoch=3)
    result = IntakeStage().run(context)
    assert (result.outcome, result.findings) == (Outcome.PASSED, ())
    left = evidence(context, result)
    assert tree_files(left["tree"]) == gemm
    plan = Plan.from_json(left["plan"])
    assert (plan.policy, plan.epoch, plan.design) == ("core-1", 3, "gemm_axis")
    assert {len(p.seeds) for p in plan.testpoints if p.state == "planned" and p.kind == "random"} == {10}
    contract = json.loads(left["contract"])
    assert contract["manifest_sha256"] == sha256(gemm["assay.toml"])
    assert (contract["top"], contract["parameters"], contract["profile"]) == ("gemm_axis", {"N": 8, "Requant": 1}, "axis")
    assert contract["files"][0] == "common/skid_buffer.sv"
    assert contract["files"][-1] == "gemm_axis.sv"
    assert len(contract["files"]) == 8
    assert contract["math"]["gemm_requant"][0] == "S[m, n] = sum(A[m, k] * B[k, n] for k in K)"
    assert contract["channels"] == [{"id": name, "dir": "out" if name == "c" else "in"} for name in "abqc"]
    assert contract["claims"] == {"mac_per_cycle": 64}
    assert contract["timing"]["latency"] == "K + T + 5"


def test_steps_follow_from_the_plan(make_context: Any, gemm: dict[str, bytes]) -> None:
    context = make_context(pack_tree(gemm))
    result = IntakeStage().run(context)
    batches = len(Plan.from_json(evidence(context, result)["plan"]).batches)
    needs = {spec.name: spec.needs for spec in result.next_steps}
    expected: dict[str, tuple[str, ...]] = {"gate": ("intake",), "lint": ("gate",), "build": ("gate",)}
    expected |= {f"simulate.{n}": ("build",) for n in range(batches)}
    expected |= {f"judge.{n}": (f"simulate.{n}",) for n in range(batches)}
    assert needs == expected | {"coverage": tuple(f"simulate.{n}" for n in range(batches)), "isolate": ("build",)}
    after = {spec.name: spec.after for spec in result.next_steps if spec.after}
    assert after == {"isolate": tuple(f"judge.{n}" for n in range(batches))}
    assert batches >= 2
    check_specs([StepNode("1", "intake", (), StepState.RUNNING)], result.next_steps, STAGES)


@pytest.mark.parametrize("manifest", ["rtl/gemm_axis/assay.toml", "rtl/gemm_axis/assay-n4.toml"])
def test_a_manifest_deep_in_the_tree(make_context: Any, gemm: dict[str, bytes], manifest: str) -> None:
    files = {f"rtl/gemm_axis/{name}": data for name, data in gemm.items()} | {"README.md": b""}
    context = make_context(pack_tree(files), manifest=manifest)
    left = evidence(context, IntakeStage().run(context))
    assert "rtl/gemm_axis/gemm_axis.sv" in json.loads(left["contract"])["files"]


def test_every_error_of_a_manifest_at_once_with_its_place(make_context: Any, kit: ModuleType) -> None:
    files = kit.gemm_files(
        ('version = "1.0"', 'version = "7.0"'),
        ('top = "gemm_axis"', 'topp = "gemm_axis"'),
        ("period_ps = 2000", "period_ps = -5"),
    )
    result = IntakeStage().run(make_context(pack_tree(files)))
    assert result.outcome is Outcome.FAILED
    assert {item.role for item in result.evidence} == {"tree"}
    assert result.next_steps == ()
    lines = files["assay.toml"].decode().splitlines()
    found = {(f.rule, f.location.line, f.location.column, f.location.source) for f in result.findings if f.location}
    wanted = {"E-MAN-013": 'version = "7.0"', "E-MAN-014": 'topp = "gemm_axis"', "E-MAN-018": "period_ps = -5"}
    columns = {"E-MAN-013": 12, "E-MAN-014": 1, "E-MAN-018": 13}
    for rule, source in wanted.items():
        assert (rule, lines.index(source) + 1, columns[rule], source) in found
    assert {f.location.file for f in result.findings if f.location} == {"assay.toml"}
    assert verdict(result) is Verdict.REJECTED


def test_every_fault_of_the_design_section_at_once(make_context: Any, kit: ModuleType) -> None:
    files = kit.gemm_files(
        ('top = "gemm_axis"', 'top = "assay_top"\ninclude_dirs = ["common", "inc"]\ndefines = { A = "1", B = "x;y" }'),
        ('  "gemm_axis_pe.sv",', '  "gemm_axis_pe.sv",\n  "nosuch/*.sv", "**x", "README*",'),
    )
    result = IntakeStage().run(make_context(pack_tree(files)))
    assert places(result) == [
        ("I-034", "assay.toml", 9, 8),
        ("I-032", "assay.toml", 10, 28),
        ("I-033", "assay.toml", 11, 27),
        ("I-030", "assay.toml", 16, 4),
        ("I-030", "assay.toml", 16, 19),
        ("I-031", "assay.toml", 16, 26),
    ]
    assert [f.args.get("pattern") for f in result.findings[3:]] == ["nosuch/*.sv", "**x", "README*"]
    assert verdict(result) is Verdict.REJECTED


def test_meaning_is_checked_too(make_context: Any, kit: ModuleType) -> None:
    files = kit.gemm_files(("A[m,k] * B[k,n] for", "A[m,k] * B[n,k] for"))
    result = IntakeStage().run(make_context(pack_tree(files)))
    assert result.outcome is Outcome.FAILED
    assert all(rule.startswith("E-MAN-") and line > 1 for rule, _file, line, _column in places(result))


def test_a_note_does_not_refuse(make_context: Any, gemm: dict[str, bytes]) -> None:
    def script(job: SandboxJob) -> SandboxResult:
        done = SandboxResult("exited", 0, b"", 0.0, 0.0)
        plan = {"rule": "E-MAN-070", "severity": "note", "line": 2, "column": 1, "length": 4, "args": {"a": "b\x1b"}}
        real(job)
        (job.work / "planned" / "diagnostics.json").write_text(json.dumps([plan]))
        return done

    real = make_context(b"").sandbox.run
    result = IntakeStage().run(make_context(pack_tree(gemm), FakeSandbox(script)))
    assert checked(result).outcome is Outcome.PASSED
    assert [(f.rule, f.severity, dict(f.args)) for f in result.findings] == [("E-MAN-070", "note", {"a": "b?"})]


@pytest.mark.parametrize(
    ("manifest", "files", "rule", "found"),
    [
        ("assay.toml", {"asay.toml": b"", "sub/assay.toml": b"", "x.sv": b""}, "I-020", "asay.toml, sub/assay.toml"),
        ("../assay.toml", {"assay.toml": b""}, "I-020", "assay.toml"),
        ("assay.toml", {"b.sv": b"", "a.sv": b""}, "I-022", "a.sv, b.sv"),
    ],
)
def test_no_manifest_names_what_is_there(
    make_context: Any, manifest: str, files: dict[str, bytes], rule: str, found: str
) -> None:
    result = IntakeStage().run(make_context(pack_tree(files), manifest=manifest))
    assert [(f.rule, f.args["found"]) for f in result.findings] == [(rule, found)]
    assert verdict(result) is Verdict.REJECTED
    assert found in message(rule, result.findings[0].args, "en").what


def test_a_manifest_that_is_not_text(make_context: Any, gemm: dict[str, bytes]) -> None:
    broken = gemm | {"assay.toml": "# 가나\n# 다\n".encode() + b"# \xff\n"}
    result = IntakeStage().run(make_context(pack_tree(broken)))
    assert places(result) == [("I-035", "assay.toml", 3, 3)]


def test_source_lines_keep_their_columns(make_context: Any, gemm: dict[str, bytes]) -> None:
    text = "# 한글 주석\r\nx가 = 1\r\n".encode()
    result = IntakeStage().run(make_context(pack_tree(gemm | {"assay.toml": text})))
    place = result.findings[0].location
    assert place is not None
    assert (result.findings[0].rule, place.line, place.source) == ("E-MAN-002", 2, "x? = 1")


def test_a_refused_archive_is_rejected_and_keeps_nothing(make_context: Any) -> None:
    result = IntakeStage().run(make_context(b"no archive"))
    assert ([f.rule for f in result.findings], result.evidence) == (["I-001"], ())
    assert verdict(result) is Verdict.REJECTED


def test_a_flood_of_errors_is_cut_but_stays_rejected(make_context: Any, gemm: dict[str, bytes]) -> None:
    text = "".join(f"k{number} = 1\n" for number in range(3000))
    result = IntakeStage().run(make_context(pack_tree(gemm | {"assay.toml": text.encode()})))
    assert len(result.findings) == MAX_DIAGNOSTICS
    assert verdict(result) is Verdict.REJECTED


@pytest.mark.parametrize(
    ("ends", "rule"),
    [([("wall", 0), ("wall", 0)], "I-024"), ([("wall", 0), ("exited", 1)], "P-501"), ([("signalled", 9)], "P-501")],
)
def test_ends_of_the_job(
    make_context: Any, kit: ModuleType, gemm: dict[str, bytes], ends: Sequence[tuple[str, int]], rule: str
) -> None:
    left = list(ends)
    context = make_context(pack_tree(gemm), FakeSandbox(lambda _job: kit.ended(*left.pop(0))))
    if rule.startswith("P"):
        with pytest.raises(InfrastructureError, match=rule):
            IntakeStage().run(context)
    else:
        assert [f.rule for f in IntakeStage().run(context).findings] == [rule]
    assert left == []


def damaged(name: str, edit: Any) -> Any:
    def script(kit: ModuleType, job: SandboxJob) -> SandboxResult:
        result: SandboxResult = kit.plan_here(job)
        path = job.work / "planned" / name
        edit(path)
        return result

    return script


def rewritten(name: str, **values: object) -> Any:
    return damaged(name, lambda path: path.write_text(json.dumps(json.loads(path.read_text()) | values)))


def diagnosed(**values: object) -> Any:
    entry = {"rule": "E-MAN-011", "severity": "error", "line": 1, "column": 1, "length": 1, "args": {}} | values
    return damaged("diagnostics.json", lambda path: path.write_text(json.dumps([entry])))


@pytest.mark.parametrize(
    "script",
    [
        damaged("plan.json", Path.unlink),
        damaged("contract.json", Path.unlink),
        damaged("diagnostics.json", Path.unlink),
        damaged("plan.json", lambda path: path.write_text("{")),
        damaged("plan.json", lambda path: path.write_text("[]")),
        damaged("diagnostics.json", lambda path: path.write_text("{}")),
        damaged("diagnostics.json", lambda path: path.write_text("[" * 5000)),
        damaged("contract.json", lambda path: (path.unlink(), path.symlink_to("/etc/passwd"))),
        damaged("contract.json", lambda path: path.write_text(" " * (5 << 20))),
        rewritten("plan.json", epoch=9),
        rewritten("plan.json", policy="other"),
        rewritten("plan.json", design="other"),
        rewritten("plan.json", batches=[{"index": 1, "jobs": [], "powerup_seeds": [1]}]),
        rewritten("plan.json", batches=[{"index": 0, "jobs": [{"testpoint": "X", "seed": 1}], "powerup_seeds": [1]}]),
        rewritten("contract.json", files=[]),
        rewritten("contract.json", files=[1]),
        rewritten("contract.json", extra=1),
        rewritten("contract.json", top=5),
        diagnosed(rule="P-001"),
        diagnosed(severity="fine"),
        diagnosed(line=0),
        diagnosed(args=None),
    ],
)
def test_what_the_job_left_is_not_believed(make_context: Any, kit: ModuleType, gemm: dict[str, bytes], script: Any) -> None:
    context = make_context(pack_tree(gemm), FakeSandbox(lambda job: script(kit, job)))
    with pytest.raises(InfrastructureError, match="P-502"):
        IntakeStage().run(context)


def test_in_the_real_sandbox(make_context: Any, kit: ModuleType) -> None:
    files = kit.gemm_files(('"gemm_axis_pe.sv"', '"gemm_axis_pq.sv"'))
    context = replace(make_context(pack_tree(files), open_sandbox("auto")), toolchain=find_toolchain())
    result = IntakeStage().run(context)
    assert [(f.rule, f.args["pattern"]) for f in result.findings] == [("I-030", "gemm_axis_pq.sv")]
    context = replace(make_context(pack_tree(kit.gemm_files()), open_sandbox("auto")), toolchain=find_toolchain())
    assert IntakeStage().run(context).outcome is Outcome.PASSED
