"""Testpoints by family, and one by one. Broken is never counted as failed, nor not applicable as passed."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from pipeline.cli.layout import cut, left, line, plain, right, table
from pipeline.cli.look import Look
from pipeline.cli.stages import word
from pipeline.cli.terminal import Face
from pipeline.domain.outcome import Outcome
from pipeline.domain.verdict import TestpointRow
from pipeline.messages import text

FAMILIES = ("PRO", "FUN", "NUM", "ROB", "RST", "PER", "SEC")
_STATES = ("passed", "failed", "broken", "skipped", "queued")
_COLUMNS = ("planned", *_STATES, "not_applicable", "later")
_SEEDS = ("seeds", "executed", "judged")
_HEADS = {
    "planned": "cli_head_planned",
    "passed": "cli_passed",
    "failed": "cli_failed",
    "broken": "cli_broken",
    "skipped": "cli_skipped",
    "queued": "cli_queued",
    "not_applicable": "cli_not_applicable",
    "later": "cli_later",
    "seeds": "cli_head_seeds",
    "executed": "cli_head_executed",
    "judged": "cli_head_judged",
}
WITH_SEEDS = 100
_TITLE_FROM = 44


def state_of(row: TestpointRow, look: Look) -> str:
    """What to print of a row: one never executed is queued while the run goes on, skipped or broken after it."""
    if row.state != "planned":
        return row.state
    if row.outcome is not Outcome.BROKEN:
        return row.outcome.value if row.outcome else "queued"
    if not look.finished:
        return "queued"
    broke = any(step.result and step.result.outcome is Outcome.BROKEN for step in look.view.steps)
    return "broken" if row.executed or broke else "skipped"


def tally(look: Look) -> dict[str, int]:
    """State -> number of testpoints."""
    states = [state_of(row, look) for row in look.decision.rows]
    return {state: states.count(state) for state in (*_STATES, "not_applicable", "later")}


def family_lines(look: Look, face: Face) -> list[Text]:
    """A row for each family that the plan has, and a total. Empty while there is no plan."""
    rows = look.decision.rows
    if not rows:
        return []
    columns = [column for column in _COLUMNS if column != "queued" or not look.finished]
    columns += _SEEDS if face.width >= WITH_SEEDS else ()
    by_family = {name: [row for row in rows if _family(row) == name] for name in (*FAMILIES, "other")}
    body = [[_name(name, face.lang), *_figures(found, look, columns)] for name, found in by_family.items() if found]
    total = [text("cli_all", face.lang), *_figures(rows, look, columns)]
    heads = [text("cli_head_family", face.lang), *(text(_HEADS[column], face.lang) for column in columns)]
    lines = [line(row) for row in table([heads, *body, total], gap=2)]
    lines[0].stylize("dim")
    lines[-1].stylize("bold")
    return lines


def _family(row: TestpointRow) -> str:
    family = row.id.split("-", 1)[0]
    return family if family in FAMILIES else "other"


def _name(family: str, lang: str) -> str:
    return text("cli_other", lang) if family == "other" else family


def _figures(rows: Sequence[TestpointRow], look: Look, columns: Sequence[str]) -> list[str]:
    states = [state_of(row, look) for row in rows]
    sums = {
        "planned": sum(row.state == "planned" for row in rows),
        "seeds": sum(row.planned for row in rows),
        "executed": sum(row.executed for row in rows),
        "judged": sum(row.judged for row in rows),
    }
    return [f"{sums[column] if column in sums else states.count(column):,}" for column in columns]


def testpoint_lines(look: Look, face: Face) -> list[Text]:
    """Every testpoint of the plan in its order, also the not applicable ones: absence is information."""
    lines = []
    for row in look.decision.rows:
        state = state_of(row, look)
        seeds = f"{row.judged:,}/{row.planned:,}" if row.state == "planned" else ""
        checks = f"{row.checks:,}" if row.checks else ""
        start = f" {left(row.id, 8)} {left(word(state, face.lang), 10)} {right(seeds, 9)} {right(checks, 10)}  "
        why = row.title if row.state == "planned" else f"{row.title} ({row.reason})"
        title = cut(why, max(20, face.width - _TITLE_FROM))
        lines.append(line("  ", face.mark(state), start, (title, "" if row.state == "planned" else "dim")))
    head = line(("    " + plain(text("cli_testpoints_head", face.lang)), "dim"))
    return [head, *lines] if lines else []
