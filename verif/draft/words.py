"""Port names as words: `s_axis_a_tdata`, `inValid`, `data_gnt_i`, `io_in_bits_x` without marks of direction."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from verif.draft.model import Pin

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z][a-z])")
_MARKS = {"in": frozenset({"i", "in"}), "out": frozenset({"o", "out"}), "inout": frozenset()}
VALID = frozenset({"valid", "vld", "val", "tvalid", "vd"})
READY = frozenset({"ready", "rdy", "tready"})
REQUEST = frozenset({"req", "request"})
GRANT = frozenset({"gnt", "grant", "ack"})
REPLY = frozenset({"rvalid", "rvld"})
# What a pin of a channel without a name is called, and what stands before a channel's name (`data_a`).
LOOSE = frozenset(
    {"data", "last", "keep", "strb", "user", "id", "dest", "addr", "first", "sop", "eop", "we", "be", "wdata", "rdata"}
)
PAYLOAD = frozenset({"payload", "bits"})
# Layers that HLS tools put between a name and its role.
_FILLERS = frozenset({"ap"})

Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Mark:
    """A one-bit pin that may be part of a handshake: the words beside its role word."""

    pin: Pin
    role: str
    stem: Words


def words_of(name: str) -> Words:
    """Lower-case words; underscores and a capital after a small letter part them."""
    return tuple(word.lower() for part in name.split("_") for word in _CAMEL.split(part) if word)


def readings(pin: Pin) -> Iterator[Words]:
    """The words of a pin, without its mark of direction first: behind (`_i`, `_out`) or, one letter, in front (`i_`)."""
    words, marks = words_of(pin.name), _MARKS[pin.dir]
    if len(words) > 1 and words[-1] in marks:
        yield words[:-1]
    if len(words) > 1 and words[0] in marks and len(words[0]) == 1:
        yield words[1:]
    yield words


def plain_words(pin: Pin) -> Words:
    """The first reading."""
    return next(readings(pin))


def marks(pin: Pin) -> Iterator[Mark]:
    """What a pin may be in a handshake, the likeliest first."""
    if pin.width != 1 or pin.dir == "inout":
        return
    kinds = (("valid", VALID), ("ready", READY), ("request", REQUEST), ("grant", GRANT), ("reply", REPLY))
    for words in readings(pin):
        for role, known in kinds:
            for place in (len(words) - 1, 0):
                if words and words[place] in known:
                    rest = words[:place] + words[place + 1 :]
                    yield Mark(pin, role, rest[:-1] if len(rest) > 1 and rest[-1] in _FILLERS else rest)


def field_of(pin: Pin, stem: Words) -> str:
    """The name of a field in a channel of that stem, at least one letter; empty when the pin does not belong to it."""
    for words in readings(pin):
        for rest in _without(words, stem):
            name = "_".join(rest[1:] if rest and rest[0] in PAYLOAD and len(rest) > 1 else rest)
            return name or "data"
    return ""


def _without(words: Words, stem: Words) -> Iterator[Words]:
    """What is left of `words` before or behind the stem."""
    if words[: len(stem)] == stem:
        yield words[len(stem) :]
    elif stem and words[-len(stem) :] == stem and words[0] in LOOSE:
        yield words[: -len(stem)]
