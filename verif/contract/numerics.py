"""What [numerics] declares, as values: how sums of floats are added, and how near a result must come."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from verif.contract.model import Contract, Text
from verif.contract.nodes import ExprError, Node
from verif.contract.scope import moved
from verif.contract.syntax import parse_body

MAX_ENTRIES = 4096
MAX_VALUE = (1 << 63) - 1
MAX_TREE = 1024
MAX_UNITS = 1 << 20
_ORDER = re.compile(r"sequential|any|tree\((\d{1,4})\)")
_TOLERANCE = re.compile(r"\s*(?:(lsb|ulp)\(\s*(\d{1,7})\s*\)|bound\((.+)\))\s*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Tolerance:
    """`lsb` or `ulp` with a count, or `bound` with an expression over the tensor's indices and everything it may read."""

    how: str
    units: int = 0
    bound: Node | None = None


@dataclass(frozen=True, slots=True)
class Numerics:
    """[numerics] with its defaults. `order` 0 is any, 1 sequential, n a tree; `requantize` as it was read, by key."""

    bits: int = 32
    overflow: str = "wrap"
    bias: str = "last"
    type: str = "f32"
    order: int = 1
    flush: bool = False
    requantize: Mapping[str, Any] = field(default_factory=dict)
    pad: Text | None = None
    any_nan: bool = False
    tolerance: Mapping[str, Text] = field(default_factory=dict)


def numerics_of(contract: Contract) -> Numerics:
    """The contract's numerics; defaults when it declares none."""
    found: Mapping[str, Any] = contract.optional.get("numerics", {})
    accumulator = dict(found.get("accumulator") or {})
    order = parse_order(accumulator.pop("order", "sequential"))
    return Numerics(
        **accumulator,
        order=1 if order is None else order,
        requantize=found.get("requantize") or {},
        pad=found.get("pad"),
        any_nan=found.get("nan") == "any",
        tolerance=found.get("tolerance", {}),
    )


def parse_order(text: str) -> int | None:
    """0 for any, 1 for sequential, n for tree(n); None for anything else."""
    match = _ORDER.fullmatch(text)
    if not match:
        return None
    if match[1] is None:
        return int(text == "sequential")
    return int(match[1]) if 2 <= int(match[1]) <= MAX_TREE else None  # noqa: PLR2004  a tree has two leaves


def parse_tolerance(text: str) -> Tolerance:
    """The tolerance that a text states; raises ExprError."""
    match = _TOLERANCE.fullmatch(text)
    if not match or int(match[2] or 0) > MAX_UNITS:
        raise ExprError("syntax", (0, max(1, len(text))), detail="lsb(n), ulp(n) or bound(expression)")
    if match[1]:
        return Tolerance(match[1], int(match[2]))
    try:
        return Tolerance("bound", bound=parse_body(match[3]))
    except ExprError as error:
        raise moved(error, match.start(3)) from None


def arithmetic_order(form: str, numerics: Numerics) -> tuple[str, int]:
    """Format and order of a line that assigns to a tensor of `form`: doubles are added as they come."""
    return ("f64", 1) if form == "f64" else (numerics.type, numerics.order)
