"""The dossier: everything that is known of one finished run, as one frozen value. Reports only render it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from pipeline.domain.finding import Finding
from pipeline.domain.isolated import Isolated
from pipeline.domain.readings import Readings
from pipeline.domain.run import Run, Step, Submission
from pipeline.domain.verdict import Decision


@dataclass(frozen=True, slots=True)
class Coverage:
    """Line coverage of one file: `lines` maps line number to hit count."""

    file: str
    hit: int
    total: int
    lines: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Environment:
    """What would have to be the same to get the same digest, and where it ran. `sandbox_level` 0 is never certifiable."""

    toolchain_digest: str
    versions: Mapping[str, str]
    sandbox_level: int
    tree_digest: str
    manifest_digest: str
    plan_digest: str
    plan_version: str


@dataclass(frozen=True, slots=True)
class Dossier:
    """`design` is the name the manifest gives; `reproduce` maps a finding's id to the one line that shows it again.

    `isolated` is what was learned of the run's first failing job; None when none failed, or nothing was learned. `readings`:
    which near-miss readings of the contract the run could tell apart; None unless every batch was judged without a fault.
    `fitted`: facts of the manifest that were taken from the RTL, so that the run proves less of them.
    """

    submission: Submission
    run: Run
    design: str
    profile: str
    parameters: Mapping[str, int]
    decision: Decision
    verdict_digest: str
    steps: tuple[Step, ...]
    findings: tuple[Finding, ...]
    reproduce: Mapping[str, str]
    coverage: tuple[Coverage, ...]
    environment: Environment
    metrics: Mapping[str, float]
    isolated: Isolated | None = None
    readings: Readings | None = None
    fitted: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """A JSON object: every field, findings with their ids."""
        return asdict(self) | {"findings": [finding.to_json() for finding in self.findings]}
