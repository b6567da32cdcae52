"""What a run could not tell apart, and what a failure is consistent with, on the page and on the terminal."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from pipeline.cli.findings import Group, finding_lines
from pipeline.cli.readings import readings_lines
from pipeline.cli.terminal import Face
from pipeline.domain.dossier import Dossier
from pipeline.domain.readings import Explained, Reading, Readings
from pipeline.messages import LANGUAGES
from pipeline.reports import render
from pipeline.reports.readings import MOST_SHOWN, explained_view, reading_words, readings_view

LANES = Reading("g.c.lanes", "variant_lanes", {"channel": "c", "field": "data", "loop": "j"})
RELU = Reading("g.C.relu", "variant_relu_added", {"target": "C"})
SIGN = Reading("g.A.sign", "variant_unsigned", {"tensor": "A"}, "silent")
FOUND = Readings(36, 20, 0, (RELU, SIGN, Reading("g.h", "variant_wait_none", {"declared": "done"}, "time")))
WHY = Explained(44, 76, 3, (LANES,))


def page(dossier: Dossier, lang: str) -> str:
    return render(dossier, lang)["report.html"].decode()


def test_the_count_is_said_as_a_reviewer_reads_it(accepted: Dossier) -> None:
    text = page(replace(accepted, readings=FOUND), "en")
    assert "This run could tell your design from 36 of 37 near-miss readings of its contract." in text
    assert "C passes through a relu" in text
    assert "A is read as unsigned" in text
    assert "the operation ends without event done" in text


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_run_that_was_not_measured_says_nothing(accepted: Dossier, lang: str) -> None:
    assert 'id="readings"' not in page(accepted, lang)
    assert 'id="readings"' in page(replace(accepted, readings=FOUND), lang)


def test_the_report_for_machines_has_all_of_it(accepted: Dossier) -> None:
    raw = json.loads(render(replace(accepted, readings=FOUND), "en")["report.json"])
    assert raw["readings"]["told"] == 36
    assert [one["id"] for one in raw["readings"]["left"]] == ["g.C.relu", "g.A.sign", "g.h"]


def test_a_long_list_is_cut_and_says_so() -> None:
    many = tuple(Reading(f"g.{number}", "variant_unsigned", {"tensor": f"T{number}"}) for number in range(MOST_SHOWN + 3))
    view = readings_view(Readings(0, 1, 9, many), "en")
    assert view is not None
    assert len(view.groups[0].readings) == MOST_SHOWN
    assert view.groups[0].more == "and 3 more, in report.json"
    assert "9 more readings were not looked at." in view.detail


def test_a_failure_is_said_to_be_consistent_and_never_to_be(rejected: Dossier) -> None:
    findings = tuple(replace(one, explained=WHY) if one.divergence else one for one in rejected.findings)
    text = page(replace(rejected, findings=findings), "en")
    assert "44 of 76 beats wrong in 3 jobs; all match" in text
    assert "Consistent with: on channel c the lanes of data are reversed (over j)." in text
    assert "A wrong manifest and a wrong design look alike." in text


def test_several_readings_are_listed() -> None:
    view = explained_view(replace(WHY, readings=(LANES, RELU), more=4), "en")
    assert len(view.readings) == 3
    assert view.readings[-1] == "4 more readings"
    assert view.sentence.endswith("Consistent with:")


def test_the_terminal_says_the_same(rejected: Dossier) -> None:
    finding = next(one for one in rejected.findings if one.divergence)
    face = Face("en", utf8=True, width=100)
    lines = " ".join(line.plain.strip() for line in finding_lines(Group(replace(finding, explained=WHY), 1), "", face))
    assert "Consistent with: on channel c the lanes of data are reversed (over j)." in lines
    shown = " ".join(line.plain.strip() for line in readings_lines(FOUND, face))
    assert "from 36 of 37 near-miss readings" in shown
    assert "C passes through a relu" in shown
    assert "A is read as unsigned" not in shown, "nothing is claimed of it"


def test_a_word_that_the_catalogue_lacks_is_its_id() -> None:
    assert reading_words(Reading("g.x", "report_note", {}), "en") == "g.x"
    assert reading_words(Reading("g.x", "variant_of_nothing", {}), "ko") == "g.x"


def test_hostile_values_are_text(accepted: Dossier) -> None:
    hostile = Reading("g.x", "variant_unsigned", {"tensor": "<script>{0.__class__}"})
    text = page(replace(accepted, readings=replace(FOUND, left=(hostile,))), "en")
    assert "<script>{0" not in text
    assert "&lt;script&gt;{0.__class__}" in text
