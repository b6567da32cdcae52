"""Contracts, their variants, and one job as the judge sees it when a design follows a variant."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from verif.contract.check import check_contract
from verif.contract.model import Contract
from verif.contract.read import read_manifest
from verif.judge.observed import Trace
from verif.judge.predict import predict
from verif.stimulus.generate import job_values
from verif.stimulus.values import OperationValues
from verif.testplan.plan import Job, development_seed
from verif.variants.answer import Answer, Asked
from verif.variants.explain import Crossed

ROOT = Path(__file__).resolve().parents[3]
PATHS = {
    "gemm": "rtl/gemm_axis/assay.toml",
    "gemm_n16": "rtl/gemm_axis/assay-n16.toml",
    "gemm_q": "tests/unit/contract/gemm_q.toml",
    "add": "tests/data/sim/faulty.toml",
}
Load = Callable[..., Contract]
Crossing = Callable[..., Crossed]


@pytest.fixture(scope="session")
def load() -> Load:
    def made(name: str, edits: dict[str, str] | None = None) -> Contract:
        text = (ROOT / PATHS[name]).read_text()
        for find, put in (edits or {}).items():
            assert text.count(find) >= 1, find
            text = text.replace(find, put)
        contract, found = read_manifest(text)
        assert contract is not None, found
        assert [one for one in check_contract(contract) if one.severity == "error"] == []
        return contract

    return made


@pytest.fixture(scope="session")
def draw() -> Callable[[Contract, str, int], list[OperationValues]]:
    def made(contract: Contract, testpoint: str, count: int) -> list[OperationValues]:
        jobs = [Job(testpoint, development_seed(testpoint, index)) for index in range(count)]
        return [values for job in jobs for values in job_values(contract, job).operations]

    return made


@pytest.fixture(scope="session")
def crossing() -> Crossing:
    """A job whose design answers each operation with `answer` (None: as the contract says)."""

    def made(
        contract: Contract,
        operations: Sequence[OperationValues],
        answer: Callable[[Asked], Answer | None] = lambda asked: asked.base,
        noise: np.random.Generator | None = None,
    ) -> Crossed:
        expected, traces, wrong, compared = predict(contract, tuple(operations)), {}, 0, 0
        for name, wanted in expected.items():
            parts = [_beats(contract, one.values, one.stream, answer) for one in wanted.segments]
            words = np.concatenate(parts) if parts else wanted.words
            if noise is not None:
                words = words ^ noise.integers(0, 1 << 32, words.shape, np.uint32)
            wrong += int(((words ^ wanted.words) & wanted.care).any(axis=1).sum())
            compared += wanted.count
            traces[name] = Trace(None, np.arange(len(words), dtype=np.uint64), words)
        return replace(Crossed("FUN-04", expected, traces), wrong=wrong, compared=compared)

    return made


def _beats(contract: Contract, values: OperationValues, stream: object, answer: Callable[[Asked], Answer | None]) -> Any:
    asked = Asked(contract, values)
    found, streams = answer(asked), asked.operation.streams
    assert found is not None
    return found[next(i for i, one in enumerate(streams) if one is stream)].words
