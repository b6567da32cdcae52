"""What the jobs of a search leave behind, believed as far as it makes sense: they read a stranger's manifest and record."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from pipeline.domain.fitting import Searched, Trial
from pipeline.errors import InfrastructureError
from pipeline.stages.outputs import read_output
from verif.fit.search import MOST

NOT_USABLE = "N-202"
_MAX_ANSWER = 4 << 20
_MAX_MANIFEST = 512 << 10
_MOST_FACTS = 400
_LONGEST = 400
_RULE = re.compile(r"[A-Z]-(?:MAN-)?[0-9]{3}")
_REFUSED = ("P-402", "P-403", "P-404")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Listed:
    """What could be searched, what is, the readings, how they are simulated, and the number of jobs of each."""

    known: tuple[str, ...]
    searched: tuple[Searched, ...]
    trials: tuple[Trial, ...]
    left_off: int
    chunks: tuple[tuple[int, ...], ...]
    works: int


def not_usable(what: str) -> InfrastructureError:
    """A job ended well and left nothing of use."""
    return InfrastructureError(NOT_USABLE, cause="answer", code=0, log=what)


def read_listed(folder: Path, name: str) -> Listed:
    """The readings; every one that differs from all others is in one chunk. N-202 otherwise."""
    return _usable(lambda: _listed(_loaded(folder, name)))


def read_judged(folder: Path, name: str, listed: Listed, numbers: Sequence[int]) -> dict[int, Trial]:
    """The trials of these readings; N-202 when one is missing, the rule that is named when the record was refused."""
    return _usable(lambda: _judged(_loaded(folder, name), listed, numbers))


def read_chosen(folder: Path, name: str, numbers: Sequence[int]) -> tuple[bool, int, str | None]:
    """Whether the readings are alike, which of them to take, and the manifest with it; None when it was not written."""
    return _usable(lambda: _chosen(_loaded(folder, name), numbers))


def _usable(read: Callable[[], _T]) -> _T:
    try:
        return read()
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError) as error:
        raise not_usable(type(error).__name__) from None


def _loaded(folder: Path, name: str) -> Any:
    data = read_output(folder, name, _MAX_ANSWER)
    if data is None:
        raise ValueError(name)
    return json.loads(data)


def _listed(raw: Mapping[str, Any]) -> Listed:
    searched = tuple(Searched(_text(row["fact"]), _text(row["declared"]), int(row["values"])) for row in raw["facts"])
    trials = tuple(_trial(number, row) for number, row in enumerate(raw["readings"]))
    chunks = tuple(tuple(map(int, chunk)) for chunk in raw["chunks"])
    simulated = [number for chunk in chunks for number in chunk]
    known = tuple(map(_text, raw["known"]))
    if not 1 <= len(trials) <= MOST or len(known) > _MOST_FACTS or trials[0].changes:
        raise ValueError("readings")
    if searched and sorted(simulated) != [trial.number for trial in trials if trial.state == "open"]:
        raise ValueError("chunks")
    return Listed(known, searched, trials, int(raw["left_off"]), chunks, int(raw["works"]))


def _trial(number: int, row: Mapping[str, Any]) -> Trial:
    changes, first = {_text(fact): _text(value) for fact, value in row["changes"].items()}, row["first"]
    if first is None:
        return Trial(number, changes, "senseless")
    if int(first) > number:
        raise ValueError("a reading is the same as a later one")
    return Trial(number, changes) if int(first) == number else Trial(number, changes, "same", int(first))


def _judged(raw: Mapping[str, Any], listed: Listed, numbers: Sequence[int]) -> dict[int, Trial]:
    if refused := raw.get("refused"):
        rule = refused["rule"] if refused["rule"] in _REFUSED else "P-402"
        raise InfrastructureError(rule, reason=_text(refused["reason"]))
    found = {int(row["number"]): _answered(listed.trials[int(row["number"])], row) for row in raw["answers"]}
    if sorted(found) != sorted(numbers):
        raise ValueError("answers")
    return found


def _answered(trial: Trial, row: Mapping[str, Any]) -> Trial:
    rule, beats = str(row["rule"]), int(row["beats"])
    if row["fits"] is True and beats > 0 and not rule:
        return replace(trial, state="fits", beats=beats)
    if rule and not _RULE.fullmatch(rule):
        raise ValueError("rule")
    return replace(trial, state="differs", beats=beats, rule=rule, args={_text(k): _text(v) for k, v in row["args"].items()})


def _chosen(raw: Mapping[str, Any], numbers: Sequence[int]) -> tuple[bool, int, str | None]:
    same, number, text = raw["alike"], int(raw["chosen"]), raw["text"]
    if not isinstance(same, bool) or number not in numbers or not isinstance(text, str | None):
        raise ValueError("choice")
    if text is not None and len(text) > _MAX_MANIFEST:
        raise ValueError("text")
    return same, number, text


def _text(value: object) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in str(value)[:_LONGEST])
