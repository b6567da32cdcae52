"""All single-edit variants of a contract, in a fixed order and a bounded number."""

from __future__ import annotations

from collections import Counter
from itertools import chain, zip_longest

from verif.contract.model import Contract
from verif.variants.math import math_drafts
from verif.variants.model import Readings, Variant
from verif.variants.streams import stream_drafts
from verif.variants.timing import timing_drafts

MOST = 200
"""Variants of one contract. Beyond it the last ones of each operation are left out, and counted."""


def variants(contract: Contract) -> tuple[Variant, ...]:
    """At most `MOST` variants of a contract that was checked; the same contract gives the same ones."""
    return readings(contract).variants


def readings(contract: Contract) -> Readings:
    """The variants, and how many were cut off; every operation keeps its share."""
    each = [_of(contract, number) for number in range(len(contract.operations))]
    turns = [one for one in chain.from_iterable(zip_longest(*each)) if one is not None]
    kept = {one.id for one in turns[:MOST]}
    ordered = tuple(one for one in chain.from_iterable(each) if one.id in kept)
    return Readings(ordered, max(0, len(turns) - MOST))


def _of(contract: Contract, number: int) -> list[Variant]:
    operation, seen = contract.operations[number], Counter[str]()
    made = []
    for draft in chain(
        math_drafts(contract, operation), stream_drafts(contract, operation), timing_drafts(contract, operation)
    ):
        seen[draft.key] += 1
        made.append(draft.of(contract, number, seen[draft.key]))
    return made
