"""The lines of a manifest before they have a language: text, questions by key, and proposals that wait for an answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Line:
    """One line. `kind`: text, note (a comment with a key), ask (a question with a key) or propose (a line to accept)."""

    kind: str
    text: str = ""
    key: str = ""
    number: int = 0
    args: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """As an object, without what is empty."""
        found = {"kind": self.kind, "text": self.text, "key": self.key, "number": self.number, "args": dict(self.args)}
        return {name: value for name, value in found.items() if value or name == "kind"}


class Page:
    """Collects lines; questions are numbered in the order of the page."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.numbers: dict[str, int] = {}

    def put(self, *texts: str) -> None:
        """Lines that hold without an answer."""
        self.lines += [Line("text", text) for text in texts]

    def note(self, key: str, **args: str) -> None:
        """A remark."""
        self.lines.append(Line("note", key=key, args=args))

    def ask(self, key: str, *proposals: str, about: str = "", **args: str) -> None:
        """A question, once for each `key` and `about`, and below it lines that answer it as proposed."""
        name = f"{key} {about}"
        if name not in self.numbers:
            self.numbers[name] = len(self.numbers) + 1
            self.lines.append(Line("ask", key=key, number=self.numbers[name], args=args))
        self.lines += [Line("propose", text, number=self.numbers[name]) for text in proposals]

    def propose(self, *texts: str) -> None:
        """Lines that belong to what was asked before."""
        self.lines += [Line("propose", text) for text in texts]


def quoted(text: str) -> str:
    """A TOML basic string."""
    return json.dumps(text, ensure_ascii=True)


def listed(texts: tuple[str, ...]) -> str:
    """A TOML array of strings."""
    return "[" + ", ".join(map(quoted, texts)) + "]"


def table(values: Mapping[str, str]) -> str:
    """A TOML inline table; the values are TOML already, keys are quoted where they must be."""
    inner = ", ".join(
        f"{name if name.isidentifier() and name.isascii() else quoted(name)} = {text}" for name, text in values.items()
    )
    return f"{{ {inner} }}" if inner else "{}"
