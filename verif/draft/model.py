"""What is learnt of a design before anybody has said a word about it, as frozen values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

Dir = Literal["in", "out", "inout"]
MOST_FAULTS = 20
_FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}(?:/[A-Za-z0-9_][A-Za-z0-9_.-]{0,99})*")


@dataclass(frozen=True, slots=True)
class Fault:
    """Why nothing can be written: a rule, its values, and a place when there is one (line 0: the whole file)."""

    rule: str
    args: Mapping[str, str]
    file: str = ""
    line: int = 0
    column: int = 0


class DraftError(Exception):
    """No manifest can be drafted; `faults` say why, the first ones only."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)[:MOST_FAULTS]
        super().__init__(self.faults[0].rule if self.faults else "")


def refuse(rule: str, file: str = "", line: int = 0, **args: object) -> DraftError:
    """The error with one fault."""
    return DraftError([Fault(rule, {name: str(value)[:200] for name, value in args.items()}, file, line)])


def checked_file(name: str) -> str:
    """A file's path inside the folder that a manifest can name; N-106 for any other."""
    if not _FILE.fullmatch(name):
        raise refuse("N-106", name=name)
    return name


@dataclass(frozen=True, slots=True)
class Sources:
    """What is to be read: paths relative to the folder, in compile order. `ordered`: somebody stated that order."""

    files: tuple[str, ...]
    include_dirs: tuple[str, ...] = ()
    defines: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, int] = field(default_factory=dict)
    top: str = ""
    ordered: bool = False


@dataclass(frozen=True, slots=True)
class Pin:
    """One signal of the top module as a manifest names it: `port`, `port[*]` or `instance.member`; width in bits.

    `name` is what its words are read from. `lane` is the width of one element as the declaration gives it, 0 when it says
    nothing; `signed` is what the declaration says.
    """

    signal: str
    name: str
    dir: Dir
    width: int
    signed: bool = False
    lane: int = 0


@dataclass(frozen=True, slots=True)
class Reset:
    """A reset input as the RTL uses it; `sure` is False where only its name tells."""

    pin: str
    active: int
    asynchronous: bool
    sure: bool = True


@dataclass(frozen=True, slots=True)
class Rtl:
    """The elaborated top module. `tops`: every module that nobody instantiates; `remarks`: what the elaborator minds."""

    top: str
    tops: tuple[str, ...]
    sources: Sources
    pins: tuple[Pin, ...]
    parameters: Mapping[str, int]
    unwritable: tuple[str, ...]
    clocks: tuple[str, ...]
    resets: tuple[Reset, ...]
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Channel:
    """Pins that move together: `fields` name -> pin, in the order of the ports."""

    id: str
    dir: Literal["in", "out"]
    handshake: Literal["ready_valid", "valid", "fixed", "request_grant"]
    valid: str
    ready: str
    fields: Mapping[str, Pin]
    stream: bool = False
    roles: Mapping[str, str] = field(default_factory=dict)

    @property
    def data(self) -> Mapping[str, Pin]:
        """The fields that carry elements: all but marks of the protocol."""
        marks = {"last", "keep", "strb"}
        return {name: pin for name, pin in self.fields.items() if name not in marks}


@dataclass(frozen=True, slots=True)
class Bus:
    """A register or memory bus that was recognised: its kind, its side and its pins."""

    kind: str
    role: Literal["slave", "master"]
    prefix: str
    pins: tuple[Pin, ...]


@dataclass(frozen=True, slots=True)
class Grouped:
    """Every pin but clocks and resets, by what it is for."""

    channels: tuple[Channel, ...]
    buses: tuple[Bus, ...]
    events: tuple[Pin, ...]
    ties: tuple[Pin, ...]
    starts: tuple[Pin, ...]
    configuration: tuple[Pin, ...]
    unobserved: tuple[Pin, ...]
