"""The plan: which testpoints a design must pass, which do not apply and why, with which seeds, in which batches.

Made from the manifest, the standard testplan and a policy; pure data; its JSON form is evidence and goes into the verdict
digest. Planned counts are read from here and from nowhere else.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any, Literal

SELF_TEST = "SELF-01"
"""The row that the submitter's own tests fill: one seed a test, and an oracle that is not the centre's."""


@dataclass(frozen=True, slots=True)
class PlannedTestpoint:
    """One row of the standard testplan as it stands for this design.

    `state`: planned (to be executed), not_applicable (the manifest lacks the feature; `reason` says which), later (of a
    milestone the policy does not ask for, or not implemented yet; `reason` says which). `kind`: static, directed,
    exhaustive or random; only random testpoints count seeds towards the decision rule.
    """

    id: str
    title: str
    milestone: str
    kind: Literal["static", "directed", "exhaustive", "random"]
    state: Literal["planned", "not_applicable", "later"]
    reason: str
    seeds: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Job:
    """One execution of a testpoint under one 64-bit seed. `ops`: only these operations, ascending; empty: all of them.

    An operation that is left out changes nothing about the others: they keep their data and their stalls.
    """

    testpoint: str
    seed: int
    ops: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Batch:
    """Jobs that share one stimulus file; each power-up seed is one simulator process over all of them.

    `banked`: the jobs replay seeds that once failed. They are judged like all others, but they were not drawn afresh, so
    they do not count towards the decision rule.
    """

    index: int
    jobs: tuple[Job, ...]
    powerup_seeds: tuple[int, ...]
    banked: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole plan. `version` is the standard testplan's; `epoch` selects the published development seeds."""

    version: str
    policy: str
    design: str
    epoch: int
    testpoints: tuple[PlannedTestpoint, ...]
    batches: tuple[Batch, ...]

    def to_json(self) -> bytes:
        """Canonical JSON: sorted keys, no spaces, UTF-8. `banked` and `ops` stand only where they say something."""
        raw = asdict(self)
        for batch in raw["batches"]:
            if not batch["banked"]:
                del batch["banked"]
            batch["jobs"] = [{key: value for key, value in job.items() if key != "ops" or value} for job in batch["jobs"]]
        return json.dumps(raw, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

    def digest(self) -> str:
        """SHA-256 (hex) of the canonical JSON."""
        return hashlib.sha256(self.to_json()).hexdigest()

    @staticmethod
    def from_json(data: bytes) -> Plan:
        """The plan that `to_json` wrote."""
        raw: dict[str, Any] = json.loads(data)
        points = tuple(PlannedTestpoint(**{**p, "seeds": tuple(p["seeds"])}) for p in raw.pop("testpoints"))
        batches = tuple(
            Batch(b["index"], tuple(map(_job, b["jobs"])), tuple(b["powerup_seeds"]), b.get("banked", False))
            for b in raw.pop("batches")
        )
        return Plan(testpoints=points, batches=batches, **raw)


def _job(raw: dict[str, Any]) -> Job:
    return Job(**{**raw, "ops": tuple(raw.get("ops", ()))})


def development_seed(testpoint: str, index: int, epoch: int = 0) -> int:
    """The published 64-bit development seed number `index` of a testpoint in an epoch.

    The first eight bytes, big endian, of SHA-256("assay development seed v1|<epoch>|<testpoint>|<index>"). `check` and
    ordinary submissions use epoch 0, so laptop and queue agree; the nightly takes a new epoch every night.
    """
    text = f"assay development seed v1|{epoch}|{testpoint}|{index}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
