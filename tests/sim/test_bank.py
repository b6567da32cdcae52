"""Planted bugs through the whole pipeline: each must be rejected, and by the testpoint that was named before.

`make sim` plants one bug of each of four classes; the rest of the bank is a campaign.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

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

pytestmark = [pytest.mark.sim, pytest.mark.slow]

ROOT = Path(__file__).resolve().parents[2]
DESIGN = ROOT / "rtl" / "gemm_axis"
CACHE = ROOT / ".assay" / "tests"
FILES = {path.relative_to(DESIGN).as_posix(): path.read_bytes() for path in DESIGN.rglob("*") if path.is_file()}
BANK = read_bank((ROOT / "seeds" / "bugs" / "gemm_axis.toml").read_text())
ALWAYS = {"GA-07", "GA-12", "GA-13", "GA-28"}  # numerics, control, reset, back-pressure


@pytest.fixture(scope="session")
def center(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Center]:
    home = tmp_path_factory.mktemp("bank")
    tenant = f"{home.parent.name}-{home.name}"  # of its own, so that no model is found; the compiled runtime is shared
    shutil.rmtree(CACHE / tenant, ignore_errors=True)
    with open_center(Settings(home, tenant=tenant), "local") as opened:
        yield replace(opened, services=replace(opened.services, cache=CACHE))
    shutil.rmtree(CACHE / tenant)


def checked(center: Center, files: dict[str, bytes], manifest: str = "assay.toml") -> Dossier:
    services, tenant = center.services, center.settings.tenant
    run = submit(services, tenant, pack_tree(files), name="planted", manifest=manifest)
    complete(services, center.local, tenant, run.id)
    return assemble(services, tenant, run.id)


def failed(dossier: Dossier) -> list[str]:
    return [row.id for row in dossier.decision.rows if row.failed]


@pytest.mark.parametrize(
    "bug", [pytest.param(bug, id=bug.id, marks=[] if bug.id in ALWAYS else [pytest.mark.campaign]) for bug in BANK]
)
def test_a_planted_bug_is_rejected_by_the_testpoint_named_before(center: Center, bug: PlantedBug) -> None:
    dossier = checked(center, plant(FILES, bug))
    assert dossier.decision.verdict is Verdict.REJECTED
    assert bug.expect in failed(dossier)
    found = [finding for finding in dossier.findings if finding.testpoint == bug.expect and finding.severity == "error"]
    assert found


@pytest.mark.parametrize("manifest", ["assay.toml", "assay-n4.toml", "assay-n16.toml"])
def test_the_design_without_a_bug_is_accepted_under_every_contract(center: Center, manifest: str) -> None:
    dossier = checked(center, FILES, manifest)
    assert dossier.decision.verdict is Verdict.ACCEPTED
    assert failed(dossier) == []


def test_four_classes_are_always_planted() -> None:
    assert {bug.kind for bug in BANK if bug.id in ALWAYS} == {"numerics", "control", "reset", "back-pressure"}
