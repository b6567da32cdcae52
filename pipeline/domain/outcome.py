"""The two vocabularies that are never mixed: what became of a step, and what is said of a design."""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    """What became of one step or testpoint."""

    PASSED = "passed"
    FAILED = "failed"  # the design's fault
    BROKEN = "broken"  # our fault; the only one that is retried
    SKIPPED = "skipped"  # always with a reason


class Verdict(StrEnum):
    """What a run says of a design under a named policy."""

    ACCEPTED = "ACCEPTED"
    REJECTED = "REJECTED"
    INCONCLUSIVE = "INCONCLUSIVE"


EXIT_CODES = {Verdict.ACCEPTED: 0, Verdict.REJECTED: 1, Verdict.INCONCLUSIVE: 3}
