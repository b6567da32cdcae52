"""Checks of the optional sections that state figures: claims are positive numbers, timing expressions use known names."""

from __future__ import annotations

import math
from collections.abc import Iterator

from verif.contract import faults
from verif.contract.check_operation import expression_names
from verif.contract.diagnostic import Diagnostic
from verif.contract.model import Contract, Span, Text

_PERCENT = 100


def check_claims(contract: Contract) -> Iterator[Diagnostic]:
    """Everything wrong in [claims] and [timing]."""
    for key, value in contract.optional.get("claims", {}).items():
        if value is None:
            continue
        figures = value if key == "utilisation" and isinstance(value, dict) else {key: value}
        most = _PERCENT if key == "utilisation" else math.inf
        for name, figure in figures.items():
            if not _positive(figure, most):
                path = f"claims.{key}" if name == key else f"claims.{key}.{name}"
                place = contract.places.get(path, Span(1, 1))
                yield faults.diagnostic("E-MAN-074", place, claim=name, value=figure)
    known = {f"param.{name}" for name in contract.design.parameters} | set(contract.lets)
    known |= {name for operation in contract.operations for name in operation.vars}
    for text in contract.optional.get("timing", {}).values():
        if isinstance(text, Text):
            yield from expression_names(text, known)


def _positive(figure: object, most: float) -> bool:
    return isinstance(figure, int | float) and not isinstance(figure, bool) and 0 < figure <= most
