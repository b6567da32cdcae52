"""One night as a JSON object, for machines; the same facts as the page."""

from __future__ import annotations

from typing import Any

from pipeline.domain.board import Board, DesignNight
from pipeline.domain.night import Classed, Standing
from pipeline.messages import message
from pipeline.reports.visible import short

SCHEMA = "assay-night/1"


def night_json(board: Board, lang: str) -> dict[str, Any]:
    """Every field of the board; seeds as 0x and 16 hex digits, titles in `lang`."""
    return {
        "schema": SCHEMA,
        "tenant": board.tenant,
        "schedule": board.schedule,
        "window": board.window,
        "epoch": board.epoch,
        "now": board.now,
        "started_at": board.started_at or None,
        "deadline": board.deadline,
        "fresh_at": board.fresh_at or None,
        "next_opens": board.next_opens or None,
        "counts": {standing.value: board.count(standing) for standing in Standing},
        "designs": [_design(design, lang) for design in board.designs],
        "exit_code": board.exit_code,
    }


def _design(design: DesignNight, lang: str) -> dict[str, Any]:
    run, result = design.run, design.run.result if design.run else None
    return {
        "name": design.name,
        "revision": design.revision,
        "state": design.state.value,
        "run": run.number if run else None,
        "run_id": run.run_id if run else None,
        "verdict": result.verdict.value if result else None,
        "replayed": run.replayed if run else 0,
        "last_result": design.last_result or None,
        "failures": [_failure(item, lang) for item in design.failures],
        "troubles": [{"step": step, "rule": rule} for step, rule in result.troubles] if result else [],
        "strip": [{"window": cell.window, "state": cell.state.value, "count": cell.count} for cell in design.strip],
    }


def _failure(item: Classed, lang: str) -> dict[str, Any]:
    failure = item.failure
    return {
        "standing": item.standing.value,
        "place": failure.place,
        "rule": failure.rule,
        "title": short(message(failure.rule, failure.args, lang).title, 160),
        "seed": None if failure.seed is None else f"0x{failure.seed:016x}",
        "count": failure.count,
        "first_seen": item.first_seen,
        "nights": item.nights,
        "reproduce": failure.again,
    }
