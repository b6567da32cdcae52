"""The one configuration object of a simulation, under one ConfigDB key."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cocotb.handle import LogicObject

from verif.base.dpi import BufferLayer
from verif.records.stimulus import Stimulus

KEY = "assay_config"


@dataclass(frozen=True, slots=True)
class BatchConfig:
    """One batch on one model.

    `ops_per_item` and `ops_per_start`: operations that a sequence item carries, and operations after which the simulator is
    started and Python sleeps. `has_monitors` is False only in the test that proves that a blind run is noticed.
    """

    layer: BufferLayer
    done: LogicObject
    record_file: str
    stimulus_digest: str
    powerup_seed: int
    ops_per_item: int = 64
    ops_per_start: int = 64
    has_monitors: bool = True


def read_config(plusargs: Mapping[str, bool | str], done: LogicObject) -> BatchConfig:
    """The configuration that the plus-arguments name: +assay_stimulus=FILE +assay_record=FILE +assay_powerup_seed=N.

    Raises:
        KeyError: a plus-argument is missing.
        ContainerError, BufferLayerError: the stimulus is damaged or does not fit the harness.
    """
    data = Path(str(plusargs["assay_stimulus"])).read_bytes()
    return BatchConfig(
        layer=BufferLayer(Stimulus.unpack(data)),
        done=done,
        record_file=str(plusargs["assay_record"]),
        stimulus_digest=hashlib.sha256(data).hexdigest(),
        powerup_seed=int(plusargs["assay_powerup_seed"]),
    )
