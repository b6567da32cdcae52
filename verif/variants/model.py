"""A near-miss reading of a contract: the contract with one clause changed, and words that say which."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from verif.contract.model import Contract

Kind = Literal["output", "math", "input", "timing"]


@dataclass(frozen=True, slots=True)
class Variant:
    """`contract` is the base contract with one clause changed; everything else in it is the base's.

    `kind`: output (an output stream), math (a math line), input (how input beats are read), timing (steps, events, delays:
    only a simulation tells). `operation` is the index of the changed operation. `word` names the catalogue's sentence that
    `args` fill. `part` is the changed math line or stream. `equal`: it follows from types and ranges alone that no legal
    operation tells the variant from the base.
    """

    id: str
    kind: Kind
    operation: int
    word: str
    args: Mapping[str, str]
    contract: Contract
    part: int = 0
    equal: bool = False

    def to_json(self) -> dict[str, Any]:
        """What a report needs to say it in words: id, word, args."""
        return {"id": self.id, "word": self.word, "args": dict(self.args)}


@dataclass(frozen=True, slots=True)
class Readings:
    """Variants of one contract; `cut` more of them were left out."""

    variants: tuple[Variant, ...]
    cut: int = 0
