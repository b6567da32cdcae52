"""A judgement explains what follows one variant, and says what a batch without a fault could tell apart."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.stages.judge import read_judgement
from verif.contract.model import Contract
from verif.jobs import judge as job
from verif.judge.predict import predict
from verif.stimulus.generate import operations
from verif.variants.answer import Asked
from verif.variants.listing import variants

ROOT = Path(__file__).resolve().parents[3]
MANIFEST = ROOT / "rtl/gemm_axis/assay.toml"


def follow(case: Any, name: str) -> None:
    """Replace what crossed the output by what the variant expects."""
    contract: Contract = case.contract
    variant = next(one for one in variants(contract) if one.id.endswith("." + name))
    for number, planned in enumerate(case.batch.jobs):
        words = []
        for values in operations(contract, planned):
            asked = Asked(contract, values)
            words.append((asked.answer(variant) or asked.base)[3].words)
        block, row = np.concatenate(words), case.watch(number, "c")
        first = int(row["word_first"])
        case.first["word"]["value"][first : first + block.size] = block.reshape(-1)


def run_job(case: Any, folder: Path, *flags: str) -> dict[str, Any]:
    (folder / "plan.json").write_bytes(case.plan.to_json())
    (folder / "stimulus.bin").write_bytes(case.packed)
    named = []
    for seed, data in case.records().items():
        (folder / f"{seed}.bin").write_bytes(data)
        named.append(f"{seed}={folder / f'{seed}.bin'}")
    out = folder / "out.json"
    files = [str(MANIFEST), str(folder / "plan.json"), "0", str(folder / "stimulus.bin"), str(out)]
    assert job.main([*files, *named, *flags]) == ""
    found: dict[str, Any] = json.loads(out.read_text())
    return found


@pytest.mark.parametrize("name", ["c.data.lanes.j", "c.last.never"])
def test_every_wrong_result_says_what_it_is_consistent_with(gemm: Any, name: str) -> None:
    follow(gemm, name)
    judgement = gemm.judge()
    assert {finding["rule"] for finding in judgement.findings} <= {"J-002", "J-004"}
    for finding in judgement.findings:
        assert [one["id"].partition(".")[2] for one in finding["explained"]["variants"]] == [name]
    told = judgement.findings[0]["explained"]
    wrong = [finding["divergence"]["wrong_beats"] for finding in judgement.findings]
    assert (told["wrong"], told["jobs"]) == (sum(wrong), len(judgement.findings))


def test_a_single_wrong_bit_is_not_explained(gemm: Any) -> None:
    gemm.spoil_word(1, "c", 3, 1 << 11)
    judgement = gemm.judge()
    assert judgement.findings
    assert not any(finding.get("explained") for finding in judgement.findings)


def test_the_stage_reads_the_explanation(gemm: Any, tmp_path: Path) -> None:
    follow(gemm, "c.data.lanes.j")
    found = run_job(gemm, tmp_path, job.READINGS)
    judged = read_judgement(json.dumps(found).encode(), {})
    explained = judged.findings[0].explained
    assert explained is not None
    assert explained.readings[0].id == "gemm_requant.c.data.lanes.j"
    assert "readings" not in found, "a batch with a fault says nothing of what it could tell apart"


def test_a_batch_without_a_fault_says_what_it_could_tell_apart_when_asked(gemm: Any, tmp_path: Path) -> None:
    assert "readings" not in run_job(gemm, tmp_path)
    found = run_job(gemm, tmp_path, job.READINGS)["readings"]
    assert "gemm_requant.c.data.lanes.j" in found["told"]
    assert len(found["told"]) + len(found["left"]) == len(variants(gemm.contract))
    assert found == run_job(gemm, tmp_path, job.READINGS)["readings"]


def test_the_prediction_is_the_base_answer(gemm: Any) -> None:
    planned = gemm.batch.jobs[1]
    made = operations(gemm.contract, planned)
    expected = predict(gemm.contract, made)["c"].words
    words = np.concatenate([Asked(gemm.contract, values).base[3].words for values in made])
    assert np.array_equal(words, expected)
