"""One thing wrong, in words that the catalogue fills: rule id, whose fault, where, and how to see it again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from pipeline.domain.canonical import canonical_json, sha256
from pipeline.domain.outcome import Outcome
from pipeline.domain.readings import Explained
from verif.judge.fault import Divergence


@dataclass(frozen=True, slots=True)
class Location:
    """A place in a file of the submission; line and column from 1, `source` the line's text (control bytes stripped)."""

    file: str
    line: int
    column: int = 1
    length: int = 1
    source: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong. `args` fills the catalogue entry of `rule`; `outcome` is FAILED (the design) or BROKEN (us).

    `severity` note never moves a verdict. `testpoint` and `seed` say which job showed it; empty and None otherwise.
    `explained` says with which other reading of the contract it is consistent; it changes neither id nor verdict.
    """

    rule: str
    outcome: Outcome
    severity: Literal["error", "note"] = "error"
    args: Mapping[str, str] = field(default_factory=dict)
    location: Location | None = None
    testpoint: str = ""
    seed: int | None = None
    divergence: Divergence | None = None
    explained: Explained | None = None

    @property
    def id(self) -> str:
        """16 hex digits over rule, place, testpoint, seed and arguments; equal findings of two runs have equal ids."""
        place = [self.location.file, self.location.line, self.location.column] if self.location else []
        return sha256(canonical_json([self.rule, place, self.testpoint, self.seed, dict(self.args)]))[:16]

    def to_json(self) -> dict[str, Any]:
        """A JSON object; `from_json` reads it back."""
        return asdict(self) | {"id": self.id}

    @staticmethod
    def from_json(raw: Mapping[str, Any]) -> Finding:
        """The finding that `to_json` wrote; raises KeyError, TypeError or ValueError on anything else."""
        location, divergence, explained = raw["location"], raw["divergence"], raw.get("explained")
        return Finding(
            rule=str(raw["rule"]),
            outcome=Outcome(raw["outcome"]),
            severity="note" if raw["severity"] == "note" else "error",
            args={str(k): str(v) for k, v in raw["args"].items()},
            location=Location(**location) if location else None,
            testpoint=str(raw["testpoint"]),
            seed=None if raw["seed"] is None else int(raw["seed"]),
            divergence=Divergence(**divergence) if divergence else None,
            explained=Explained.from_json(explained) if explained else None,
        )
