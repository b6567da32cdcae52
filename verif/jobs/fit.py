"""Tries readings of a manifest against the RTL: `python -m verif.jobs.fit ACTION MANIFEST OUT [ARGUMENT..] -- [FACT..]`.

Only the named facts are searched, all when none is named. The same manifest and facts give the same readings, so each
action lists them again and knows them by number; 0 is the manifest as it stands.

list MANIFEST OUT: OUT is a new folder; `fit.json` has {facts, known, readings, left_off, chunks, works}, and for each chunk
`stimulus-N.bin` holds the jobs of its readings. send MANIFEST OUT NUMBERS WORKS: such a file.
judge MANIFEST OUT STIMULUS RECORD NUMBERS: {answers: [{number, fits, beats, rule, args}]}, or {refused: {rule, reason}}.
choose MANIFEST OUT NUMBERS WORKS, of readings that fit: {alike, chosen, text}; text is the manifest with the chosen reading,
null when it could not be written. NUMBERS are separated by commas, WORKS is how many jobs each reading has.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from verif.contract.read import read_manifest
from verif.fit.alike import alike
from verif.fit.axes import Axis, axes
from verif.fit.judge import answers
from verif.fit.search import Readings, readings
from verif.fit.trial import Work, chunks, classes, joined, sent_by, works
from verif.fit.write import written
from verif.judge.fault import RecordError
from verif.records.stimulus import Stimulus

ANSWER = "fit.json"
CHUNK = 12  # readings in a simulator process
NO_MANIFEST = "the manifest cannot be read; it could when intake took it"


@dataclass(frozen=True, slots=True)
class Search:
    """The manifest's text, all facts that could be searched, those that are, and their readings."""

    text: str
    known: tuple[Axis, ...]
    axes: tuple[Axis, ...]
    found: Readings

    @staticmethod
    def of(manifest: Path, facts: Sequence[str]) -> Search | None:
        """The search of a manifest; None when it cannot be read."""
        text = manifest.read_text(encoding="utf-8").replace("\r\n", "\n")
        contract, _ = read_manifest(text)
        if contract is None:
            return None
        known = axes(text, contract)
        asked = tuple(axis for axis in known if not facts or axis.fact in facts)
        return Search(text, known, asked, readings(text, contract, asked))

    def works(self, count: int) -> tuple[Work, ...]:
        """The first jobs."""
        return tuple(islice(works(self.found.readings[0].contract), count))


def listed(search: Search, out: Path, _arguments: Sequence[str]) -> None:
    """Write the readings and what to simulate."""
    made, found = search.found.readings, classes(search.found.readings)
    out.mkdir()
    files = chunks(found.first, CHUNK) if search.axes else ()
    for number, chunk in enumerate(files):
        (out / f"stimulus-{number}.bin").write_bytes(_stimulus(search, chunk, found.works))
    told = {
        "facts": [{"fact": axis.fact, "declared": axis.declared, "values": len(axis.choices)} for axis in search.axes],
        "known": [axis.fact for axis in search.known],
        "readings": [
            {"changes": {fact: choice.value for fact, choice in one.changes.items()}, "first": first}
            for one, first in zip(made, found.first, strict=True)
        ],
        "left_off": search.found.left_off,
        "chunks": files,
        "works": len(found.works),
    }
    (out / ANSWER).write_text(json.dumps(told))


def _stimulus(search: Search, numbers: Sequence[int], done: Sequence[Work]) -> bytes:
    made = [search.found.readings[number].contract for number in numbers]
    return joined([sent_by(contract, work) for contract in made for work in done]).pack()


def sent(search: Search, out: Path, arguments: Sequence[str]) -> None:
    """Write the stimulus of some readings."""
    out.write_bytes(_stimulus(search, _numbers(arguments[0]), search.works(int(arguments[1]))))


def judged(search: Search, out: Path, arguments: Sequence[str]) -> None:
    """Write what each reading of a chunk came to."""
    stimulus, record = (Path(name).read_bytes() for name in arguments[:2])
    numbers = _numbers(arguments[2])
    count = len(Stimulus.unpack(stimulus).job) // len(numbers)
    made = [search.found.readings[number] for number in numbers]
    try:
        found = answers(made, search.works(count), stimulus, record)
    except RecordError as error:
        out.write_text(json.dumps({"refused": {"rule": error.rule, "reason": str(error)}}))
        return
    rows = [
        {
            "number": number,
            "fits": one.fits,
            "beats": one.beats,
            "rule": one.fault.rule if one.fault else "",
            "args": dict(one.fault.args) if one.fault else {},
        }
        for number, one in zip(numbers, found, strict=True)
    ]
    out.write_text(json.dumps({"answers": rows}))


def chosen(search: Search, out: Path, arguments: Sequence[str]) -> None:
    """Write the one to take, if all that fit come to the same."""
    numbers, made = sorted(_numbers(arguments[0])), search.found.readings
    done = search.works(int(arguments[1]))
    same = all(alike(made[numbers[0]], made[other], done) for other in numbers[1:])
    text = written(search.text, made[numbers[0]]) if same and numbers[0] else None
    out.write_text(json.dumps({"alike": same, "chosen": numbers[0], "text": text}))


ACTIONS: Mapping[str, Callable[[Search, Path, Sequence[str]], None]] = {
    "list": listed,
    "send": sent,
    "judge": judged,
    "choose": chosen,
}


def _numbers(given: str) -> list[int]:
    return [int(number) for number in given.split(",")]


def main(argv: Sequence[str]) -> str:
    """Do one action; empty, or the reason why nothing was written."""
    cut = list(argv).index("--")
    action, manifest, out, *arguments = argv[:cut]
    search = Search.of(Path(manifest), argv[cut + 1 :])
    if search is None:
        return NO_MANIFEST
    ACTIONS[action](search, Path(out), arguments)
    return ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]) or 0)
