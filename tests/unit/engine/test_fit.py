"""Which reading is taken, by a scripted judge; and answers of the jobs that make no sense."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.domain.fitting import Fitting, Searched, Trial
from pipeline.engine.fit import BUDGET_S, decided
from pipeline.errors import InfrastructureError
from pipeline.stages.fit_answers import Listed, read_chosen, read_judged, read_listed

FACT = "channel.y.delay"
TEXT = "the manifest with the reading"


def listed(count: int, chunk: int = 2) -> Listed:
    trials = tuple(Trial(number, {FACT: str(number)} if number else {}) for number in range(count))
    chunks = tuple(tuple(range(start, min(count, start + chunk))) for start in range(0, count, chunk))
    return Listed((FACT,), (Searched(FACT, "0", count - 1),), trials, 7, chunks, 3)


class Scripted:
    """Readings in `fits` fit, those in `silent` are not tried in time, all others differ; those in `alike` are the same."""

    def __init__(self, fits: set[int], alike: set[int], text: str | None = TEXT, silent: Sequence[int] = ()) -> None:
        self.fits, self.alike, self.text, self.silent = fits, alike, text, silent
        self.asked: list[tuple[int, ...]] = []

    def tried(self, listed: Listed, chunk: int) -> dict[int, Trial]:
        return {number: self._trial(listed.trials[number]) for number in listed.chunks[chunk] if number not in self.silent}

    def _trial(self, trial: Trial) -> Trial:
        if trial.number in self.fits:
            return replace(trial, state="fits", beats=9)
        return replace(trial, state="differs", rule="J-003", args={})

    def chosen(self, numbers: Sequence[int], works: int) -> tuple[bool, int, str | None]:
        assert works == 3
        self.asked.append(tuple(numbers))
        return set(numbers) <= self.alike or len(numbers) == 1, numbers[0], self.text if numbers[0] else None


def decide(script: Scripted, count: int = 5, budget_s: float = BUDGET_S) -> tuple[Fitting, list[tuple[int, int]]]:
    told: list[tuple[int, int]] = []
    return decided(script, listed(count), lambda done, total: told.append((done, total)), budget_s), told


def test_exactly_one_is_taken_whatever_was_tried_after_it() -> None:
    found, told = decide(Scripted({3}, set()))
    assert (found.end, found.chosen, found.text, found.changes) == ("fitted", 3, TEXT, {FACT: "3"})
    assert [trial.state for trial in found.trials] == ["differs", "differs", "differs", "fits", "differs"]
    assert told == [(0, 5), (2, 5), (4, 5), (5, 5)]
    assert found.left_off == 7


@pytest.mark.parametrize("fits", [{0, 3}, {1, 3}, {3, 4}])
def test_several_change_nothing(fits: set[int]) -> None:
    found, _ = decide(Scripted(fits, set()))
    assert (found.end, found.chosen, found.text) == ("several", None, "")


def test_several_that_no_pins_tell_apart_are_one() -> None:
    script = Scripted({1, 3}, {1, 3})
    found, _ = decide(script)
    assert (found.end, found.chosen) == ("fitted", 1)
    assert script.asked == [(1, 3)]


def test_the_manifest_as_it_stands_stays_whatever_is_alike() -> None:
    found, _ = decide(Scripted({0, 3}, {0, 3}))
    assert (found.end, found.chosen, found.text, found.changes) == ("stated", 0, "", {})


def test_none_fits() -> None:
    script = Scripted(set(), set())
    found, _ = decide(script)
    assert (found.end, found.text, script.asked) == ("none", "", [])


def test_a_reading_that_was_not_tried_may_fit_too() -> None:
    script = Scripted({3}, set(), silent=(4,))
    found, _ = decide(script)
    assert (found.end, found.chosen, script.asked) == ("late", None, [])


def test_time_runs_out() -> None:
    found, told = decide(Scripted({0}, set()), budget_s=-1.0)
    assert (found.end, [trial.state for trial in found.trials], told) == ("late", ["open"] * 5, [(0, 5)])


def test_a_reading_that_has_no_place() -> None:
    found, _ = decide(Scripted({3}, set(), text=None))
    assert (found.end, found.chosen, found.text, found.changes) == ("unwritten", 3, "", {FACT: "3"})


LIST: dict[str, Any] = {
    "facts": [{"fact": FACT, "declared": "0", "values": 2}],
    "known": [FACT],
    "readings": [
        {"changes": {}, "first": 0},
        {"changes": {FACT: "1\x1b"}, "first": 0},
        {"changes": {FACT: "2"}, "first": None},
        {"changes": {FACT: "3"}, "first": 3},
    ],
    "left_off": 0,
    "chunks": [[0, 3]],
    "works": 2,
}
ANSWERS: dict[str, Any] = {
    "answers": [
        {"number": 0, "fits": False, "beats": 3, "rule": "J-002", "args": {"a": "b\n"}},
        {"number": 3, "fits": True, "beats": 8, "rule": "", "args": {}},
    ]
}


def put(folder: Path, raw: object) -> Path:
    (folder / "answer.json").write_text(raw if isinstance(raw, str) else json.dumps(raw))
    return folder


def test_answers_are_read(tmp_path: Path) -> None:
    found = read_listed(put(tmp_path, LIST), "answer.json")
    assert [(one.state, one.same_as) for one in found.trials] == [
        ("open", None),
        ("same", 0),
        ("senseless", None),
        ("open", None),
    ]
    assert found.trials[1].changes == {FACT: "1 "}
    trials = read_judged(put(tmp_path, ANSWERS), "answer.json", found, (0, 3))
    assert [(one.state, one.beats, one.rule, one.args) for one in trials.values()] == [
        ("differs", 3, "J-002", {"a": "b "}),
        ("fits", 8, "", None),
    ]


def changed(raw: Mapping[str, Any], edit: Callable[[Any], object]) -> Any:
    copy = json.loads(json.dumps(raw))
    edit(copy)
    return copy


HOSTILE = [
    "",
    "[" * 100_000,
    [],
    changed(LIST, lambda raw: raw.update(chunks=[[0]])),
    changed(LIST, lambda raw: raw.update(chunks=[[0, 3, 3]])),
    changed(LIST, lambda raw: raw.update(readings=[])),
    changed(LIST, lambda raw: raw.update(readings=raw["readings"] * 25)),
    changed(LIST, lambda raw: raw["readings"][0].update(changes={FACT: "9"})),
    changed(LIST, lambda raw: raw["readings"][1].update(first=3)),
    changed(LIST, lambda raw: raw["readings"][1].update(changes=3)),
]


@pytest.mark.parametrize("raw", HOSTILE, ids=range(len(HOSTILE)))
def test_a_list_that_makes_no_sense(raw: object, tmp_path: Path) -> None:
    with pytest.raises(InfrastructureError, match="N-202"):
        read_listed(put(tmp_path, raw), "answer.json")


UNTRUE = [
    {"answers": ANSWERS["answers"][:1]},
    changed(ANSWERS, lambda raw: raw["answers"][0].update(number=1)),
    changed(ANSWERS, lambda raw: raw["answers"][0].update(rule="J-2\n")),
]


@pytest.mark.parametrize("raw", UNTRUE, ids=range(len(UNTRUE)))
def test_a_judgement_that_makes_no_sense(raw: object, tmp_path: Path) -> None:
    found = read_listed(put(tmp_path, LIST), "answer.json")
    with pytest.raises(InfrastructureError, match="N-202"):
        read_judged(put(tmp_path, raw), "answer.json", found, (0, 3))


@pytest.mark.parametrize("edit", [{"fits": True, "beats": 0}, {"fits": True, "rule": "J-001"}, {"fits": 1}])
def test_nothing_fits_without_beats_or_with_a_fault(edit: dict[str, object], tmp_path: Path) -> None:
    found = read_listed(put(tmp_path, LIST), "answer.json")
    raw = changed(ANSWERS, lambda copy: copy["answers"][1].update(edit))
    assert read_judged(put(tmp_path, raw), "answer.json", found, (0, 3))[3].state == "differs"


def test_a_record_that_is_refused(tmp_path: Path) -> None:
    found = read_listed(put(tmp_path, LIST), "answer.json")
    with pytest.raises(InfrastructureError, match="P-404"):
        read_judged(put(tmp_path, {"refused": {"rule": "P-404", "reason": "x"}}), "answer.json", found, (0, 3))


def test_a_choice_is_one_of_those_that_fit(tmp_path: Path) -> None:
    assert read_chosen(put(tmp_path, {"alike": True, "chosen": 3, "text": "x"}), "answer.json", (3, 4)) == (True, 3, "x")
    for raw in (
        {"alike": True, "chosen": 1, "text": "x"},
        {"alike": 1, "chosen": 3, "text": "x"},
        {"alike": True, "chosen": 3, "text": 3},
    ):
        with pytest.raises(InfrastructureError, match="N-202"):
            read_chosen(put(tmp_path, raw), "answer.json", (3, 4))
