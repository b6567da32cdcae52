"""What the judge says: faults of the design, and why nothing can be said. Plain data that becomes findings outside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


class RecordError(ValueError):
    """The record is not an answer to this stimulus, or shows a fault of our own test bench; `rule` says which.

    P-402: tables, counts or times do not fit. P-403: a channel carried other beats than the source was given.
    P-404: not every channel was watched.
    """

    def __init__(self, rule: str, reason: str) -> None:
        super().__init__(reason)
        self.rule = rule


@dataclass(frozen=True, slots=True)
class Divergence:
    """The first beat at which expected and observed part.

    `operation` counts from 0 in the job, `beat` in the operation's segment of the channel, `lane` items of the field.
    `expected` and `observed` are values of the element (signed as declared) or of the field, `bits` wide. `cycle` is the
    clock cycle of the beat. `wrong_beats` of `compared_beats` on this channel in this job differ.
    """

    operation: int
    operation_kind: str
    variables: Mapping[str, int]
    channel: str
    beat: int
    lane: int
    element: str
    expected: int
    observed: int
    bits: int
    cycle: int
    wrong_beats: int
    compared_beats: int


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that the design did wrong in a job; `args` fills the message of `rule`."""

    rule: str
    args: Mapping[str, str] = field(default_factory=dict)
    divergence: Divergence | None = None

    def to_json(self, testpoint: str, seed: int) -> dict[str, Any]:
        """The finding that this becomes: the design's fault, at a testpoint and a seed."""
        return {
            "rule": self.rule,
            "outcome": "failed",
            "severity": "error",
            "args": dict(self.args),
            "location": None,
            "testpoint": testpoint,
            "seed": seed,
            "divergence": asdict(self.divergence) if self.divergence else None,
        }
