"""Where expected and observed first part: the place, both values in every notation, and how many beats are wrong."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.messages import text
from pipeline.reports.figures import BAR, Bits, bar, bit_lanes
from pipeline.reports.units import count, percent
from pipeline.reports.visible import short
from verif.judge.fault import Divergence

_MOST_VARIABLES = 16
_WIDEST = 100  # characters of one notation


@dataclass(frozen=True, slots=True)
class Notation:
    """One value: decimal, hex, and binary in groups of four."""

    decimal: str
    hex: str
    binary: str


@dataclass(frozen=True, slots=True)
class Apart:
    """A first divergence. `differs` holds the difference, and the bits that differ as ones; `beats_width` is a bar's."""

    operation: str
    kind: str
    variables: tuple[tuple[str, str], ...]
    channel: str
    beat: str
    lane: str
    element: str
    cycle: str
    expected: Notation
    observed: Notation
    differs: Notation
    bits: Bits | None
    bits_sentence: str
    beats_sentence: str
    beats_width: float
    beats_whole: float


def apart(found: Divergence, lang: str) -> Apart:
    """Everything there is to say of a divergence."""
    width = max(1, found.bits, found.expected.bit_length(), found.observed.bit_length())
    expected, observed = (_notation(value, width) for value in (found.expected, found.observed))
    mask = (found.expected ^ found.observed) & ((1 << width) - 1)
    differs = _notation(mask, width)
    return Apart(
        operation=count(found.operation),
        kind=short(found.operation_kind, 40),
        variables=tuple(
            (short(name, 24), short(count(value), 40)) for name, value in list(found.variables.items())[:_MOST_VARIABLES]
        ),
        channel=short(found.channel, 40),
        beat=count(found.beat),
        lane=count(found.lane),
        element=short(found.element, 40),
        cycle=count(found.cycle),
        expected=expected,
        observed=observed,
        differs=Notation(short(_signed(found.observed - found.expected), _WIDEST), differs.hex, differs.binary),
        bits=bit_lanes(_binary(found.expected, width), _binary(found.observed, width)),
        bits_sentence=_bits_sentence(mask, width, lang),
        beats_sentence=_beats_sentence(found, lang),
        beats_width=bar(found.wrong_beats, found.compared_beats),
        beats_whole=float(BAR),
    )


def one_line(found: Divergence, lang: str) -> str:
    """Element, beat, cycle, expected and observed."""
    return text(
        "report_divergence_line",
        lang,
        channel=short(found.channel, 40),
        element=short(found.element, 40),
        beat=count(found.beat),
        cycle=count(found.cycle),
        expected=short(count(found.expected), _WIDEST),
        observed=short(count(found.observed), _WIDEST),
    )


def _signed(value: int) -> str:
    return f"+{count(value)}" if value > 0 else count(value)


def _notation(value: int, width: int) -> Notation:
    digits = _binary(value, width)
    padded = digits.rjust(-(-width // 4) * 4)
    groups = (padded[at : at + 4].strip() for at in range(0, len(padded), 4))
    hexadecimal = f"0x{value & ((1 << width) - 1):0{-(-width // 4)}x}"
    return Notation(short(count(value), _WIDEST), short(hexadecimal, _WIDEST), short(" ".join(groups), _WIDEST))


def _binary(value: int, width: int) -> str:
    return f"{value & ((1 << width) - 1):0{width}b}"


def _bits_sentence(mask: int, width: int, lang: str) -> str:
    wrong = [str(place) for place in range(width - 1, -1, -1) if mask >> place & 1]
    return text("report_bits_sentence", lang, wrong=len(wrong), width=width, names=", ".join(wrong[:64]))


def _beats_sentence(found: Divergence, lang: str) -> str:
    share = percent(100 * found.wrong_beats / found.compared_beats) if found.compared_beats else "\u2013"
    wrong, compared = count(found.wrong_beats), count(found.compared_beats)
    return text("report_beats_sentence", lang, wrong=wrong, compared=compared, share=share)
