"""The board as a page, as JSON and as text: what is new is found, what is missing shouts, nothing hostile runs."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from pipeline.cli.nightly_print import night_lines
from pipeline.cli.terminal import Face
from pipeline.domain.board import Board, Cell, DesignNight, NightState
from pipeline.domain.night import Classed, Failure, NightResult, NightRun, Standing
from pipeline.domain.outcome import Verdict
from pipeline.reports.nightly import night_page, render_night

WINDOWS = tuple(f"2026-11-{day:02}" for day in range(9, 23))
HOSTILE = "<script>alert(1)</script>\u202e\x1b[31m"


def design(
    name: str, state: NightState, *failures: Classed, verdict: str = "REJECTED", troubles: tuple[tuple[str, str], ...] = ()
) -> DesignNight:
    before = [Cell(window, NightState.PASSED) for window in WINDOWS[:-1]]
    result = NightResult(Verdict(verdict), (), (), troubles)
    run = NightRun(WINDOWS[-1], name, 2, "a" * 12, 12, 3, result, "2026-11-22T05:42:00+09:00")
    has_result = state is not NightState.MISSED
    strip = (*before, Cell(WINDOWS[-1], state, len(failures)))
    return DesignNight(name, 2, state, run if has_result else None, failures, "2026-11-21", strip)


def failure(standing: Standing, place: str = "FUN-04", **args: str) -> Classed:
    again = f"assay repro 12 --testpoint {place} --seed 0x{7:016x}"
    return Classed(Failure(place, "J-001", 7, 3, again, args), standing, "2026-11-18", 4)


@pytest.fixture
def board() -> Board:
    return Board(
        tenant="acme",
        schedule="nightly",
        window="2026-11-22",
        epoch=9822,
        now="2026-11-22T08:00:00+09:00",
        started_at="2026-11-22T02:00:03+09:00",
        deadline="2026-11-22T12:00:00+09:00",
        fresh_at="2026-11-22T05:42:00+09:00",
        next_opens="2026-11-23T02:00:00+09:00",
        windows=WINDOWS,
        designs=(
            design("gridnpu", NightState.NEW, failure(Standing.NEW), failure(Standing.KNOWN, "ROB-01")),
            design("kws", NightState.PASSED, verdict="ACCEPTED"),
            design("loom4", NightState.MISSED),
            design("vecq", NightState.BROKEN, verdict="INCONCLUSIVE", troubles=(("simulate.0", "P-301"),)),
            design("pebble", NightState.FIXED, failure(Standing.FIXED), verdict="ACCEPTED"),
        ),
    )


def page_of(board: Board, lang: str = "en") -> str:
    return render_night(board, lang)["nightly.html"].decode()


class Shape(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_the_page_needs_nothing_and_runs_nothing(board: Board, lang: str) -> None:
    html = page_of(board, lang)
    shape = Shape(html)
    assert {tag for tag, _ in shape.tags} & {"script", "link", "img", "iframe", "object", "form"} == set()
    assert [a for _, a in shape.tags if any(name.startswith("on") or name == "style" for name in a)] == []
    assert re.findall(r"(?:https?:)?//[a-z]", html.replace("http://www.w3.org", "")) == []
    used = {a["href"] for tag, a in shape.tags if tag == "use"}
    known = {f"#{a['id']}" for tag, a in shape.tags if tag == "symbol"}
    assert used <= known
    assert len({a["id"] for _, a in shape.tags if "id" in a}) == len([a for _, a in shape.tags if "id" in a])
    assert render_night(board, lang) == render_night(board, lang)


def test_only_a_new_failure_is_a_filled_cell(board: Board) -> None:
    html = page_of(board)
    assert len(re.findall(r'class="stamp s-new"', html)) == 1
    assert len(re.findall(r'class="stamp s-missed"', html)) == 1
    assert html.count('class="stamp ') == 14 * 5
    assert html.count('class="hit"') == 1


def test_a_missed_night_is_an_alarm_and_names_the_result_that_does_not_stand_in(board: Board) -> None:
    html = page_of(board)
    (alarm,) = re.findall(r'role="alert">.*?</p>', html)
    assert "Missed: loom4 has no result for this night. The result of 2026-11-21 does not stand in for it." in alarm
    assert "누락: loom4의 이 밤 결과가 없습니다." in page_of(board, "ko")
    assert 'role="alert"' not in page_of(replace(board, designs=board.designs[:2]))


def test_freshness_counts_what_it_rests_on(board: Board) -> None:
    assert (
        "Fresh as of 2026-11-22 05:42 UTC+09:00, 2\u202fh 18\u202fmin ago. Designs planned: 5, with a result: 4."
        in page_of(board)
    )
    stale = replace(board, fresh_at="", next_opens="", designs=(board.designs[2],))
    assert "No result has come in for this night. Designs planned: 1, with a result: 0." in page_of(stale)
    assert "No result: missed or not finished, not green." in page_of(stale)
    assert "No clock is set" in page_of(stale)


def test_counts_and_exit_code(board: Board) -> None:
    page = night_page(board, "en")
    assert [(figure.value, figure.zero) for figure in page.figures] == [("1", False)] * 3
    assert (page.ours.value, page.ours.state) == ("2", "missed")
    assert board.exit_code == 1, "a new failure before anything else"
    assert replace(board, designs=board.designs[1:]).exit_code == 3
    assert replace(board, designs=board.designs[1:2]).exit_code == 0
    assert replace(board, designs=()).exit_code == 3, "nothing planned is nothing passed"


def test_the_json_says_the_same(board: Board) -> None:
    found = json.loads(render_night(board, "en")["nightly.json"])
    assert (found["schema"], found["window"], found["exit_code"]) == ("assay-night/1", "2026-11-22", 1)
    assert found["counts"] == {"new": 1, "known": 1, "fixed": 1, "open": 0}
    first = found["designs"][0]
    assert (first["state"], first["verdict"], first["replayed"], len(first["strip"])) == ("new", "REJECTED", 3, 14)
    assert first["failures"][0] | {"title": ""} == {
        "standing": "new", "place": "FUN-04", "rule": "J-001", "title": "", "seed": "0x0000000000000007", "count": 3,
        "first_seen": "2026-11-18", "nights": 4, "reproduce": "assay repro 12 --testpoint FUN-04 --seed 0x0000000000000007",
    }  # fmt: skip
    assert found["designs"][3]["troubles"] == [{"step": "simulate.0", "rule": "P-301"}]
    assert found["designs"][2]["verdict"] is None


def test_nothing_hostile_reaches_the_page_or_the_terminal(board: Board) -> None:
    bad = failure(Standing.NEW, channel=HOSTILE, element=HOSTILE)
    hostile = replace(
        board, tenant=HOSTILE, designs=(design(HOSTILE, NightState.NEW, bad), design(HOSTILE, NightState.MISSED))
    )
    html = page_of(hostile)
    assert "<script" not in html
    assert "\u202e" not in html
    assert "\x1b" not in html
    text = "\n".join(line.plain for line in night_lines(hostile, Face("en", utf8=True, width=100)))
    assert "\x1b" not in text
    assert "\u202e" not in text


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_the_text_has_a_line_for_every_design_and_every_way_to_see_it_again(board: Board, lang: str) -> None:
    text = "\n".join(line.plain for line in night_lines(board, Face(lang, utf8=False, width=100)))
    assert "x gridnpu" in text
    assert "+++++++++++++N" in text
    assert "+++++++++++++?" in text
    assert text.count("assay repro 12 --testpoint") == 3
    assert "P-301" in text
    assert text.splitlines()[-1].startswith({"en": "exit 1", "ko": "종료 코드 1"}[lang])
