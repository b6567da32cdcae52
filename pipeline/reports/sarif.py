"""results.sarif: the findings of a run in SARIF 2.1.0, for code scanning. What is our fault is never a result."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from pipeline.domain.dossier import Dossier
from pipeline.domain.outcome import EXIT_CODES, Outcome, Verdict
from pipeline.messages import text
from pipeline.reports.banner import banner
from pipeline.reports.machine import clean, identity
from pipeline.reports.sarif_results import ROOT_ID, notifications, results, rules

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def sarif(dossier: Dossier, lang: str) -> bytes:
    """A log of one run: findings on the design are results, broken steps and testpoints notifications of the tool.

    `executionSuccessful` is false when no verdict was reached, so that no result is never taken for a pass.
    """
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [_run(dossier, lang)]}
    return json.dumps(log, indent=1, ensure_ascii=True, allow_nan=False).encode() + b"\n"


def _run(dossier: Dossier, lang: str) -> dict[str, Any]:
    design = [finding for finding in dossier.findings if finding.outcome is not Outcome.BROKEN]
    ours = [finding for finding in dossier.findings if finding.outcome is Outcome.BROKEN]
    name = "/".join(clean(part, 80) for part in (dossier.design, dossier.run.policy))
    driver = {"name": "Assay", "rules": rules(design, lang), "notifications": rules(ours, lang)}
    return {
        "tool": {"driver": driver},
        "automationDetails": {"id": f"assay/{name}/{dossier.run.number}"},
        "language": lang,
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {ROOT_ID: {"description": {"text": text("export_root", lang)}}},
        "invocations": [_invocation(dossier) | _told(dossier, notifications(ours, dossier, lang), lang)],
        "results": results(design, dossier, lang),
        "properties": identity(dossier),
    }


def _invocation(dossier: Dossier) -> dict[str, Any]:
    verdict = dossier.decision.verdict
    times = {"startTimeUtc": _utc(dossier.run.created_at), "endTimeUtc": _utc(dossier.run.finished_at)}
    return {
        "executionSuccessful": verdict is not Verdict.INCONCLUSIVE,
        "exitCode": EXIT_CODES[verdict],
        "exitCodeDescription": verdict.value,
        **{name: value for name, value in times.items() if value},
    }


def _told(dossier: Dossier, ours: list[dict[str, Any]], lang: str) -> dict[str, Any]:
    """The verdict in words, then everything of ours that broke."""
    accepted = dossier.decision.verdict is Verdict.ACCEPTED
    sentences = " ".join(clean(sentence, 600) for sentence in banner(dossier, lang).sentences)
    verdict = {
        "level": "note" if accepted else "error",
        "message": {"text": f"{dossier.decision.verdict.value} {sentences}".rstrip()},
    }
    return {"toolExecutionNotifications": [verdict, *ours]}


def _utc(iso: str | None) -> str:
    """The moment in UTC; empty for text that is no moment or has no zone."""
    try:
        when = datetime.fromisoformat(iso or "")
    except ValueError:
        return ""
    return when.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z") if when.tzinfo else ""
