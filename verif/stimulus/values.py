"""What a generator makes: operations with their data, and how the channels are stalled while they cross."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from verif.records.stimulus import IDLE_RANDOM

Tensors = Mapping[str, NDArray[np.int64]]


class StimulusError(ValueError):
    """The contract leaves no legal operation, or asks for something that this release cannot drive."""


@dataclass(frozen=True, slots=True)
class Stalls:
    """How long beats of a direction wait, drawn per beat.

    `percent`: chance, each cycle, that the channel stays idle. `burst`: now and then a long stall instead. `least`:
    cycles that every beat waits. `from_valid`: READY stays low until VALID was seen (outputs only).
    """

    percent: int = 0
    burst: bool = False
    least: int = 0
    from_valid: bool = False


FULL_RATE = Stalls()


@dataclass(frozen=True, slots=True)
class OperationValues:
    """One operation: which kind (index into the contract's), its variables and input tensors, and its traffic.

    `wait_previous`: begins only when the one before has ended and `quiet` cycles have passed without a beat.
    """

    kind_index: int
    variables: Mapping[str, int]
    inputs: Tensors
    wait_previous: bool = False
    quiet: int = 0
    source: Stalls = FULL_RATE
    sink: Stalls = FULL_RATE


@dataclass(frozen=True, slots=True)
class JobValues:
    """Everything one job does. Lengths in clock cycles; `quiet` is watched after the last beat."""

    operations: tuple[OperationValues, ...]
    reset_cycles: int
    quiet: int = 64
    idle: int = IDLE_RANDOM
