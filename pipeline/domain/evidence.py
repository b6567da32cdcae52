"""Evidence: a blob named by its digest, with the role it plays in a run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Evidence:
    """`role` is unique within a step: tree, plan, ports, model, records-0, judgement, coverage, log, ..."""

    role: str
    digest: str
    media_type: str
    size: int
