"""The catalogue is whole: every rule that occurs has its texts, in both languages, and no text is left over."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from pipeline.messages import LANGUAGES, message, rules, words

ROOT = Path(__file__).resolve().parents[2]
RULE = re.compile(r"[A-Z](-[A-Z]{3})?-\d{3}")
PARTS = ("title", "what", "expected", "next")
CALLED = {"text", "UsageError", "NotFoundError", "InfrastructureError", "BlobError", "BrokerUnavailable", "LeaseLost"}
FREE = ("P-000",)  # what is said of a rule without texts


@cache
def sources() -> tuple[ast.AST, ...]:
    files = sorted(path for package in ("pipeline", "verif") for path in (ROOT / package).rglob("*.py"))
    return tuple(ast.parse(path.read_text()) for path in files)


def literals() -> Iterator[str]:
    for tree in sources():
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value
    yield from template_keys()


def template_keys() -> Iterator[str]:
    """Keys that the report's templates ask for."""
    for path in sorted((ROOT / "pipeline").rglob("templates/*.html")):
        yield from re.findall(r"\bt\(\"([a-z0-9_]+)\"", path.read_text())


@cache
def used_rules() -> frozenset[str]:
    return frozenset(text for text in literals() if RULE.fullmatch(text))


@cache
def used_keys() -> tuple[frozenset[str], frozenset[str]]:
    """Keys of words that occur as literals, and beginnings of those that are put together (`cli_option_{name}`)."""
    whole = frozenset(text for text in literals() if text in words())
    begun: set[str] = set()
    for tree in sources():
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
                begun.add(str(node.values[0].value))
    return whole, frozenset(start for start in begun if re.fullmatch(r"[a-z]+_[a-z_]*_", start))


def asked_keys() -> Iterator[str]:
    """First arguments of calls of `text(...)` that are literals, and what templates ask for."""
    yield from template_keys()
    for tree in sources():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "text" and node.args:
                first = node.args[0]
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    yield first.value


def calls() -> Iterator[tuple[str, set[str]]]:
    """(key or rule, names of the values given) of every `text(...)` and every error raised with a literal rule."""
    for tree in sources():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
                first, names = node.args[0], {keyword.arg for keyword in node.keywords}
                known = isinstance(first, ast.Constant) and isinstance(first.value, str) and None not in names
                if known and node.func.id in CALLED:
                    yield first.value, {name for name in names if name}


def fields(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}


def test_rules_are_found_in_the_code() -> None:
    assert {"P-001", "U-910", "E-MAN-001"} <= used_rules()


def test_every_rule_has_an_entry() -> None:
    assert sorted(used_rules() - set(rules())) == []


def test_every_entry_is_used() -> None:
    assert sorted(set(rules()) - used_rules() - set(FREE)) == []


def test_every_entry_has_all_parts_in_both_languages() -> None:
    lacking = [
        f"{rule}.{part}.{lang}"
        for rule, entry in rules().items()
        for part in PARTS
        for lang in LANGUAGES
        if not str(entry.get(part, {}).get(lang, "")).strip()
    ]
    assert lacking == []
    assert [rule for rule in rules() if not RULE.fullmatch(rule)] == []


def test_both_languages_name_the_same_values() -> None:
    differing = [
        f"{rule}.{part}"
        for rule, entry in rules().items()
        for part in PARTS
        if part in entry and fields(entry[part].get("en", "")) != fields(entry[part].get("ko", ""))
    ]
    differing += [key for key, entry in words().items() if fields(entry.get("en", "")) != fields(entry.get("ko", ""))]
    assert differing == []


def test_every_placeholder_gets_its_value() -> None:
    empty = []
    for key, given in calls():
        entry = rules().get(key, {})
        templates = [words()[key]["en"]] if key in words() else [part["en"] for part in entry.values()]
        empty += [f"{key}: {name}" for template in templates for name in sorted(fields(template) - given)]
    assert empty == []


def test_every_word_is_written_in_both_languages() -> None:
    assert [key for key, entry in words().items() if set(entry) != set(LANGUAGES) or not all(entry.values())] == []


def test_every_word_that_is_asked_for_exists() -> None:
    asked = set(asked_keys())
    assert asked
    assert sorted(asked - set(words())) == []


def test_every_word_is_used() -> None:
    whole, begun = used_keys()
    assert sorted(key for key in words() if key not in whole and not key.startswith(tuple(begun))) == []


def test_texts_keep_the_tone() -> None:
    texts = [
        (rule, entry[part][lang])
        for rule, entry in rules().items()
        for part in PARTS
        if part in entry
        for lang in entry[part]
    ]
    texts += [(key, entry[lang]) for key, entry in words().items() for lang in entry]
    assert [key for key, text in texts if re.search(r"(?i)\b(please|oops|error:)|당신|!$|되어지", text)] == []


@pytest.mark.parametrize("lang", LANGUAGES)
def test_values_are_never_read_again(lang: str) -> None:
    hostile = {"variable": "{value}", "value": "{0.__class__}", "expected": "{"}
    assert "{0.__class__}" in message("U-901", hostile, lang).what
    assert "<value>" in message("U-901", {}, lang).what


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_rule_without_an_entry_is_said_to_be_one(lang: str) -> None:
    told = message("X-999", {}, lang)
    assert told.rule == "X-999"
    assert "X-999" in told.what
