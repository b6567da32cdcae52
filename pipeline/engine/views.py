"""What is known of a run while it goes on, as frozen values for people's eyes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pipeline.domain.finding import Finding
from pipeline.domain.run import Run, Step, Submission


@dataclass(frozen=True, slots=True)
class Event:
    """One state change. `sequence` counts from 1 within a run: the cursor to resume from."""

    run_id: str
    sequence: int
    type: str
    subject: str
    time: str
    data: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """A CloudEvents 1.0 object; `id` is unique, for those who must drop repeats."""
        return {
            "specversion": "1.0",
            "id": f"{self.run_id}-{self.sequence}",
            "source": f"/assay/runs/{self.run_id}",
            "type": self.type,
            "subject": self.subject,
            "time": self.time,
            "datacontenttype": "application/json",
            "data": dict(self.data),
        }


@dataclass(frozen=True, slots=True)
class StepProgress:
    """`done` of `total` in the stage's own unit (jobs, files); total 0 when the stage reported none."""

    done: int = 0
    total: int = 0
    worker: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RunEnvironment:
    """Over all steps that ran: distinct toolchain digests, tool versions, the lowest sandbox level (0 when none ran)."""

    toolchains: tuple[str, ...]
    versions: Mapping[str, str]
    sandbox_level: int


@dataclass(frozen=True, slots=True)
class RunView:
    """One run as `watch` and `show` print it. `progress` maps step names."""

    run: Run
    submission: Submission
    steps: tuple[Step, ...]
    findings: tuple[Finding, ...]
    progress: Mapping[str, StepProgress]
    last_event: int

    @property
    def finished(self) -> bool:
        """A verdict was given."""
        return self.run.verdict is not None
