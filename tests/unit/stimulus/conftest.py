"""Contracts that every generator must cope with, and the jobs of a testpoint under its development seeds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from verif.contract.check import check_contract
from verif.contract.model import Contract
from verif.contract.read import read_manifest
from verif.stimulus.generate import job_values
from verif.stimulus.values import JobValues
from verif.testplan.plan import Job, development_seed

ROOT = Path(__file__).resolve().parents[3]
FAULTY = "tests/data/sim/faulty.toml"
GEMM_Q = "tests/unit/contract/gemm_q.toml"
MATH = '"C[l] = A[l] + p"'
# name -> manifest, and exact edits of it
CONTRACTS: dict[str, tuple[str, dict[str, str]]] = {
    "gemm": ("rtl/gemm_axis/assay.toml", {}),
    "gemm_n4": ("rtl/gemm_axis/assay-n4.toml", {}),
    "relu": (GEMM_Q, {}),
    "add": (FAULTY, {}),
    # no sum, yet it rounds and clips
    "elementwise": (FAULTY, {MATH: '"C[l] = clip(relu(round(A[l] * p, 3, half_up)), 0, 99)"'}),
    # some shapes are forbidden
    "where": (FAULTY, {"max_cycles": 'where = "L % 3 != 1"\nmax_cycles'}),
    "bits_64": (FAULTY, {'A = "u16[L]"': 'A = "u64[L]"', "W = 16": "W = 64"}),
    "signed_64": (FAULTY, {'A = "u16[L]"': 'A = "i64[L]"', "W = 16": "W = 64"}),
    "bits_1": (FAULTY, {'A = "u16[L]"': 'A = "u1[L]"', "W = 16": "W = 1"}),
    "range": (FAULTY, {'A = "u16[L]"': 'A = "i16[L] in 7..9"'}),
    # no operand at all, and one that is summed without a product
    "constant": (FAULTY, {MATH: '"C[l] = l + p"'}),
    "average": (FAULTY, {MATH: '"C[l] = round(sum(A[j] for j in l+1), 2, half_away)"'}),
    "int4": (GEMM_Q, {"i8[M,K]": "i4[M,K]", "i8[K,N]": "u4[K,N]"}),
}


def _contract(name: str) -> Contract:
    path, edits = CONTRACTS[name]
    text = (ROOT / path).read_text()
    for find, put in edits.items():
        assert text.count(find) == 1, find
        text = text.replace(find, put)
    contract, found = read_manifest(text)
    assert contract is not None, found
    assert check_contract(contract) == []
    return contract


Example = Callable[[str], Contract]


@pytest.fixture(scope="session")
def example() -> Example:
    """A contract of tests/data/examples by the example's name."""

    def read(name: str) -> Contract:
        contract, found = read_manifest((ROOT / "tests/data/examples" / name / "assay.toml").read_text())
        assert contract is not None, found
        return contract

    return read


@pytest.fixture(params=CONTRACTS)
def contract(request: pytest.FixtureRequest) -> Contract:
    return _contract(request.param)


@pytest.fixture(scope="session")
def gemm() -> Contract:
    return _contract("gemm")


@pytest.fixture(scope="session")
def gemm_n4() -> Contract:
    return _contract("gemm_n4")


@pytest.fixture(scope="session")
def relu() -> Contract:
    return _contract("relu")


Jobs = Callable[[Contract, str, int], list[JobValues]]


@pytest.fixture(scope="session")
def jobs() -> Jobs:
    def make(contract: Contract, testpoint: str, count: int) -> list[JobValues]:
        return [job_values(contract, Job(testpoint, development_seed(testpoint, index))) for index in range(count)]

    return make


@pytest.fixture(scope="session")
def add() -> Contract:
    return _contract("add")
