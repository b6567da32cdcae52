"""Seeds of the bank decide, but the bound on the rate of failure rests on fresh seeds only."""

from __future__ import annotations

from dataclasses import replace

from pipeline.domain.dossier import Dossier
from pipeline.reports.decision import rule


def test_replayed_seeds_do_not_lower_the_bound(accepted: Dossier) -> None:
    rows = accepted.decision.rows
    name = next(row.id for row in rows if row.kind == "random" and row.judged)
    more = tuple(
        replace(row, planned=row.planned + 90, judged=row.judged + 90, banked=90) if row.id == name else row for row in rows
    )
    replayed = replace(accepted, decision=replace(accepted.decision, rows=more))
    assert rule(replayed, "en").bounds == rule(accepted, "en").bounds
    fresh = tuple(replace(row, banked=0) if row.id == name else row for row in more)
    counted = replace(accepted, decision=replace(accepted.decision, rows=fresh))
    assert rule(counted, "en").bounds != rule(accepted, "en").bounds, "what the check above would miss"


def test_a_failure_among_replayed_seeds_is_not_one_of_fresh_ones(accepted: Dossier) -> None:
    rows = accepted.decision.rows
    name = next(row.id for row in rows if row.kind == "random" and row.judged)
    failed = tuple(
        replace(row, planned=row.planned + 2, judged=row.judged + 2, failed=2, banked=2, banked_failed=2)
        if row.id == name
        else row
        for row in rows
    )
    replayed = replace(accepted, decision=replace(accepted.decision, rows=failed))
    assert rule(replayed, "en").bounds == rule(accepted, "en").bounds
