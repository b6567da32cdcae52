"""Reads tables by a schema: every unknown, missing or ill-typed key is one diagnostic; reading never stops at the first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from verif.contract import faults
from verif.contract.diagnostic import Diagnostic
from verif.contract.model import Span, Text
from verif.contract.nodes import ExprError, near
from verif.contract.places import Path
from verif.contract.source import Source

MAX_ITEMS = 4096
_TYPES = {str: "a string", bool: "true or false", int: "an integer", float: "a number", list: "a list", dict: "a table"}


@dataclass(frozen=True, slots=True)
class Key:
    """How one key is read. `later` names the construct when this release has the key but not what it does."""

    convert: Convert
    required: bool = False
    default: Any = None
    later: str = ""


class Reader:
    """Collects diagnostics while converters turn raw values into contract values."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.diagnostics: list[Diagnostic] = []

    def report(self, rule: str, span: Span, **args: str) -> None:
        """Add one error."""
        self.diagnostics.append(faults.diagnostic(rule, span, **args))  # type: ignore[arg-type]  # keywords are arguments only

    def wrong(self, path: Path, raw: object, expected: str) -> None:
        """Report a value of a wrong type or form."""
        got = _TYPES.get(type(raw), "a date") if not isinstance(raw, str) else f"'{raw}'"
        self.report("E-MAN-012", self.source.place(path), key=_label(path), expected=expected, got=got)

    def later(self, path: Path, construct: str) -> None:
        """Report a construct of the grammar that this release does not implement."""
        self.report("E-MAN-017", self.source.key(path), construct=construct)

    def text(self, path: Path, value: str) -> Text:
        """A source text with its place."""
        return Text(value, self.source.place(path))

    def guarded(self, text: Text, check: Callable[[str], object]) -> None:
        """Run a parser over `text` and report what it refuses."""
        try:
            check(text.value)
        except ExprError as error:
            self.diagnostics.append(faults.expression(error, text))

    def table(self, path: Path, raw: object, keys: Mapping[str, Key], section: str) -> dict[str, Any]:
        """The table's values by key, defaults filled in; every problem is reported."""
        if not isinstance(raw, dict):
            self.wrong(path, raw, "a table")
            return {name: key.default for name, key in keys.items()}
        for name in raw:
            if name not in keys:
                self.unknown((*path, name), name, keys, section)
        return {name: self._value((*path, name), raw, name, key, section) for name, key in keys.items()}

    def unknown(self, path: Path, name: str, keys: Mapping[str, object], section: str) -> None:
        """Report a key that the section does not have."""
        diagnostic = faults.pair(
            ("E-MAN-014", "E-MAN-015"), self.source.key(path), near(name, keys),
            key=name, section=section, expected=", ".join(keys),
        )  # fmt: skip
        self.diagnostics.append(diagnostic)

    def _value(self, path: Path, raw: dict[str, Any], name: str, key: Key, section: str) -> Any:
        if name not in raw:
            if key.required:
                self.report("E-MAN-011", self.source.key(path[:-1]), key=name, section=section)
            return key.default
        if key.later:
            self.later(path, key.later)
        return key.convert(self, path, raw[name])


Convert = Callable[[Reader, Path, Any], Any]


def _label(path: Path) -> str:
    return ".".join(str(part) for part in path)
