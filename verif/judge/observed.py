"""A record, checked against the stimulus that it must answer before anything in it is believed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from verif.judge.fault import RecordError
from verif.records.container import ContainerError
from verif.records.record import STATUS_NOT_RUN, Record
from verif.records.stimulus import Stimulus

LONGEST_RESET = 1 << 32  # cycles; times beyond stimulus deadlines are refused long before they could overflow
SURPLUS_KEPT = 1024  # surplus beats that the buffer layer stores per job and channel (kSurplusKept in assay_engine.h)


@dataclass(frozen=True, slots=True)
class Trace:
    """What crossed one channel in one job: `watch` row, cycles uint64[n], words uint32[n, words of the channel]."""

    watch: Any
    cycles: NDArray[np.uint64]
    words: NDArray[np.uint32]

    @property
    def count(self) -> int:
        """Accepted beats."""
        return len(self.cycles)


@dataclass(frozen=True, slots=True)
class Observed:
    """One record with its stimulus. Jobs and channels are row numbers."""

    stimulus: Stimulus
    record: Record

    def job(self, number: int) -> Any:
        """The `job` row."""
        return self.record.job[number]

    def executed(self, number: int) -> bool:
        """The job ran, to its end or to its deadline."""
        return int(self.record.job["status"][number]) != STATUS_NOT_RUN

    def trace(self, job: int, channel: int) -> Trace:
        """What crossed a channel in a job."""
        row = self.record.watch[job * len(self.stimulus.channel) + channel]
        first, count, width = int(row["beat_first"]), int(row["count"]), int(self.stimulus.channel["words"][channel])
        word = int(row["word_first"])
        words = self.record.word["value"][word : word + count * width].reshape(count, width)
        return Trace(row, self.record.beat["cycle"][first : first + count], words)

    def sent(self, job: int, channel: int) -> NDArray[np.uint32]:
        """What the source of an input channel was given for a job: uint32[n, words], in the order of its operations."""
        row, width = self.stimulus.job[job], int(self.stimulus.channel["words"][channel])
        parts = [np.zeros((0, width), np.uint32)]
        for op in range(int(row["op_first"]), int(row["op_first"]) + int(row["op_count"])):
            segment = self.stimulus.segment[op * len(self.stimulus.channel) + channel]
            first, count = int(segment["word_first"]), int(segment["count"])
            parts.append(self.stimulus.word["value"][first : first + count * width].reshape(count, width))
        return np.concatenate(parts)


def open_record(data: bytes, stimulus: Stimulus, digest: str, powerup_seed: int) -> Observed:
    """The record in `data`, which must answer `stimulus` (its SHA-256 is `digest`) under `powerup_seed`.

    Raises:
        RecordError: it does not.
    """
    try:
        record = Record.unpack(data)
    except ContainerError as error:
        raise RecordError("P-402", str(error)) from None
    _head(record, stimulus, digest, powerup_seed)
    _rows(record, stimulus)
    _times(record, stimulus)
    _offsets(record, stimulus)
    return Observed(stimulus, record)


def _need(holds: object, reason: str) -> None:
    if not holds:
        raise RecordError("P-402", reason)


def _head(record: Record, stimulus: Stimulus, digest: str, powerup_seed: int) -> None:
    _need(len(record.head) == 1, "no head")
    head, channels = record.head[0], len(stimulus.channel)
    _need(bytes(head["stimulus"]).decode("ascii", "replace") == digest, "it answers another stimulus")
    _need(int(head["powerup_seed"]) == powerup_seed, "it ran under another power-up seed")
    _need(int(head["channels"]) == channels, "it has another number of channels")
    if int(head["monitors"]) != channels:
        raise RecordError("P-404", f"{int(head['monitors'])} of {channels} channels were watched")


def _rows(record: Record, stimulus: Stimulus) -> None:
    jobs, channels = len(stimulus.job), len(stimulus.channel)
    _need(len(record.job) == jobs, "jobs are missing, or there are more than planned")
    _need(np.array_equal(record.job["job"], stimulus.job["job"]), "jobs differ from the plan")
    _need(np.array_equal(record.job["sequence"], np.arange(jobs)), "jobs are not numbered without a hole")
    _need(np.all(record.job["status"] <= STATUS_NOT_RUN), "a job's status does not exist")
    _need(np.array_equal(record.op["op"], stimulus.op["op"]), "operations differ from the plan")
    _need(len(record.watch) == jobs * channels, "channels of jobs are missing")


def _times(record: Record, stimulus: Stimulus) -> None:
    """Every job lies after the one before it, and none is longer than its reset, its deadline and its quiet window."""
    ran = record.job["status"] != STATUS_NOT_RUN
    ends, released = record.job["end"][ran].astype(object), record.job["reset_end"][ran].astype(object)
    before = np.concatenate([np.zeros(1, object), ends[:-1]]) if len(ends) else ends
    _need(np.all(released >= before) and np.all(ends >= released), "jobs overlap in time")
    longest = stimulus.job["deadline"][ran].astype(object) + LONGEST_RESET
    _need(np.all(ends - before <= longest), "a job is longer than its deadline")


def _offsets(record: Record, stimulus: Stimulus) -> None:
    """Beats and words lie without gap or overlap, in order, inside their job's time, and no channel has too many."""
    jobs, channels = len(stimulus.job), len(stimulus.channel)
    counts = record.watch["count"].astype(np.int64)
    words = counts * np.tile(stimulus.channel["words"].astype(np.int64), jobs)
    _need(np.array_equal(record.watch["beat_first"].astype(object), _starts(counts)), "beats overlap or leave a gap")
    _need(np.array_equal(record.watch["word_first"].astype(object), _starts(words)), "words overlap or leave a gap")
    _need(int(counts.sum()) == len(record.beat) and int(words.sum()) == len(record.word), "beats or words are left over")
    planned = _planned(stimulus)
    _need(np.all(counts <= planned + SURPLUS_KEPT), "a channel has more beats than the buffer layer keeps")
    job = np.repeat(np.repeat(np.arange(jobs), channels), counts)
    cycles, low, high = record.beat["cycle"], record.job["reset_end"][job], record.job["end"][job]
    _need(np.all((cycles >= low) & (cycles <= high)), "a beat lies outside its job")
    inside = np.repeat(np.arange(jobs * channels), counts)
    other = stimulus.channel["clock"][inside[1:] % channels] != 0  # a faster clock has several edges in a cycle of the first
    later = (cycles[1:] > cycles[:-1]) | (other & (cycles[1:] == cycles[:-1]))
    _need(np.all(later | (inside[1:] != inside[:-1])), "beats of a channel are not in order")


def _starts(counts: NDArray[np.int64]) -> NDArray[Any]:
    return (np.cumsum(counts) - counts).astype(object)


def _planned(stimulus: Stimulus) -> NDArray[np.int64]:
    """Planned beats by (job, channel), flat."""
    channels = len(stimulus.channel)
    total = np.zeros((len(stimulus.job), channels), np.int64)
    per_op = stimulus.segment["count"].astype(np.int64).reshape(-1, channels)
    for number, row in enumerate(stimulus.job):
        total[number] = per_op[int(row["op_first"]) : int(row["op_first"]) + int(row["op_count"])].sum(axis=0)
    return total.reshape(-1)
