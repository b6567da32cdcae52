"""The readings of a manifest that are tried: combinations of other values, those nearest to what it says first."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod

from verif.contract.model import Contract
from verif.contract.places import Range
from verif.contract.read import read_manifest
from verif.fit.axes import Axis, Choice

MOST = 99
"""Readings of one manifest, the one that it states among them."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A manifest with some facts changed: fact -> the value chosen. The first reading changes none."""

    changes: Mapping[str, Choice]
    text: str
    contract: Contract


@dataclass(frozen=True, slots=True)
class Readings:
    """The readings in the order in which they are preferred; `left_off` combinations more were not looked at."""

    readings: tuple[Reading, ...]
    left_off: int


def readings(text: str, contract: Contract, found: Sequence[Axis], most: int = MOST) -> Readings:
    """At most `most` readings of `text`, which states `contract`; the same arguments give the same ones."""
    made = [Reading({}, text, contract)]
    looked = 1
    for chosen in _combinations(found):
        if len(made) == most:
            break
        looked += 1
        edited = apply(text, [edit for choice in chosen.values() for edit in choice.edits])
        read, _ = read_manifest(edited)
        if read is not None:
            made.append(Reading(chosen, edited, read))
    return Readings(tuple(made), prod(len(axis.choices) + 1 for axis in found) - looked)


def apply(text: str, edits: Sequence[tuple[Range, str]]) -> str:
    """The text with every edit made; edits do not overlap."""
    for (start, stop), put in sorted(edits, reverse=True):
        text = text[:start] + put + text[stop:]
    return text


def _combinations(found: Sequence[Axis]) -> Iterator[Mapping[str, Choice]]:
    """All but the declared one, by the sum of their costs, then by how few facts they change."""
    start = (0,) * len(found)
    waiting, seen = [(0, 0, start)], {start}
    while waiting:
        _, _, places = heapq.heappop(waiting)
        chosen = {axis.fact: axis.choices[at - 1] for axis, at in zip(found, places, strict=True) if at}
        if chosen:
            yield chosen
        for number, axis in enumerate(found):
            following = (*places[:number], places[number] + 1, *places[number + 1 :])
            if following[number] <= len(axis.choices) and following not in seen:
                seen.add(following)
                heapq.heappush(waiting, (_cost(found, following), sum(map(bool, following)), following))


def _cost(found: Sequence[Axis], places: tuple[int, ...]) -> int:
    return sum(axis.choices[at - 1].cost for axis, at in zip(found, places, strict=True) if at)
