"""Stimulus: everything the simulator is told. Made by the judge's side, read-only for the simulator, no expected values.

One file holds one batch. Payload words are 32 bits, least significant first; a beat of a channel of width W takes
ceil(W / 32) words. Beats of output channels carry ready timing only, never words.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from verif.records import container
from verif.records.container import Table

MAGIC = b"ASSAYSTI"
VERSION = 3

IN, OUT = 0, 1
IDLE_ZERO, IDLE_RANDOM, IDLE_HOLD = 0, 1, 2
STALL_FROM_PREVIOUS, STALL_FROM_VALID = 0, 1
STEP_RUN, STEP_SET, STEP_PULSE, STEP_WAIT, STEP_IDLE, STEP_ALIGN = 0, 1, 2, 3, 4, 5
FROM_HANDSHAKE, FROM_EVENT, FROM_FIRST, FROM_LAST, FROM_PULSE = 0, 1, 2, 3, 4

SCHEMA: dict[str, np.dtype[np.void]] = {
    # one row: plan digest and what the file is for
    "head": np.dtype([("plan", "S64"), ("batch", "<u4"), ("hold_words", "<u4")]),
    # one row per channel, in the contract's order; width in bits. clock: number of the clock that it runs on; its gaps count
    # cycles of that clock, everything else in this file those of clock 0. origin: what the beats of a channel without a
    # handshake count from; origin_at: number of the event, the channel or the signal of the hold vector that is meant.
    "channel": np.dtype(
        [
            ("id", "S32"),
            ("dir", "u1"),
            ("clock", "u1"),
            ("origin", "u1"),
            ("origin_at", "<u4"),
            ("width", "<u4"),
            ("words", "<u4"),
        ]
    ),
    # one row per job = (testpoint, seed). reset_cycles: clock cycles of asserted reset before the first step.
    # deadline: cycles after reset release at which the job is ended as hung. quiet: cycles watched after its last beat.
    "job": np.dtype(
        [
            ("job", "<u4"),
            ("testpoint", "S16"),
            ("seed", "<u8"),
            ("op_first", "<u4"),
            ("op_count", "<u4"),
            ("reset_cycles", "<u4"),
            ("deadline", "<u8"),
            ("quiet", "<u4"),
            ("idle_mode", "u1"),
            ("idle_seed", "<u8"),
        ]
    ),
    # one row per operation. wait_previous: steps begin only after the previous operation has ended (steps done, all beats
    # crossed) and `quiet` further cycles have passed.
    "op": np.dtype(
        [
            ("op", "<u4"),
            ("job", "<u4"),
            ("kind", "<u2"),
            ("wait_previous", "u1"),
            ("quiet", "<u4"),
            ("step_first", "<u4"),
            ("step_count", "<u4"),
        ]
    ),
    # micro-steps. RUN: arg = bit mask of channels whose segment of this operation is queued (does not block). Channels
    # without a handshake need none: their origin decides. ALIGN: until all beats that were queued so far have crossed.
    # SET: words of the whole hold vector. PULSE: words of the hold vector bits held inverted for `arg` cycles.
    # WAIT: arg = event index, within = cycles (0: until the deadline). IDLE: arg cycles.
    "step": np.dtype([("kind", "u1"), ("arg", "<u8"), ("within", "<u8"), ("word_first", "<u8")]),
    # op-major, one row per (operation, channel): where its beats and words lie. Without a handshake, beat i crosses
    # `delay` + i * `every` of the channel's cycles after the origin came in this operation.
    "segment": np.dtype(
        [("beat_first", "<u8"), ("count", "<u4"), ("word_first", "<u8"), ("delay", "<u4"), ("every", "<u4")]
    ),
    # gap, inputs: cycles with valid low before this beat, counted from the previous accepted beat.
    # gap, outputs: cycles with ready low before this beat, counted as `mode` says.
    "beat": np.dtype([("gap", "<u4"), ("mode", "u1")]),
    "word": np.dtype([("value", "<u4")]),
    # What the words of input channels were packed from, for the judge: op-major, in the contract's order. A variable is
    # high * 2**32 + low; elements are those of the operation's input tensors, row-major.
    "variable": np.dtype([("high", "<i8"), ("low", "<u4")]),
    "element": np.dtype([("value", "<i8")]),
}


@dataclass(frozen=True, slots=True)
class Stimulus:
    """Tables of one stimulus file; see `SCHEMA` for every field's meaning and unit."""

    head: Table
    channel: Table
    job: Table
    op: Table
    step: Table
    segment: Table
    beat: Table
    word: Table
    variable: Table = field(default_factory=lambda: np.zeros(0, SCHEMA["variable"]))
    element: Table = field(default_factory=lambda: np.zeros(0, SCHEMA["element"]))

    def pack(self) -> bytes:
        """Bytes of the file."""
        return container.pack(MAGIC, VERSION, SCHEMA, {name: getattr(self, name) for name in SCHEMA})

    @staticmethod
    def unpack(data: bytes) -> Stimulus:
        """Tables of a file; raises `container.ContainerError` when it is not whole."""
        return Stimulus(**container.unpack(data, MAGIC, VERSION, SCHEMA))
