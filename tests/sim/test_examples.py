"""Example designs of every form of interface: accepted as they are, rejected with a planted fault or a wrong manifest.

Here: every example, one fault of each of four classes, and the wrong manifests that must be found within a few operations or
before anything runs. `make examples` runs all faults, all wrong manifests and a hundred seeds.
"""

from __future__ import annotations

import shutil
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.bootstrap import Center, open_center
from pipeline.domain.bank import PlantedBug, plant, read_bank
from pipeline.domain.dossier import Dossier
from pipeline.domain.outcome import Verdict
from pipeline.engine.dossier import assemble
from pipeline.engine.local import complete
from pipeline.engine.submit import submit
from pipeline.settings import Settings
from pipeline.stages.archive import pack_tree
from verif.contract.read import read_manifest
from verif.stimulus.generate import operations
from verif.testplan.plan import Job

pytestmark = [pytest.mark.sim, pytest.mark.slow]

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "tests" / "data"
CACHE = ROOT / ".assay" / "tests"
EXAMPLES = sorted(path.name for path in (DATA / "examples").iterdir())
BUGS = [(name, bug) for name in EXAMPLES for bug in read_bank((DATA / "examples" / name / "bugs.toml").read_text())]
WRONG: list[dict[str, Any]] = tomllib.loads((DATA / "wrong_manifests" / "wrong.toml").read_text())["wrong"]
ALWAYS = {"EX-RT-01", "EX-SC-02", "EX-PA-02", "EX-SD-01"}  # numerics, control, back-pressure, latency


def folder(name: str) -> Path:
    return ROOT / "rtl" / name if name == "gemm_axis" else DATA / "examples" / name


def files_of(name: str) -> dict[str, bytes]:
    """The example, and all wrong manifests made of it: one tree, so that one model serves those with the same pins."""
    base = folder(name)
    paths = [path for path in base.rglob("*") if path.suffix == ".sv" or path.name == "assay.toml"]
    files = {path.relative_to(base).as_posix(): path.read_bytes() for path in paths}
    text = files["assay.toml"].decode()
    return files | {f"{w['id']}.toml": edited(text, w).encode() for w in WRONG if w["base"] == name}


def edited(text: str, wrong: dict[str, Any]) -> str:
    assert text.count(wrong["find"]) == 1, wrong["id"]
    return text.replace(wrong["find"], wrong["replace"])


@pytest.fixture(scope="session")
def center(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Center]:
    home = tmp_path_factory.mktemp("examples")
    tenant = f"{home.parent.name}-{home.name}"  # of its own, so that no model is found; the compiled runtime is shared
    shutil.rmtree(CACHE / tenant, ignore_errors=True)
    with open_center(Settings(home, tenant=tenant), "local") as opened:
        yield replace(opened, services=replace(opened.services, cache=CACHE))
    shutil.rmtree(CACHE / tenant, ignore_errors=True)


def checked(center: Center, files: dict[str, bytes], manifest: str = "assay.toml") -> Dossier:
    services, tenant = center.services, center.settings.tenant
    run = submit(services, tenant, pack_tree(files), name="example", manifest=manifest)
    complete(services, center.local, tenant, run.id)
    return assemble(services, tenant, run.id)


def failed(dossier: Dossier) -> list[str]:
    return [row.id for row in dossier.decision.rows if row.failed]


def caught(dossier: Dossier) -> set[str]:
    """How: `check` before anything ran, `hang`, `mismatch`, all that apply; empty when nothing was wrong."""
    errors = [finding for finding in dossier.findings if finding.severity == "error"]
    judged = {"J-001": "hang", "J-009": "hang"}
    return {
        judged.get(finding.rule, "mismatch") if finding.testpoint and finding.rule.startswith("J-") else "check"
        for finding in errors
    }


def shortest(dossier: Dossier, manifest: str) -> int:
    """Operations of the shortest job that failed."""
    contract, _ = read_manifest(manifest)
    assert contract is not None
    jobs = {(one.testpoint, one.seed) for one in dossier.findings if one.testpoint and one.seed is not None}
    return min(len(operations(contract, Job(name, seed))) for name, seed in jobs if name and seed and name != "RST-01")


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_accepted(center: Center, name: str) -> None:
    dossier = checked(center, files_of(name))
    assert dossier.decision.verdict is Verdict.ACCEPTED, [finding.rule for finding in dossier.findings]
    assert failed(dossier) == []


@pytest.mark.parametrize(
    ("name", "bug"),
    [pytest.param(n, b, id=b.id, marks=[] if b.id in ALWAYS else [pytest.mark.campaign]) for n, b in BUGS],
)
def test_a_planted_fault_is_rejected_by_the_testpoint_named_before(center: Center, name: str, bug: PlantedBug) -> None:
    dossier = checked(center, plant(files_of(name), bug))
    assert dossier.decision.verdict is Verdict.REJECTED
    assert bug.expect in failed(dossier)


def quick(wrong: dict[str, Any]) -> bool:
    return wrong["caught"] == "check" or "operations" in wrong


@pytest.mark.parametrize(
    "wrong", [pytest.param(w, id=w["id"], marks=[] if quick(w) else [pytest.mark.campaign]) for w in WRONG]
)
def test_a_wrong_manifest_is_caught_as_foreseen(center: Center, wrong: dict[str, Any]) -> None:
    files = files_of(wrong["base"])
    dossier = checked(center, files, f"{wrong['id']}.toml")
    if wrong["caught"] == "equivalent":
        assert dossier.decision.verdict is Verdict.ACCEPTED
        return
    assert dossier.decision.verdict is Verdict.REJECTED
    assert wrong["caught"] in caught(dossier)
    assert ("check" in caught(dossier)) == (wrong["caught"] == "check")
    if "operations" in wrong:
        assert shortest(dossier, files[f"{wrong['id']}.toml"].decode()) <= wrong["operations"]


def test_at_least_thirty_are_wrong_and_a_third_of_them_is_caught_before_anything_runs() -> None:
    kinds = [wrong["caught"] for wrong in WRONG if wrong["caught"] != "equivalent"]
    assert len(kinds) >= 30
    assert 3 * kinds.count("check") >= len(kinds)


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_says_what_it_shows_and_has_two_faults(name: str) -> None:
    said = (folder(name) / "README.md").read_text().splitlines()
    assert [line.partition(" ")[0] for line in said] == ["#", "Form:", "Numerics:"]
    assert sum(owner == name for owner, _ in BUGS) >= 2
