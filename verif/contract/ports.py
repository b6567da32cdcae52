"""Ports of the elaborated top module, as the gate reports them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Port:
    """One port of the top module: direction seen from the design, width in bits."""

    name: str
    dir: Literal["in", "out", "inout"]
    width: int


Ports = Mapping[str, Port]
