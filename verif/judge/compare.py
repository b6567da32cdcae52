"""Whole channels compared at once; the first difference is named down to the element and the bit."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from verif.contract.model import Channel, Contract
from verif.contract.pack import Element, field_values, locate
from verif.judge.fault import Divergence, Fault
from verif.judge.observed import Trace
from verif.judge.pairing import pairing
from verif.judge.predict import Expected, Segment
from verif.judge.tolerance import forgiven


def compare(contract: Contract, channel: Channel, expected: Expected, trace: Trace) -> Iterator[Fault]:
    """Faults of the data on an output channel: the first wrong beat (J-002, J-004 for TLAST), beats too many (J-003)."""
    pairs = pairing(contract, channel, expected, trace)
    compared = len(pairs.expected)
    differs = (expected.words[pairs.expected] ^ trace.words[pairs.observed]) & expected.care[pairs.expected]
    differs &= ~forgiven(expected, pairs, trace)
    wrong = np.flatnonzero(differs.any(axis=1))
    if wrong.size:
        pair = int(wrong[0])
        beats = int(pairs.expected[pair]), int(pairs.observed[pair])
        yield _wrong(contract, channel, expected, trace, beats, _lowest_bit(differs[pair]), len(wrong), compared)
    if trace.count > expected.count:
        cycle = int(trace.cycles[pairs.first_extra])
        extra = trace.count - expected.count
        yield Fault(
            "J-003", {"channel": channel.id, "planned": str(expected.count), "extra": str(extra), "cycle": str(cycle)}
        )


def _lowest_bit(words: NDArray[np.uint32]) -> int:
    word = int(np.flatnonzero(words)[0])
    value = int(words[word])
    return 32 * word + (value & -value).bit_length() - 1


def _wrong(
    contract: Contract,
    channel: Channel,
    expected: Expected,
    trace: Trace,
    beats: tuple[int, int],
    bit: int,
    wrong: int,
    compared: int,
) -> Fault:
    """The fault of one pair, (expected beat, observed beat)."""
    beat, seen = beats
    segment = next(s for s in reversed(expected.segments) if s.first <= beat)
    inside = beat - segment.first
    variables = dict(segment.values.variables)
    element = locate(contract, segment.kind, segment.stream, variables, inside, bit)
    if element is None:  # a packed beat has no bit that its own layout does not know
        raise IndexError(f"bit {bit} of beat {inside} on {channel.id}")
    divergence = Divergence(
        operation=segment.operation,
        operation_kind=segment.kind.id,
        variables=variables,
        channel=channel.id,
        beat=segment.offset + inside,
        lane=element.lane,
        element=element.label,
        expected=_value(element, expected.words[beat : beat + 1]),
        observed=_value(element, trace.words[seen : seen + 1]),
        bits=element.bits,
        cycle=int(trace.cycles[seen]),
        wrong_beats=wrong,
        compared_beats=compared,
    )
    rule = "J-004" if element.field == channel.roles.get("last") else "J-002"
    return Fault(rule, _words(divergence, segment), divergence)


def _value(element: Element, words: NDArray[np.uint32]) -> int:
    value = int(field_values(words, element.lsb, element.bits)[0])
    return value - (1 << element.bits) if element.signed and value >> (element.bits - 1) else value


def _words(divergence: Divergence, segment: Segment) -> dict[str, str]:
    return {
        "channel": divergence.channel,
        "element": divergence.element,
        "expected": str(divergence.expected),
        "observed": str(divergence.observed),
        "operation": str(divergence.operation),
        "kind": divergence.operation_kind,
        "variables": ", ".join(f"{name}={value}" for name, value in segment.values.variables.items()),
        "beat": str(divergence.beat),
        "lane": str(divergence.lane),
        "cycle": str(divergence.cycle),
        "wrong": str(divergence.wrong_beats),
        "compared": str(divergence.compared_beats),
    }
