"""What came of each piece: expected testpoint, verdict, which testpoint rejected it, where and why, at what cost."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.text import Text

from pipeline.cli.demo_bank import DESIGN
from pipeline.cli.divergence import one_line
from pipeline.cli.layout import line, plain
from pipeline.cli.look import failed_testpoints
from pipeline.cli.summary import VERDICT_WORDS
from pipeline.cli.terminal import Face
from pipeline.domain.bank import PlantedBug
from pipeline.domain.dossier import Dossier
from pipeline.domain.finding import Finding
from pipeline.domain.outcome import Outcome, Verdict
from pipeline.domain.run import Run
from pipeline.messages import message, text

MOST_NAMES = 8


@dataclass(frozen=True, slots=True)
class Piece:
    """One submission of the demonstration: the design itself when `bug` is None. The rest once it is decided."""

    bug: PlantedBug | None
    run: Run
    dossier: Dossier | None = None
    report: Path | None = None


def piece_ok(piece: Piece) -> bool:
    """The design is ACCEPTED; a planted bug is REJECTED and the testpoint named for it before is among those that failed."""
    if piece.dossier is None:
        return False
    verdict = piece.dossier.decision.verdict
    if piece.bug is None:
        return verdict is Verdict.ACCEPTED
    return verdict is Verdict.REJECTED and piece.bug.expect in failed_testpoints(piece.dossier.decision)


def piece_lines(piece: Piece, home: Path, face: Face) -> list[Text]:
    """The piece in five or six lines."""
    if piece.dossier is None:
        return []
    lang, dossier = face.lang, piece.dossier
    title = f"{piece.bug.id}  {piece.bug.title}" if piece.bug else DESIGN
    lines = [line(face.mark("passed" if piece_ok(piece) else "failed"), " ", (title, "bold"))]
    lines.append(line("    ", _outcome(piece, dossier, lang)))
    return [*lines, *_why(piece, dossier, home, lang), *_cost(piece, dossier, lang)]


def _outcome(piece: Piece, dossier: Dossier, lang: str) -> str:
    """The verdict beside what was expected; the expected testpoint leads the list of those that failed."""
    verdict = text(VERDICT_WORDS[dossier.decision.verdict], lang)
    if piece.bug is None:
        passed = sum(row.outcome is Outcome.PASSED for row in dossier.decision.rows)
        return text("cli_demo_good", lang, verdict=verdict, passed=passed)
    expect = piece.bug.expect
    failed = sorted(failed_testpoints(dossier.decision), key=lambda name: name != expect)
    names = " ".join(failed[:MOST_NAMES]) + (" .." if len(failed) > MOST_NAMES else "")
    key = "cli_demo_caught" if piece_ok(piece) else "cli_demo_missed"
    return text(key, lang, expect=expect, verdict=verdict, failed=names or "-")


def _why(piece: Piece, dossier: Dossier, home: Path, lang: str) -> list[Text]:
    finding = first_finding(piece, dossier)
    if finding is None:
        return []
    same = [other for other in dossier.findings if other.testpoint == finding.testpoint and other.severity == "error"]
    titles = dict.fromkeys(message(other.rule, other.args, lang).title for other in same)
    lines = [line("    ", (f"{finding.testpoint or finding.rule}: ", "bold"), "; ".join(titles))]
    why = one_line(finding.divergence, lang) if finding.divergence else message(finding.rule, finding.args, lang).what
    lines.append(line("    ", plain(why, 300)))
    again = dossier.reproduce.get(finding.id)
    return [*lines, line("    ", (f"ASSAY_HOME={shlex.quote(str(home))} {again}", "dim"))] if again else lines


def _cost(piece: Piece, dossier: Dossier, lang: str) -> list[Text]:
    seeds = sum(row.judged for row in dossier.decision.rows)
    cycles = f"{dossier.metrics.get('cycles', 0.0):,.0f}"
    words = text("cli_demo_cost", lang, cycles=cycles, seeds=f"{seeds:,}", number=piece.run.number, id=piece.run.id)
    return [line("    ", (words, "dim")), line("    ", (text("cli_demo_report", lang, file=piece.report), "dim"))]


def first_finding(piece: Piece, dossier: Dossier) -> Finding | None:
    """Of the expected testpoint if it failed, with a divergence if there is one."""
    expect = piece.bug.expect if piece.bug else ""
    errors = [finding for finding in dossier.findings if finding.severity == "error"]
    return min(errors, key=lambda finding: (finding.testpoint != expect, finding.divergence is None), default=None)


def piece_json(piece: Piece) -> dict[str, Any]:
    """The same as an object."""
    dossier, bug = piece.dossier, piece.bug
    return {
        "run": piece.run.number,
        "id": piece.run.id,
        "bug": bug.id if bug else None,
        "expected_testpoint": bug.expect if bug else None,
        "verdict": dossier.decision.verdict.value if dossier else None,
        "failed_testpoints": list(failed_testpoints(dossier.decision)) if dossier else [],
        "cycles": dossier.metrics.get("cycles", 0.0) if dossier else 0.0,
        "epoch": piece.run.epoch,
        "report": str(piece.report or ""),
        "as_expected": piece_ok(piece),
    }
