"""The first failure of a run, taken apart: run alone, shrunk to the operations it takes, and the cycles that show it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any, Literal, TypeVar, get_args

from verif.judge.fault import Divergence

Kind = Literal["clock", "reset", "valid", "ready", "bit", "bus"]
MOST_CYCLES, MOST_SIGNALS, MOST_JOBS = 16, 32, 10_000
_NAME, _VALUE, _NUMBER = 120, 64, 1 << 64
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Signal:
    """One signal over the window's cycles: hex digits as they were just before each clock edge, x where unknown.

    A clock has no values. `cut`: higher digits are left out. `expected`: what should have been there, empty where it was or
    where nothing was expected; no entries at all where nothing is known.
    """

    name: str
    kind: Kind
    values: tuple[str, ...]
    expected: tuple[str, ...] = ()
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Window:
    """Cycles around a failure, on one channel. `cycle` is the one that shows it, or with `hang` the last one with a beat.

    `operations` and `beats` number what crossed the channel in each cycle, None where nothing did that was planned.
    """

    channel: str
    cycle: int
    hang: bool
    cycles: tuple[int, ...]
    operations: tuple[int | None, ...]
    beats: tuple[int | None, ...]
    signals: tuple[Signal, ...]

    @staticmethod
    def from_json(raw: Mapping[str, Any]) -> Window:
        """A window of hostile JSON; raises ValueError, KeyError or TypeError unless it is whole and within its bounds."""
        cycles = tuple(_number(cycle) for cycle in raw["cycles"])
        if not 0 < len(cycles) <= MOST_CYCLES or len(raw["signals"]) > MOST_SIGNALS:
            raise ValueError("too many cycles or signals, or none")
        window = Window(
            channel=_text(raw["channel"], _NAME),
            cycle=_number(raw["cycle"]),
            hang=bool(raw["hang"]),
            cycles=cycles,
            operations=_row(raw["operations"], len(cycles), _number_or_none),
            beats=_row(raw["beats"], len(cycles), _number_or_none),
            signals=tuple(_signal(signal, len(cycles)) for signal in raw["signals"]),
        )
        if window.cycle not in cycles or any(a >= b for a, b in pairwise(cycles)):
            raise ValueError("cycles out of order, or without the one that counts")
        return window


@dataclass(frozen=True, slots=True)
class Isolated:
    """What was learned of the finding whose id is `finding`.

    `alone`: the job fails by itself; otherwise only after the jobs of `prefix`, (testpoint, seed), ran before it. `ops`: the
    operations that it takes, empty for all `of_ops`; `minimal`: it takes every one of them. `divergence` and `window` come
    from that smallest run, whose clock cycles are counted from its own beginning.
    """

    finding: str
    rule: str
    testpoint: str
    seed: int
    alone: bool
    prefix: tuple[tuple[str, int], ...]
    ops: tuple[int, ...]
    of_ops: int
    minimal: bool
    trials: int
    divergence: Divergence | None = None
    window: Window | None = None

    def to_json(self) -> dict[str, Any]:
        """A JSON object; `from_json` reads it back."""
        return asdict(self)

    @staticmethod
    def from_json(raw: Mapping[str, Any]) -> Isolated:
        """The value that `to_json` wrote; raises ValueError, KeyError or TypeError on anything else."""
        if len(raw["prefix"]) > MOST_JOBS or len(raw["ops"]) > MOST_JOBS:
            raise ValueError("too many jobs or operations")
        return Isolated(
            finding=_text(raw["finding"], _NAME),
            rule=_text(raw["rule"], _NAME),
            testpoint=_text(raw["testpoint"], _NAME),
            seed=_number(raw["seed"]),
            alone=bool(raw["alone"]),
            prefix=tuple((_text(testpoint, _NAME), _number(seed)) for testpoint, seed in raw["prefix"]),
            ops=tuple(_number(op) for op in raw["ops"]),
            of_ops=_number(raw["of_ops"]),
            minimal=bool(raw["minimal"]),
            trials=_number(raw["trials"]),
            divergence=Divergence(**raw["divergence"]) if raw["divergence"] else None,
            window=Window.from_json(raw["window"]) if raw["window"] else None,
        )


def _signal(raw: Mapping[str, Any], length: int) -> Signal:
    kind = raw["kind"]
    if kind not in get_args(Kind):
        raise ValueError("a signal of no kind")
    values = _row(raw["values"], 0 if kind == "clock" else length, _value)
    expected = raw.get("expected") or ()
    return Signal(
        _text(raw["name"], _NAME), kind, values, _row(expected, length if expected else 0, _value), bool(raw.get("cut"))
    )


def _row(raw: Any, length: int, read: Callable[[Any], _T]) -> tuple[_T, ...]:
    found = tuple(read(item) for item in raw)
    if len(found) != length:
        raise ValueError("a row of another length")
    return found


def _value(raw: Any) -> str:
    if not isinstance(raw, str) or len(raw) > _VALUE or set(raw) - set("0123456789abcdefx"):
        raise ValueError("a value that is not hex")
    return raw


def _number(raw: Any) -> int:
    if not isinstance(raw, int) or isinstance(raw, bool) or not 0 <= raw < _NUMBER:
        raise ValueError("a number that is none")
    return raw


def _number_or_none(raw: Any) -> int | None:
    return None if raw is None else _number(raw)


def _text(raw: Any, most: int) -> str:
    if not isinstance(raw, str) or len(raw) > most or not raw.isprintable():
        raise ValueError("a text that is none")
    return raw
