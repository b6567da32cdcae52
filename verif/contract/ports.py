"""Ports of the elaborated top module, as the gate reports them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Literal


@dataclass(frozen=True, slots=True)
class Port:
    """One port of the top module: direction seen from the design, width in bits over all elements.

    `dims`: unpacked dimensions as declared, (left, right), outermost first; empty for a packed port. A member of an
    interface port is named `instance.member`; `interface` is then the interface's type, and `header` says that the member
    stands in the interface's own port list. `element`: the kind of a bit of an unpacked array, as an array of the harness
    must have it to be connected: `logic` or `bit`, and `signed`.
    """

    name: str
    dir: Literal["in", "out", "inout"]
    width: int
    dims: tuple[tuple[int, int], ...] = ()
    interface: str = ""
    header: bool = False
    element: str = "logic"

    @property
    def instance(self) -> str:
        """The port that the design declares: the interface port of a member, the port itself otherwise."""
        return self.name.partition(".")[0]

    def elements(self) -> tuple[tuple[str, int], ...]:
        """Index text (`[1][0]`) and least significant bit of every element; lowest indices are least significant."""
        spans = [range(min(dim), max(dim) + 1) for dim in self.dims]
        bits = self.element_bits
        return tuple(("".join(f"[{i}]" for i in index), bits * n) for n, index in enumerate(product(*spans)))

    @property
    def element_bits(self) -> int:
        """Bits of one element; of the whole port when it is no unpacked array."""
        return self.width // prod(abs(left - right) + 1 for left, right in self.dims)


Ports = Mapping[str, Port]
