"""What is wrong with a manifest, as data: rule id, place, and the values a message needs. Texts live in the catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from verif.contract.model import Span


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One thing wrong at one place; `args` fills the catalogue's message for `rule`. A note never refuses a manifest."""

    rule: str
    span: Span
    args: Mapping[str, str] = field(default_factory=dict)
    severity: Literal["error", "note"] = "error"
