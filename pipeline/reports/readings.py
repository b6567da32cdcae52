"""Near-miss readings of the contract in words: those a failure is consistent with, and those a run could not tell apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.domain.readings import Explained, Reading, Readings, State
from pipeline.messages import text, words
from pipeline.reports.units import count
from pipeline.reports.visible import short

MOST_SHOWN = 12
_LONGEST = 240
_TITLES: tuple[tuple[State, str], ...] = (
    ("open", "readings_open"),
    ("silent", "readings_silent"),
    ("time", "readings_time"),
    ("equal", "readings_equal"),
)


@dataclass(frozen=True, slots=True)
class ExplainedView:
    """What a failure is consistent with: a sentence, and when there are several readings a list."""

    sentence: str
    readings: tuple[str, ...]
    caution: str


@dataclass(frozen=True, slots=True)
class Group:
    """Readings left in one state; `more` of them are only in report.json, empty when none is."""

    title: str
    readings: tuple[str, ...]
    more: str


@dataclass(frozen=True, slots=True)
class ReadingsView:
    """`told` and `of` as figures, the sentence that says them, how they were found, and what is left."""

    told: str
    of: str
    sentence: str
    detail: str
    groups: tuple[Group, ...]


def reading_words(reading: Reading, lang: str) -> str:
    """The reading as a clause about the design; its id when the catalogue does not know it."""
    known = reading.word in words() and reading.word.startswith("variant_")
    return short(text(reading.word, lang, **reading.args), _LONGEST) if known else short(reading.id, _LONGEST)


def explained_view(found: Explained, lang: str) -> ExplainedView:
    """The explanation of a failure."""
    named = tuple(reading_words(one, lang) for one in found.readings)
    wrong, compared, jobs = count(found.wrong), count(found.compared), count(found.jobs)
    caution = text("explained_caution", lang)
    if len(named) == 1 and not found.more:
        sentence = text("explained_one", lang, wrong=wrong, compared=compared, jobs=jobs, reading=named[0])
        return ExplainedView(sentence, (), caution)
    sentence = text("explained_several", lang, wrong=wrong, compared=compared, jobs=jobs)
    more = (text("explained_more", lang, count=count(found.more)),) if found.more else ()
    return ExplainedView(sentence, named + more, caution)


def readings_view(found: Readings | None, lang: str) -> ReadingsView | None:
    """The covergroup cg_contract of a run; None when it was not measured."""
    if found is None:
        return None
    told, of = count(found.told), count(found.comparable)
    detail = text("readings_operations", lang, operations=count(found.operations))
    if not found.having("open"):
        detail += " " + text("readings_all", lang)
    if found.cut:
        detail += " " + text("readings_cut", lang, cut=count(found.cut))
    groups = tuple(_group(text(title, lang), found.having(state), lang) for state, title in _TITLES if found.having(state))
    return ReadingsView(told, of, text("readings_count", lang, told=told, of=of), detail, groups)


def _group(title: str, readings: Sequence[Reading], lang: str) -> Group:
    left = len(readings) - MOST_SHOWN
    more = text("readings_more", lang, count=count(left)) if left > 0 else ""
    return Group(title, tuple(reading_words(one, lang) for one in readings[:MOST_SHOWN]), more)
