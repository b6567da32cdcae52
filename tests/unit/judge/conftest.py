"""A perfect record, made from the prediction instead of a simulation, and ways to spoil it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from verif.contract.model import Contract
from verif.contract.read import read_manifest
from verif.judge.judge import Judgement, judge
from verif.judge.predict import predict
from verif.records.record import SCHEMA, Record
from verif.records.stimulus import Stimulus
from verif.stimulus.encode import encode
from verif.stimulus.generate import operations
from verif.testplan.plan import Batch, Job, Plan

ROOT = Path(__file__).resolve().parents[3]
GAP = 3  # cycles between beats of the perfect record


@dataclass
class Case:
    """One batch with the tables of a record per power-up seed, free to be spoiled before `judge`."""

    contract: Contract
    plan: Plan
    stimulus: Stimulus
    packed: bytes
    tables: dict[int, dict[str, np.ndarray[Any, Any]]]

    @property
    def batch(self) -> Batch:
        return self.plan.batches[0]

    @property
    def first(self) -> dict[str, np.ndarray[Any, Any]]:
        return self.tables[self.batch.powerup_seeds[0]]

    def channel(self, name: str) -> int:
        return [channel.id for channel in self.contract.channels].index(name)

    def watch(self, job: int, channel: str, seed: int | None = None) -> Any:
        tables = self.first if seed is None else self.tables[seed]
        return tables["watch"][job * len(self.contract.channels) + self.channel(channel)]

    def spoil_word(self, job: int, channel: str, beat: int, mask: int, seed: int | None = None) -> None:
        tables = self.first if seed is None else self.tables[seed]
        row, width = self.watch(job, channel, seed), int(self.stimulus.channel["words"][self.channel(channel)])
        tables["word"]["value"][int(row["word_first"]) + beat * width] ^= mask

    def cut(self, job: int, channel: str, keep: int) -> None:
        """Forget the beats of a channel from number `keep` on."""
        self._resize(job, channel, keep)

    def extend(self, job: int, channel: str, extra: int) -> None:
        """Repeat the last beat of a channel `extra` times."""
        self._resize(job, channel, int(self.watch(job, channel)["count"]) + extra)

    def _resize(self, job: int, channel: str, count: int) -> None:
        tables, row = self.first, self.watch(job, channel)
        width, have = int(self.stimulus.channel["words"][self.channel(channel)]), int(row["count"])
        first, word = int(row["beat_first"]), int(row["word_first"])
        beats, words = tables["beat"], tables["word"]
        kept = beats[first : first + min(count, have)]
        more = np.zeros(max(0, count - have), SCHEMA["beat"])
        more["cycle"] = beats["cycle"][first + have - 1] + 1 + np.arange(len(more)) if have else 0
        tables["beat"] = np.concatenate([beats[:first], kept, more, beats[first + have :]])
        block = words[word : word + have * width].reshape(have, width)
        last = np.repeat(block[-1:], len(more), axis=0)
        block = np.concatenate([block[:count], last]).reshape(-1)
        tables["word"] = np.concatenate([words[:word], block, words[word + have * width :]])
        row["count"] = count
        counts = tables["watch"]["count"].astype(np.int64)
        words_each = counts * np.tile(self.stimulus.channel["words"].astype(np.int64), len(self.stimulus.job))
        tables["watch"]["beat_first"], tables["watch"]["word_first"] = starts(counts), starts(words_each)

    def records(self) -> Mapping[int, bytes]:
        return {seed: Record(**tables).pack() for seed, tables in self.tables.items()}

    def judge(self) -> Judgement:
        return judge(self.contract, self.plan, self.batch, self.packed, self.records())


def starts(counts: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return np.cumsum(counts) - counts


def perfect(contract: Contract, plan: Plan, stimulus: Stimulus, packed: bytes, seed: int) -> dict[str, np.ndarray[Any, Any]]:
    jobs, channels = len(stimulus.job), len(contract.channels)
    tables: dict[str, np.ndarray[Any, Any]] = {name: np.zeros(0, layout) for name, layout in SCHEMA.items()}
    tables["head"] = np.array([(hashlib.sha256(packed).hexdigest().encode(), seed, channels, channels)], SCHEMA["head"])
    tables["job"], tables["op"] = np.zeros(jobs, SCHEMA["job"]), np.zeros(len(stimulus.op), SCHEMA["op"])
    tables["op"]["op"] = stimulus.op["op"]
    tables["watch"] = np.zeros(jobs * channels, SCHEMA["watch"])
    cycles, words, now = [], [], 1
    for number, job in enumerate(plan.batches[0].jobs):
        expected, release, longest = predict(contract, operations(contract, job)), now + 10, 0
        for index, channel in enumerate(contract.channels):
            block = expected[channel.id].words if channel.dir == "out" else _sent(stimulus, number, index)
            row = tables["watch"][number * channels + index]
            row["beat_first"], row["word_first"] = sum(map(len, cycles)), sum(map(len, words))
            row["count"], row["first_valid"], row["first_ready"] = len(block), release + 1, release + 1
            cycles.append(np.arange(release + 1, release + 1 + GAP * len(block), GAP))
            words.append(block.reshape(-1))
            longest = max(longest, len(block))
        end = release + GAP * longest + 70
        tables["job"][number] = (number, number, 0, int(stimulus.job["op_count"][number]), release, end, 0)
        now = end + 1
    tables["beat"], tables["word"] = (
        np.zeros(sum(map(len, cycles)), SCHEMA["beat"]),
        np.zeros(sum(map(len, words)), SCHEMA["word"]),
    )
    tables["beat"]["cycle"], tables["word"]["value"] = np.concatenate(cycles), np.concatenate(words)
    return tables


def _sent(stimulus: Stimulus, job: int, channel: int) -> np.ndarray[Any, Any]:
    row, width = stimulus.job[job], int(stimulus.channel["words"][channel])
    blocks = []
    for op in range(int(row["op_first"]), int(row["op_first"]) + int(row["op_count"])):
        segment = stimulus.segment[op * len(stimulus.channel) + channel]
        first = int(segment["word_first"])
        blocks.append(stimulus.word["value"][first : first + int(segment["count"]) * width].reshape(-1, width))
    return np.concatenate(blocks)


def make_case(manifest: str, jobs: list[Job], powerup: tuple[int, ...] = (5,)) -> Case:
    contract, diagnostics = read_manifest((ROOT / manifest).read_text())
    assert contract, diagnostics
    plan = Plan("1", "core-1", contract.design.name, 0, (), (Batch(0, tuple(jobs), powerup),))
    stimulus = encode(contract, plan, plan.batches[0])
    packed = stimulus.pack()
    tables = {seed: perfect(contract, plan, stimulus, packed, seed) for seed in powerup}
    return Case(contract, plan, stimulus, packed, tables)


@pytest.fixture(scope="session")
def _gemm() -> Case:
    return make_case("rtl/gemm_axis/assay.toml", [Job("FUN-01", 1), Job("FUN-04", 2), Job("PRO-02", 3)])


@pytest.fixture(scope="session")
def _power() -> Case:
    return make_case("rtl/gemm_axis/assay-n4.toml", [Job("RST-01", 9)], (11, 12, 13))


def fresh(case: Case) -> Case:
    return replace(case, tables={seed: {n: t.copy() for n, t in tables.items()} for seed, tables in case.tables.items()})


@pytest.fixture
def case_of() -> Callable[..., Case]:
    """A perfect case of a manifest anywhere, for a list of jobs."""
    return make_case


@pytest.fixture
def gemm(_gemm: Case) -> Case:
    """Three jobs on gemm_axis with requantisation."""
    return fresh(_gemm)


@pytest.fixture
def power(_power: Case) -> Case:
    """One job under three power-up seeds."""
    return fresh(_power)
