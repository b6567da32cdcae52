from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from pipeline.domain.dossier import Dossier
from pipeline.domain.outcome import Verdict
from pipeline.domain.verdict import Decision
from pipeline.reports import render
from pipeline.reports.banner import banner
from pipeline.reports.decision import rule
from pipeline.reports.testpoints import matrix
from pipeline.reports.words import states

Every = Callable[[], tuple[Dossier, ...]]


def sentences(dossier: Dossier, lang: str = "en") -> str:
    return " ".join(banner(dossier, lang).sentences)


def test_each_verdict_is_said_and_why(accepted: Dossier, rejected: Dossier, broken: Dossier, refused: Dossier) -> None:
    assert banner(accepted, "en").mark.word == "ACCEPTED"
    assert "All 17 testpoints that core-1 asks of this design passed: 82 seeds" in sentences(accepted)
    assert banner(rejected, "ko").mark.word == "부적합"
    assert "1 of 17 testpoints failed, and the fault is the design's: ROB-01." in sentences(rejected)
    assert "1 of 17 testpoints could not be judged. That is ours" in sentences(rejected)
    assert banner(broken, "en").mark.word == "INCONCLUSIVE"
    assert "Stage simulate.0 broke. That is our fault" in sentences(broken)
    assert "was not measured; core-1 asks for 80.0" in sentences(broken)
    assert "Stage gate does not accept the design" in sentences(refused)
    assert "17 of 17 testpoints were not run" in sentences(refused)


def test_our_faults_are_never_the_designs(broken: Dossier, refused: Dossier) -> None:
    assert states(broken).count("broken") == 16
    assert banner(broken, "en").mark.state == "broken"
    assert "failed" not in states(broken)
    assert states(refused).count("skipped") == 17
    assert "broken" not in states(refused)


def test_a_criterion_that_is_not_met_is_named_without_rounding_up(accepted: Dossier) -> None:
    low = replace(accepted.decision.criteria[0], measured=79.97)
    found = replace(accepted, decision=Decision(Verdict.INCONCLUSIVE, accepted.decision.rows, (low,)))
    assert sentences(found) == "The line coverage is 79.97\u202f%; core-1 asks for 80.0\u202f%."
    assert banner(found, "en").mark.state == "note"
    assert [row.mark.word for row in rule(found, "en").criteria] == ["not met"]
    assert [row.mark.word for row in rule(accepted, "en").criteria] == ["met"]


def test_without_a_plan_nothing_is_claimed(refused: Dossier) -> None:
    found = replace(refused, findings=(), decision=Decision(Verdict.REJECTED, (), refused.decision.criteria))
    text = render(found, "en")["report.html"].decode()
    assert matrix(found, "en") is None
    assert "No plan was made" in text
    assert "no seed was judged: nothing follows from that" in text


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_level_0_is_never_certifiable_and_says_so(broken: Dossier, rejected: Dossier, lang: str) -> None:
    shown = '<p class="warning s-note"'
    assert shown in render(broken, lang)["report.html"].decode()
    assert shown not in render(rejected, lang)["report.html"].decode()
    level_0 = replace(rejected, environment=replace(rejected.environment, sandbox_level=0))
    assert shown in render(level_0, lang)["report.html"].decode()


def test_the_matrix_counts_every_testpoint_once_in_plan_order(rejected: Dossier) -> None:
    found = matrix(rejected, "en")
    assert found is not None
    assert [row.id for family in found.families for row in family.rows] == [row.id for row in rejected.decision.rows]
    assert [int(figure.value) for figure in found.total.outcomes] == [15, 1, 1, 0, 87, 27]
    assert [figure.value for figure in found.total.seeds] == ["82", "82", "81", "3", "51,841"]
    assert [figure.alarm for figure in found.total.seeds] == ["", "", "broken", "failed", ""]
    assert sum(group.count for group in found.not_due) == 1 + 27 + 87


def test_bounds_are_of_random_testpoints_only_and_worst_first(rejected: Dossier, broken: Dossier) -> None:
    found = rule(rejected, "en")
    rows = [(row.names, row.failed, row.seeds, row.bound) for row in found.bounds]
    assert rows[0] == (("ROB-01",), "3", "10", "60.7\u202f%")
    assert rows[1] == (("RST-06",), "0", "9", "28.4\u202f%")
    assert rows[2][1:] == ("0", "10", "25.9\u202f%")
    random = {row.id for row in rejected.decision.rows if row.kind == "random" and row.state == "planned"}
    assert {name for row in found.bounds for name in row.names} == random
    assert rule(broken, "en").bounds == ()
    assert set(rule(broken, "en").unmeasured) == random


def test_colour_is_never_the_only_signal(every: Every) -> None:
    for dossier in every():
        text = render(dossier, "en")["report.html"].decode()
        outcomes = re.findall(
            r'<span class="o s-(\w+)">\s*<svg class="g" aria-hidden="true"><use href="#g-(\w+)"/></svg>(.+?)</span>', text
        )
        assert len(outcomes) == text.count('<span class="o ') > 100
        assert all(tone == glyph and word.strip() for tone, glyph, word in outcomes)
        cells = re.findall(r'<a class="tp s-(\w+)" href="#t\d+" title="(.+?)">\s*<svg.*?href="#g-(\w+)"', text)
        assert len(cells) == text.count('class="tp ') == len(dossier.decision.rows)
        assert all(tone == glyph for tone, _, glyph in cells)
