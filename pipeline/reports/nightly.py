"""nightly.html and nightly.json: one night over all registered designs. Pure; the same board gives the same bytes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup

from pipeline.domain.board import Board, Cell, DesignNight, NightState
from pipeline.domain.canonical import canonical_json
from pipeline.domain.night import Classed, Standing
from pipeline.messages import message, text
from pipeline.reports.html import sheet, style_digest, templates, with_foot
from pipeline.reports.nightly_json import night_json
from pipeline.reports.units import Moment, count, duration, moment, seconds_between
from pipeline.reports.visible import short

MOST_ROWS = 100
_STANDINGS = {
    Standing.NEW: ("failed", "night_new"),
    Standing.KNOWN: ("known", "night_known"),
    Standing.FIXED: ("fixed", "night_fixed"),
    Standing.OPEN: ("open", "night_open"),
}


@dataclass(frozen=True, slots=True)
class Stamp:
    """One night of a design as a cell: `state` names tone and outline, `sentence` says it in words."""

    state: str
    glyph: str
    shown: str
    sentence: str
    tonight: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One design over the nights."""

    name: str
    revision: str
    stamps: tuple[Stamp, ...]
    run: str
    verdict: str
    replayed: str


@dataclass(frozen=True, slots=True)
class Row:
    """One failure. `nights`: in how many it was seen since `first_seen`."""

    state: str
    word: str
    design: str
    place: str
    rule: str
    title: str
    seeds: str
    first_seen: str
    nights: str
    again: str


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is ours, or missing: nothing is said of the design."""

    state: str
    design: str
    what: str


@dataclass(frozen=True, slots=True)
class Figure:
    """A count with its word; zero is grey."""

    state: str
    word: str
    value: str
    zero: bool
    note: str


@dataclass(frozen=True, slots=True)
class NightPage:
    """The page in one language: everything computed."""

    lang: str
    window: str
    tenant: str
    sub: str
    alarms: tuple[str, ...]
    fresh: str
    now: Moment
    figures: tuple[Figure, ...]
    ours: Figure
    heads: tuple[str, ...]
    lines: tuple[Line, ...]
    legend: tuple[tuple[str, str], ...]
    new: tuple[Row, ...]
    no_new: str
    others: tuple[Row, ...]
    hidden: int
    troubles: tuple[Trouble, ...]
    next: str


def render_night(board: Board, lang: str) -> Mapping[str, bytes]:
    """File name -> bytes: `nightly.html`, one self-contained page in `lang`, and `nightly.json`."""
    page = night_page(board, lang)
    foot = text("night_page_foot", lang, window=page.window, tenant=page.tenant)
    style = with_foot(sheet("report.css") + sheet("nightly.css"), foot)
    names = {"p": page, "style": Markup(style), "style_digest": style_digest(style)}  # noqa: S704 - packaged and filtered
    html = templates(lang).get_template("nightly.html").render(names).encode()
    return {"nightly.html": html, "nightly.json": canonical_json(night_json(board, lang)) + b"\n"}


def night_page(board: Board, lang: str) -> NightPage:
    """Everything the template prints."""
    new, others = _rows(board, lang, Standing.NEW), _others(board, lang)
    return NightPage(
        lang=lang,
        window=board.window,
        tenant=short(board.tenant, 80),
        sub=_sub(board, lang),
        alarms=tuple(text("night_alarm", lang, design=short(d.name, 80), last=_last(d, lang)) for d in missed(board)),
        fresh=fresh(board, lang),
        now=moment(board.now),
        figures=tuple(_figure(board, standing, lang) for standing in (Standing.NEW, Standing.KNOWN, Standing.FIXED)),
        ours=_ours(board, lang),
        heads=tuple(window[5:] for window in board.windows),
        lines=tuple(_line(design, board, lang) for design in board.designs),
        legend=tuple((glyph_of(state), text(f"night_state_{state}", lang)) for state in NightState if state != "absent"),
        new=new[:MOST_ROWS],
        no_new=_no_new(board, lang),
        others=others[:MOST_ROWS],
        hidden=max(0, len(new) - MOST_ROWS) + max(0, len(others) - MOST_ROWS),
        troubles=tuple(_troubles(board, lang)),
        next=text("night_next", lang, time=clock(board.next_opens)) if board.next_opens else text("night_no_clock", lang),
    )


def missed(board: Board) -> tuple[DesignNight, ...]:
    """Designs without the result that was due."""
    return board.state(NightState.MISSED)


def fresh(board: Board, lang: str) -> str:
    """How fresh the board is, and how much of what was planned it rests on."""
    values = {"planned": count(len(board.planned)), "judged": count(board.judged)}
    if not board.fresh_at:
        return text("night_stale", lang, **values)
    age = duration(max(0.0, seconds_between(board.fresh_at, board.now) or 0.0), lang)
    return text("night_fresh", lang, time=clock(board.fresh_at), age=age, **values)


def clock(iso: str) -> str:
    """Date and time to the minute, with the zone's offset: 2026-11-22 05:42 UTC+09:00."""
    shown = moment(iso).shown
    return f"{shown[:16]}{shown[19:]}"


def glyph_of(state: NightState | str) -> str:
    """The outline of a state; a new failure has that of any failure, in a filled cell."""
    return "failed" if state == NightState.NEW else str(state)


def _no_new(board: Board, lang: str) -> str:
    return text("night_no_new", lang, judged=count(board.judged)) if board.judged else text("night_nothing", lang)


def _sub(board: Board, lang: str) -> str:
    if board.started_at:
        return text("night_sub", lang, schedule=board.schedule, started=clock(board.started_at), epoch=board.epoch)
    return text("night_sub_unstarted", lang, schedule=board.schedule, deadline=clock(board.deadline))


def _last(design: DesignNight, lang: str) -> str:
    key = "night_last_result" if design.last_result else "night_no_result_before"
    return text(key, lang, window=design.last_result)


def _figure(board: Board, standing: Standing, lang: str) -> Figure:
    state, word = _STANDINGS[standing]
    whole = board.count(standing)
    designs = sum(bool(design.of(standing)) for design in board.designs)
    note = text("night_in_designs", lang, count=count(designs)) if whole else text("night_none", lang)
    return Figure(state, text(word, lang), count(whole), whole == 0, note)


def _ours(board: Board, lang: str) -> Figure:
    broken, late = board.state(NightState.BROKEN), missed(board)
    names = ", ".join(short(design.name, 40) for design in (*late, *broken)[:4])
    whole = len(broken) + len(late)
    state = "missed" if late else "broken"
    return Figure(state, text("night_ours", lang), count(whole), whole == 0, names or text("night_none", lang))


def _line(design: DesignNight, board: Board, lang: str) -> Line:
    run, result = design.run, design.run.result if design.run else None
    return Line(
        name=short(design.name, 64),
        revision=text("night_revision", lang, revision=design.revision),
        stamps=tuple(_stamp(cell, board, lang) for cell in design.strip),
        run=str(run.number) if run else "\u2013",
        verdict=text(f"report_{result.verdict.value.lower()}", lang) if result else text("night_no_result", lang),
        replayed=count(run.replayed) if run else "\u2013",
    )


def _stamp(cell: Cell, board: Board, lang: str) -> Stamp:
    word = text(f"night_state_{cell.state}", lang)
    shown = word if cell.state is NightState.NEW else str(cell.count) if cell.state is NightState.KNOWN else ""
    sentence = text("night_cell", lang, window=cell.window, word=word, count=cell.count or "").strip()
    return Stamp(cell.state.value, glyph_of(cell.state), shown, sentence, cell.window == board.window)


def _rows(board: Board, lang: str, *standings: Standing) -> tuple[Row, ...]:
    return tuple(
        _row(design, item, lang) for design in board.designs for item in design.failures if item.standing in standings
    )


def _others(board: Board, lang: str) -> tuple[Row, ...]:
    return tuple(row for standing in (Standing.KNOWN, Standing.OPEN, Standing.FIXED) for row in _rows(board, lang, standing))


def _row(design: DesignNight, item: Classed, lang: str) -> Row:
    failure, (state, word) = item.failure, _STANDINGS[item.standing]
    return Row(
        state=state,
        word=text(word, lang),
        design=short(design.name, 64),
        place=short(failure.place, 24),
        rule=short(failure.rule, 20),
        title=short(message(failure.rule, failure.args, lang).title, 120),
        seeds=count(failure.count),
        first_seen=item.first_seen,
        nights=count(item.nights),
        again=short(failure.again, 240),
    )


def _troubles(board: Board, lang: str) -> list[Trouble]:
    late = [
        Trouble("missed", short(d.name, 64), text("night_missed_what", lang, last=_last(d, lang))) for d in missed(board)
    ]
    return late + [Trouble("broken", short(d.name, 64), trouble(d, lang)) for d in board.designs if ours(d)]


def ours(design: DesignNight) -> bool:
    """Something of ours broke, or nothing could be concluded, also beside a failure of the design."""
    result = design.run.result if design.run else None
    return result is not None and (bool(result.troubles) or result.verdict.value == "INCONCLUSIVE")


def trouble(design: DesignNight, lang: str) -> str:
    """What broke in a design's run; without anything broken, that a criterion of the policy was not met."""
    run = design.run
    if run is None or run.result is None or not run.result.troubles:
        return text("night_criterion", lang, run=run.number if run else "")
    step, rule = run.result.troubles[0]
    title = short(message(rule, {}, lang).title, 120) if rule else ""
    return text("night_broke", lang, run=run.number, step=short(step, 40), rule=rule, title=title).rstrip(" :")
