"""The one catalogue of texts that people read, English and Korean side by side.

`<area>.toml` holds rules: what happened, what was expected, what to do next. `words_<place>.toml` holds labels. Every text
is written twice, never joined by a machine. Values may be hostile: they fill placeholders and are never read again.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

LANGUAGES = ("en", "ko")
_PARTS = ("title", "what", "expected", "next")
_UNKNOWN = "P-000"


@dataclass(frozen=True, slots=True)
class Message:
    """One rule in one language, filled in: a short title, what happened, what was expected, what to do next."""

    rule: str
    title: str
    what: str
    expected: str
    next: str


class _Values(dict[str, str]):
    """Placeholders without a value stay visible instead of raising in front of a user."""

    def __missing__(self, key: str) -> str:
        return f"<{key}>"


def message(rule: str, values: Mapping[str, str], lang: str) -> Message:
    """The message of `rule` in `lang` (en or ko); a rule that the catalogue lacks is said to be one."""
    entry = rules().get(rule)
    if entry is None:
        entry, values = rules()[_UNKNOWN], {"rule": rule}
    filled = _Values(values)
    return Message(rule, *(entry[part][lang].format_map(filled) for part in _PARTS))


def text(key: str, lang: str, /, **values: object) -> str:
    """The label or sentence `key` in `lang`; raises KeyError for one that does not exist, which tests exclude."""
    return words()[key][lang].format_map(_Values({name: str(value) for name, value in values.items()}))


@cache
def rules() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    """Rule id -> part -> language -> template."""
    return _read(lambda name: not name.startswith("words_"))


@cache
def words() -> Mapping[str, Mapping[str, str]]:
    """Key -> language -> template."""
    return _read(lambda name: name.startswith("words_"))


def _read(wanted: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for path in sorted(resources.files("pipeline.messages").iterdir(), key=lambda path: path.name):
        if path.name.endswith(".toml") and wanted(path.name):
            entries = tomllib.loads(path.read_text(encoding="utf-8"))
            twice = set(found) & set(entries)
            if twice:
                raise ValueError(f"{path.name}: written twice: {', '.join(sorted(twice))}")
            found |= entries
    return found
