"""A search as people read it: what was searched, every reading with how it fits, and what was decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rich.text import Text

from pipeline.cli.layout import cut, line, plain, wrap
from pipeline.cli.terminal import Face
from pipeline.domain.fitting import Fitting, Trial, fitting_ones
from pipeline.messages import message, text

_MARKS = {"fits": "passed", "differs": "failed", "same": "skipped", "senseless": "skipped", "open": "missed"}
_RULES = {"none": "N-145", "several": "N-146", "late": "N-147", "unwritten": "N-148"}
_NAMED = 8


@dataclass(frozen=True, slots=True)
class Problem:
    """Why nothing was written: a rule and its values."""

    rule: str
    values: Mapping[str, str]


def problem(found: Fitting, limit_s: float) -> Problem | None:
    """The rule of an end without an answer."""
    rule = _RULES.get(found.end)
    if rule is None:
        return None
    fits = [str(number) for number in fitting_ones(found.trials)]
    values = {
        "tried": str(_tried(found)),
        "total": str(len(found.trials)),
        "limit_s": f"{limit_s:.0f}",
        "numbers": ", ".join(fits[:_NAMED]) + (", .." if len(fits) > _NAMED else ""),
        "changes": changes_words(found.changes),
    }
    return Problem(rule, values)


def _tried(found: Fitting) -> int:
    return sum(trial.state != "open" for trial in found.trials)


def changes_words(changes: Mapping[str, str]) -> str:
    """`channel.y.delay = 2; operation.dot.stream.1.loops = k: K, h: 2`."""
    return "; ".join(f"{fact} = {value}" for fact, value in changes.items())


def fit_lines(found: Fitting, file: str, face: Face) -> list[Text]:
    """Everything but the problem."""
    lines = []
    for one in found.searched:
        words = text("fit_searched", face.lang, fact=one.fact, declared=one.declared, values=one.values)
        lines += wrap(words, face.width, "  ")
    lines += [Text(), *(_row(trial, face) for trial in found.trials)]
    if found.left_off:
        lines += wrap(text("fit_left_off", face.lang, count=f"{found.left_off:,}"), face.width, "  ")
    return [*lines, Text(), *_end(found, file, face)]


def _row(trial: Trial, face: Face) -> Text:
    """Number, what it changes, and how it fits, on one line."""
    what = changes_words(trial.changes) or text("fit_as_stated", face.lang)
    start = f" {trial.number:>2}  {plain(what, face.width)}  "
    room = max(20, face.width - len(start))
    return line(face.mark(_MARKS[trial.state]), start, (cut(_outcome(trial, face.lang), room), "dim"))


def _outcome(trial: Trial, lang: str) -> str:
    if trial.state == "differs":
        return f"{trial.rule} {message(trial.rule, trial.args or {}, lang).what}"
    words = {
        "fits": text("fit_fits", lang, beats=f"{trial.beats:,}"),
        "same": text("fit_same", lang, number=trial.same_as),
        "senseless": text("fit_senseless", lang),
        "open": text("fit_open", lang),
    }
    return words[trial.state]


def _end(found: Fitting, file: str, face: Face) -> list[Text]:
    if found.end == "stated":
        return [line(face.mark("passed"), " ", (text("fit_stated", face.lang, file=file), "bold"))]
    if found.end != "fitted":
        return []
    words = text("fit_written", face.lang, file=file, tried=len(found.trials))
    lines = [line(face.mark("passed"), " ", (words, "bold"))]
    for fact, value in found.changes.items():
        lines += wrap(f"{fact} = {value}", face.width, "   ")
    return [*lines, *wrap(text("fit_less", face.lang), face.width)]
