"""The way into the C++ buffer layer, which lives in this very process: tables go in by pointer, observations come out.

The layer is the model's own code (`verif/tb/assay_dpi.h`); NumPy arrays are handed over without a copy and must outlive it.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from verif.records import record
from verif.records.container import Table
from verif.records.stimulus import IN, STEP_PULSE, STEP_SET, STEP_WAIT, Stimulus

MAX_EVENTS = 32
_TABLES = ("channel", "job", "op", "step", "segment", "beat", "word")


class BufferLayerError(RuntimeError):
    """The layer refused a call: the stimulus does not fit the harness, or calls came out of order."""


class _Tables(ctypes.Structure):
    _fields_ = tuple((name, ctypes.c_void_p) for name in _TABLES) + tuple(
        (name, ctypes.c_uint64) for name in ("channels", "jobs", "ops", "hold_words")
    )


class _Observed(ctypes.Structure):
    _fields_ = (
        ("watch", ctypes.c_uint8 * record.SCHEMA["watch"].itemsize),
        ("cycles", ctypes.POINTER(ctypes.c_uint64)),
        ("words", ctypes.POINTER(ctypes.c_uint32)),
    )


@dataclass(frozen=True, slots=True)
class Observation:
    """What one channel's watch saw in one job: its `watch` row, the beats' cycles, and words[beat, word]."""

    watch: Table
    cycles: NDArray[np.uint64]
    words: NDArray[np.uint32]


class BufferLayer:
    """One stimulus file inside the simulator. Channels and operations are row numbers of its tables."""

    def __init__(self, stimulus: Stimulus) -> None:
        check(stimulus)
        self.stimulus = stimulus
        self._library = ctypes.CDLL(None)
        self._library.assay_op_results.restype = ctypes.c_void_p
        self._library.assay_finished.restype = ctypes.c_uint32
        self._held = {name: np.ascontiguousarray(getattr(stimulus, name)) for name in _TABLES}
        pointers = [array.ctypes.data for array in self._held.values()]
        counts = [len(stimulus.channel), len(stimulus.job), len(stimulus.op), int(stimulus.head["hold_words"][0])]
        self._call("assay_open", ctypes.byref(_Tables(*pointers, *counts)))

    def _call(self, function: str, *arguments: object) -> None:
        if getattr(self._library, function)(*arguments):
            raise BufferLayerError(f"{function} was refused")

    def begin(self, job: int) -> None:
        """The next job to run, by row number."""
        self._call("assay_begin", job)

    def drive(self, channel: int, op_first: int, count: int) -> None:
        """Hand the beats of operations to the transactor of one channel; without this a RUN finds nothing to queue."""
        self._call("assay_drive", channel, op_first, count)

    def steps(self, op_first: int, count: int) -> None:
        """Hand the steps of operations to the stepper; without this they never begin."""
        self._call("assay_steps", op_first, count)

    def start(self) -> None:
        """Let every job that was begun run; the harness' `done_o` changes when all have ended."""
        self._call("assay_start")

    def finished(self) -> int:
        """Jobs that have ended, in the order they were begun."""
        return int(self._library.assay_finished())

    def job(self, sequence: int) -> Table:
        """The `job` row (length 1) of the job that was begun as number `sequence`."""
        row = np.zeros(1, record.SCHEMA["job"])
        self._call("assay_job_result", sequence, ctypes.c_void_p(row.ctypes.data))
        return row

    def operations(self) -> Table:
        """A copy of the `op` rows of the whole file."""
        layout = record.SCHEMA["op"]
        size = len(self.stimulus.op) * layout.itemsize
        return np.frombuffer(ctypes.string_at(self._library.assay_op_results(), size) if size else b"", layout).copy()

    def observed(self, sequence: int, channel: int) -> Observation:
        """A copy of what a channel's watch recorded in an ended job; the layer's own buffers are then given back."""
        seen = _Observed()
        self._call("assay_observed", sequence, channel, ctypes.byref(seen))
        watch = np.frombuffer(bytes(seen.watch), record.SCHEMA["watch"]).copy()
        count, words = int(watch["count"][0]), int(self.stimulus.channel["words"][channel])
        cycles = np.frombuffer(ctypes.string_at(seen.cycles, 8 * count) if count else b"", "<u8")
        values = np.frombuffer(ctypes.string_at(seen.words, 4 * count * words) if count else b"", "<u4")
        self._call("assay_release", sequence, channel)
        return Observation(watch, cycles, values.reshape(count, words))


def check(stimulus: Stimulus) -> None:
    """Raise `BufferLayerError` unless every index and offset of the tables stays inside them; the layer trusts them."""
    channels = len(stimulus.channel)
    if len(stimulus.segment) != channels * len(stimulus.op):
        raise BufferLayerError(
            f"{len(stimulus.segment)} segments, expected {channels} for each of {len(stimulus.op)} operations"
        )
    _inside(stimulus.job["op_first"], stimulus.job["op_count"], len(stimulus.op), "operations of a job")
    _inside(stimulus.op["step_first"], stimulus.op["step_count"], len(stimulus.step), "steps of an operation")
    _inside(stimulus.segment["beat_first"], stimulus.segment["count"], len(stimulus.beat), "beats of a segment")
    driven = np.tile(np.where(stimulus.channel["dir"] == IN, stimulus.channel["words"], 0), len(stimulus.op))
    needed = stimulus.segment["count"].astype(np.uint64) * driven.astype(np.uint64)
    _inside(stimulus.segment["word_first"], needed, len(stimulus.word), "words of a segment", skip=needed == 0)
    held = np.isin(stimulus.step["kind"], (STEP_SET, STEP_PULSE))
    hold_words = np.where(held, stimulus.head["hold_words"][0], 0)
    _inside(stimulus.step["word_first"], hold_words, len(stimulus.word), "words of a step", skip=~held)
    events = stimulus.step["arg"][stimulus.step["kind"] == STEP_WAIT]
    if np.any(events >= MAX_EVENTS):
        raise BufferLayerError(f"event number beyond {MAX_EVENTS - 1}")


def _inside(first: NDArray[Any], count: NDArray[Any], size: int, what: str, skip: NDArray[np.bool_] | None = None) -> None:
    start, number = first.astype(np.uint64), count.astype(np.uint64)
    bad = (start > size) | (number > size) | (start + number > size)
    if np.any(bad if skip is None else bad & ~skip):
        raise BufferLayerError(f"{what} lie outside their table of {size} rows")
