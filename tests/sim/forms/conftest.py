"""A design of an unusual form from its manifest to its judgement: gate, build, stimulus, simulator, judge."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from pipeline.domain.canonical import sha256
from pipeline.domain.evidence import Evidence
from pipeline.stages.build import BuildStage
from pipeline.stages.gate import GateStage
from verif.contract.check import check_contract
from verif.contract.model import Contract
from verif.contract.read import read_manifest
from verif.judge.judge import Judgement, judge
from verif.judge.observed import Observed
from verif.records.record import Record
from verif.records.stimulus import Stimulus
from verif.stimulus.encode import encode
from verif.testplan.plan import Batch, Job, Plan

DATA = Path(__file__).resolve().parents[2] / "data" / "sim" / "forms"
JOBS = tuple(Job(testpoint, seed) for testpoint in ("FUN-01", "FUN-04", "PRO-01", "PRO-30", "ROB-01") for seed in (1, 2))


@dataclass(frozen=True)
class Seen:
    """One batch that was run: what was asked, what came, what the judge says."""

    contract: Contract
    stimulus: Stimulus
    observed: Observed
    judgement: Judgement

    @property
    def rules(self) -> set[str]:
        return {rule for rules in self.judgement.rules for rule in rules}

    def findings(self, rule: str) -> list[Mapping[str, Any]]:
        return [finding for finding in self.judgement.findings if finding["rule"] == rule]

    def channel(self, name: str) -> int:
        return [channel.id for channel in self.contract.channels].index(name)

    def operations(self, job: int, name: str) -> Iterator[list[int]]:
        """Cycles of the beats on a channel, operation by operation."""
        cycles = [int(cycle) for cycle in self.observed.trace(job, self.channel(name)).cycles]
        row = self.stimulus.job[job]
        for op in range(int(row["op_first"]), int(row["op_first"]) + int(row["op_count"])):
            count = int(self.stimulus.segment[op * len(self.contract.channels) + self.channel(name)]["count"])
            yield cycles[:count]
            cycles = cycles[count:]


class Forms:
    """Builds each design once; edits are exact."""

    def __init__(self, bench: Any, kit: ModuleType) -> None:
        self.bench, self.kit = bench, kit
        self.models: dict[tuple[str, ...], tuple[Contract, bytes, dict[str, Any]]] = {}

    def files(self, name: str, *edits: tuple[str, str]) -> dict[str, bytes]:
        files = {f"{name}.sv": (DATA / f"{name}.sv").read_text(), "assay.toml": (DATA / f"{name}.toml").read_text()}
        for find, put in edits:
            place = next(place for place, text in files.items() if text.count(find) == 1)
            files[place] = files[place].replace(find, put)
        return {place: text.encode() for place, text in files.items()}

    def model(self, name: str, *edits: tuple[str, str]) -> tuple[Contract, bytes, dict[str, Any]]:
        """The contract, the simulator, and the ports that the gate found."""
        key = (name, *(part for edit in edits for part in edit))
        if key not in self.models:
            self.models[key] = self._made(name, self.files(name, *edits))
        return self.models[key]

    def _made(self, name: str, files: Mapping[str, bytes]) -> tuple[Contract, bytes, dict[str, Any]]:
        contract, found = read_manifest(files["assay.toml"].decode())
        assert contract is not None, found
        assert [item for item in check_contract(contract) if item.severity == "error"] == []
        context = self.bench.context(files, "gate")
        told = {"top": name, "files": [f"{name}.sv"], "include_dirs": [], "defines": [], "parameters": {}}
        evidence = context.evidence | {"intake": context.evidence["intake"] | {"contract": put(context, told)}}
        gate = GateStage().run(replace(context, evidence=evidence))
        assert [finding for finding in gate.findings if finding.severity == "error"] == []
        ports = json.loads(context.blobs.get(gate.evidence[0].digest))
        context = self.bench.context(files)
        context = replace(context, evidence=context.evidence | {"gate": {"ports": put(context, ports)}})
        built = BuildStage().run(context)
        assert built.findings == ()
        return contract, context.blobs.get(built.evidence[0].digest), ports

    def run(self, name: str, *edits: tuple[str, str], jobs: Sequence[Job] = JOBS, manifest: str = "") -> Seen:
        """Judge a batch; `manifest`, unless empty, takes the place of the one that the model was built with."""
        contract, model, _ports = self.model(name, *edits)
        if manifest:
            other, found = read_manifest(manifest)
            assert other is not None, found
            contract = other
        plan = Plan("1", "test", name, 0, (), (Batch(0, tuple(jobs), (7,)),))
        stimulus = encode(contract, plan, plan.batches[0])
        done = self.bench.execute(model, stimulus, powerup=7)
        assert done.record is not None, done.result.log.decode(errors="replace")
        judgement = judge(contract, plan, plan.batches[0], stimulus.pack(), {7: done.record})
        return Seen(contract, stimulus, Observed(stimulus, Record.unpack(done.record)), judgement)


def put(context: Any, value: object) -> Evidence:
    data = json.dumps(value).encode()
    context.blobs.put(data)
    return Evidence("json", sha256(data), "application/json", len(data))


@pytest.fixture(scope="session")
def forms(bench: Any, kit: ModuleType) -> Forms:
    return Forms(bench, kit)


@pytest.fixture
def jobs() -> tuple[Job, ...]:
    return JOBS
