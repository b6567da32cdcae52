"""The picture of the failure: what is drawn, what is said of it, and what hostile values do to it."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from pipeline.domain.dossier import Dossier
from pipeline.domain.finding import Finding
from pipeline.domain.isolated import Isolated, Signal, Window
from pipeline.reports.html import html_report
from pipeline.reports.json_report import json_report
from pipeline.reports.waveform import COLUMN, Picture, wave

CYCLES = tuple(range(1413, 1422))
VALID, READY = tuple("011111110"), tuple("111000111")
DATA = ("aaaaaa", "b305cd", "1c1101", "bcd303", "bcd303", "bcd303", "bcd303", "d8d85f", "d8d85f")
EXPECTED = ("", "", "", "0cce65", "0cce65", "0cce65", "0cce65", "", "")
WINDOW = Window(
    channel="c",
    cycle=1419,
    hang=False,
    cycles=CYCLES,
    operations=(None, 18, 18, None, None, None, 18, 18, None),
    beats=(None, 1, 2, None, None, None, 3, 4, None),
    signals=(
        Signal("clk_i", "clock", ()),
        Signal("in_reset", "reset", tuple("000000000")),
        Signal("m_valid", "valid", VALID),
        Signal("m_ready", "ready", READY),
        Signal("m_data[23:0]", "bus", DATA, EXPECTED, cut=True),
        Signal("m_last", "bit", tuple("000000010")),
    ),
)


def first(dossier: Dossier) -> Finding:
    return next(finding for finding in dossier.findings if finding.divergence)


def known(dossier: Dossier, window: Window | None = WINDOW) -> Isolated:
    found = first(dossier)
    return Isolated(
        found.id, found.rule, found.testpoint, found.seed or 0, True, (), (17, 18), 40, True, 23, found.divergence, window
    )


def picture(dossier: Dossier, window: Window = WINDOW, lang: str = "en") -> Picture:
    drawn = wave(known(dossier, window), lang).picture
    assert drawn is not None
    return drawn


def test_the_cycle_that_counts_is_banded_boxed_and_named(rejected: Dossier) -> None:
    drawn = picture(rejected)
    at = CYCLES.index(1419)
    assert drawn.band == (drawn.edges[at], COLUMN)
    assert drawn.name.shown == "first divergence"
    assert [label.shown for label in drawn.beats if label.tone == "wrong"] == ["beat 3 ✕"]
    assert [label.shown for label in drawn.cycles][at] == "1,419"


def test_one_hexagon_a_beat_and_what_should_have_been_there_below(rejected: Dossier) -> None:
    data, expected = picture(rejected).rows[3:5]
    assert [(cell.shown, cell.tone) for cell in data.cells] == [
        ("…b305cd", ""),
        ("…1c1101", ""),
        ("…bcd303", "wrong"),
        ("…d8d85f", ""),
    ]
    assert [(cell.shown, cell.tone) for cell in expected.cells] == [("…0cce65", "should")]
    assert (data.name, expected.name, expected.tone) == ("m_data[23:0]", "expected", "should")
    assert expected.y > data.y


def test_two_beats_of_one_value_stay_two(rejected: Dossier) -> None:
    signals = tuple(
        replace(signal, values=("1c1101",) * 9, expected=()) if signal.kind == "bus" else signal for signal in WINDOW.signals
    )
    data = picture(rejected, replace(WINDOW, signals=signals)).rows[3]
    assert len(data.cells) == 4


def test_stalls_are_shaded_and_counted(rejected: Dossier) -> None:
    drawn = picture(rejected)
    assert drawn.stalls == ((drawn.edges[3], 3 * COLUMN),)
    assert "stall, 3 cycles" in [label.shown for label in drawn.beats]


def test_a_reset_is_drawn_only_when_it_acts(rejected: Dossier) -> None:
    assert "in_reset" not in [row.name for row in picture(rejected).rows]
    signals = (*WINDOW.signals[:1], Signal("in_reset", "reset", tuple("110000000")), *WINDOW.signals[2:])
    assert "in_reset" in [row.name for row in picture(rejected, replace(WINDOW, signals=signals)).rows]


@pytest.mark.parametrize(
    ("lang", "wanted"),
    [
        ("en", "at cycle 1,419 m_data[23:0] is bcd303, expected 0cce65"),
        ("ko", "사이클 1,419에서 m_data[23:0] 값이 bcd303, 기댓값은 0cce65"),
    ],
)
def test_a_sentence_says_what_is_to_be_seen(rejected: Dossier, lang: str, wanted: str) -> None:
    assert wanted in picture(rejected, lang=lang).sentence
    dossier = replace(rejected, isolated=known(rejected))
    page = html_report(dossier, json_report(dossier), lang).decode()
    assert f'role="img" aria-label="{picture(rejected, lang=lang).sentence}"' in page


def test_a_hang_and_a_rule_without_a_value_say_so(rejected: Dossier) -> None:
    hang = picture(rejected, replace(WINDOW, hang=True))
    assert "no beat crosses" in hang.sentence
    assert (hang.name.shown, [label for label in hang.beats if label.tone]) == ("no beat after this", [])
    signals = tuple(replace(signal, expected=()) for signal in WINDOW.signals)
    drawn = wave(replace(known(rejected, replace(WINDOW, signals=signals)), rule="J-006", divergence=None), "en").picture
    assert drawn is not None
    assert "J-006 shows at cycle 1,419" in drawn.sentence
    assert drawn.name.shown == "J-006 shows here"


def test_the_same_figures_stand_in_a_table(rejected: Dossier) -> None:
    drawn = wave(known(rejected), "en")
    assert drawn.heads[0] == "1,413"
    assert dict(drawn.table)["m_data[23:0]"] == DATA
    assert dict(drawn.table)["expected"][3] == "0cce65"


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_the_page_shows_it_once_where_it_belongs_and_paints_by_class(rejected: Dossier, lang: str) -> None:
    dossier = replace(rejected, isolated=known(rejected))
    page = html_report(dossier, json_report(dossier), lang).decode()
    assert page.count('class="trace"') == 1
    drawing = page[page.index('<svg class="trace"') : page.index("</svg>", page.index('<svg class="trace"'))]
    assert re.search(r"\b(style|fill|stroke|on\w+)=", drawing) is None
    assert html_report(rejected, json_report(rejected), lang).decode().count('class="trace"') == 0
    without = replace(rejected, isolated=known(rejected, None))
    assert 'class="wave"' in html_report(without, json_report(without), lang).decode()


def test_the_isolated_finding_comes_first(rejected: Dossier) -> None:
    last = replace(first(rejected), seed=123456)
    dossier = replace(rejected, findings=(*rejected.findings, last))
    dossier = replace(dossier, isolated=replace(known(rejected), finding=last.id))
    page = html_report(dossier, json_report(dossier), "en").decode()
    article = page[page.index('<article class="find') : page.index("</article>")]
    assert "0x000000000001e240" in article
    assert 'class="trace"' in article


def test_hostile_names_are_escaped_and_bounded(rejected: Dossier) -> None:
    evil = "<script>alert(1)</script>\u202e" * 20
    signals = (*WINDOW.signals[:2], *(replace(signal, name=evil) for signal in WINDOW.signals[2:]))
    dossier = replace(rejected, isolated=known(rejected, replace(WINDOW, channel=evil, signals=signals)))
    page = html_report(dossier, json_report(dossier), "en").decode()
    assert "<script" not in page
    assert "\u202e" not in page
    assert picture(rejected, replace(WINDOW, signals=signals)).width < 1000
