"""Record: everything the simulator may say. Raw observations, no opinion; the judge decides.

Written by the recorder inside the simulator process, so every field is hostile data. Cycle counts are cycles of the first
clock since the simulation began; what happens on another clock counts for the first clock's latest edge. Rows of `job` come
in the stimulus' order; `sequence` counts them from 0 without a hole.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from verif.records import container
from verif.records.container import Table

MAGIC = b"ASSAYREC"
VERSION = 1

STATUS_DONE, STATUS_DEADLINE, STATUS_NOT_RUN = 0, 1, 2

SCHEMA: dict[str, np.dtype[np.void]] = {
    # one row: sha256 (hex) of the stimulus file as the simulator read it; number of channel monitors that were connected
    "head": np.dtype([("stimulus", "S64"), ("powerup_seed", "<u8"), ("monitors", "<u4"), ("channels", "<u4")]),
    # ops_done: operations that ended; reset_end: cycle of reset release; end: cycle at which the job ended
    "job": np.dtype(
        [
            ("job", "<u4"),
            ("sequence", "<u4"),
            ("status", "u1"),
            ("ops_done", "<u4"),
            ("reset_end", "<u8"),
            ("end", "<u8"),
            ("surplus", "<u4"),
        ]
    ),
    # one row per operation of the stimulus: first cycle of its steps, cycle at which it ended (0: never)
    "op": np.dtype([("op", "<u4"), ("start", "<u8"), ("end", "<u8")]),
    # job-major, one row per (job, channel). Counts of protocol observations and the first cycle of each kind (0: none).
    # dropped: VALID fell without READY; changed: payload changed while VALID && !READY; in_reset: transfers' VALID high
    # after the second clock edge in reset; after_reset: VALID high in the first cycle after release;
    # first_valid / first_ready: first cycle since release with VALID / READY high (0: never).
    "watch": np.dtype(
        [
            ("beat_first", "<u8"),
            ("count", "<u4"),
            ("word_first", "<u8"),
            ("dropped", "<u4"),
            ("dropped_at", "<u8"),
            ("changed", "<u4"),
            ("changed_at", "<u8"),
            ("in_reset", "<u4"),
            ("after_reset", "<u4"),
            ("first_valid", "<u8"),
            ("first_ready", "<u8"),
        ]
    ),
    # accepted beats in order of acceptance, per (job, channel), surplus included
    "beat": np.dtype([("cycle", "<u8")]),
    "word": np.dtype([("value", "<u4")]),
}


@dataclass(frozen=True, slots=True)
class Record:
    """Tables of one record file; see `SCHEMA` for every field's meaning and unit."""

    head: Table
    job: Table
    op: Table
    watch: Table
    beat: Table
    word: Table

    def pack(self) -> bytes:
        """Bytes of the file."""
        return container.pack(MAGIC, VERSION, SCHEMA, {name: getattr(self, name) for name in SCHEMA})

    @staticmethod
    def unpack(data: bytes) -> Record:
        """Tables of a file; raises `container.ContainerError` when it is not whole."""
        return Record(**container.unpack(data, MAGIC, VERSION, SCHEMA))
