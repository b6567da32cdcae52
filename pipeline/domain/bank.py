"""The planted-bug bank: one exact source edit per bug, and the testpoint that is expected to catch it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PlantedBug:
    """`find` occurs exactly once in `file` and is replaced by `replace`; `expect` was written before the first run."""

    id: str
    kind: str
    title: str
    file: str
    find: str
    replace: str
    expect: str
    rare: bool
    why: str
    source: str = ""


def read_bank(text: str) -> tuple[PlantedBug, ...]:
    """The bugs of a bank file (`[[bug]]` tables), in order; raises ValueError or KeyError when an entry is not whole."""
    bugs = tuple(
        PlantedBug(
            id=raw["id"],
            kind=raw["class"],
            title=raw["title"],
            file=raw["file"],
            find=raw["find"],
            replace=raw["replace"],
            expect=raw["expect"],
            rare=raw["rare"],
            why=raw["why"],
            source=raw.get("source", ""),
        )
        for raw in tomllib.loads(text)["bug"]
    )
    if len({bug.id for bug in bugs}) != len(bugs):
        raise ValueError("two planted bugs share an id")
    return bugs


def plant(files: Mapping[str, bytes], bug: PlantedBug) -> dict[str, bytes]:
    """A copy of the tree with the bug in it; raises ValueError unless the edit applies at exactly one place."""
    count = files[bug.file].count(bug.find.encode())
    if count != 1 or bug.find == bug.replace:
        raise ValueError(f"{bug.id}: the text to replace stands {count} times in {bug.file}, expected once")
    return dict(files) | {bug.file: files[bug.file].replace(bug.find.encode(), bug.replace.encode())}
