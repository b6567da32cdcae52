"""What may become of an attempt: a stage's result made safe to keep, or an exception turned into a BROKEN result."""

from __future__ import annotations

import math
import traceback
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace

from pipeline.domain.canonical import canonical_json
from pipeline.domain.evidence import Evidence
from pipeline.domain.finding import Finding
from pipeline.domain.outcome import Outcome
from pipeline.domain.run import StageResult
from pipeline.errors import AssayError, InfrastructureError
from pipeline.ports import Blobs

MOST_FINDINGS = 500
LONGEST_REASON = 300
LONGEST_ROLE = 80  # what the store's column takes; SQLite takes more, PostgreSQL does not
LONGEST_TRACEBACK = 64 << 10


def checked(result: StageResult) -> StageResult:
    """The result as it is committed: bounded, and never PASSED beside an error finding.

    Raises InfrastructureError P-006 for a figure that is none, P-008 for what the store could not keep or nobody understand.
    """
    if not all(math.isfinite(value) for value in result.metrics.values()):
        raise InfrastructureError("P-006", metrics=", ".join(k for k, v in result.metrics.items() if not math.isfinite(v)))
    if flaw := _flaw(result):
        raise InfrastructureError("P-008", reason=flaw)
    faults = {finding.outcome for finding in result.findings if finding.severity == "error"}
    outcome = result.outcome
    if outcome is Outcome.PASSED and faults:
        outcome = Outcome.FAILED if Outcome.FAILED in faults else Outcome.BROKEN
    return replace(
        result,
        outcome=outcome,
        findings=_bounded(result.findings),
        reason=printable(result.reason),
        next_steps=result.next_steps if outcome is Outcome.PASSED else (),
    )


def _flaw(result: StageResult) -> str:
    """Why the commit of this result would fail, or say nothing; empty when there is no reason."""
    if result.outcome is Outcome.SKIPPED and not printable(result.reason).strip():
        return "skipped without a reason"
    if len({item.role for item in result.evidence}) != len(result.evidence):
        return "two pieces of evidence play one role"
    if any(len(item.role) > LONGEST_ROLE for item in result.evidence):
        return f"a role of more than {LONGEST_ROLE} characters"
    try:
        canonical_json([result.reason, [finding.to_json() for finding in result.findings]])
    except (UnicodeEncodeError, ValueError, TypeError) as error:
        return f"not JSON text: {type(error).__name__}"
    return ""


def _bounded(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    if len(findings) <= MOST_FINDINGS:
        return findings
    left = Finding("P-007", Outcome.PASSED, severity="note", args={"count": str(len(findings) - MOST_FINDINGS)})
    return (*findings[:MOST_FINDINGS], left)


def broken(rule: str, values: Mapping[str, str], evidence: tuple[Evidence, ...] = ()) -> StageResult:
    """A BROKEN result with one finding; its reason is one line for people."""
    reason = values.get("reason") or " ".join([rule, *(f"{name}={value}" for name, value in values.items())])
    return StageResult(
        Outcome.BROKEN,
        findings=(Finding(rule, Outcome.BROKEN, args=dict(values)),),
        evidence=evidence,
        reason=printable(reason),
    )


def broken_by(error: Exception, blobs: Blobs) -> StageResult:
    """A BROKEN result for an exception. Users see one line; the traceback is evidence for operators."""
    evidence: tuple[Evidence, ...] = ()
    with suppress(OSError, InfrastructureError):  # a full disk must not hide the first fault
        text = "".join(traceback.format_exception(error))[-LONGEST_TRACEBACK:].encode(errors="replace")
        evidence = (Evidence("traceback", blobs.put(text), "text/plain", len(text)),)
    if isinstance(error, AssayError):
        return broken(error.rule, error.values, evidence)
    first = next(iter(str(error).splitlines()), "")
    return broken("P-001", {"reason": printable(f"{type(error).__name__}: {first}")}, evidence)


def printable(text: str) -> str:
    """One bounded line without control bytes."""
    return "".join(c if c.isprintable() else " " for c in text)[:LONGEST_REASON]
