"""The manifest reference: the committed pages are what the tables give, and nothing in them is left unsaid."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from verif.contract import reference as module
from verif.contract import schema, syntax
from verif.contract.descriptions import descriptions, read_texts
from verif.contract.reader import Key
from verif.contract.reference import COMMAND, reference

ROOT = Path(__file__).resolve().parents[3]
PAGES = {"en": "manifest.md", "ko": "manifest.ko.md"}


def keys() -> Iterator[tuple[str, Key]]:
    """Every key of this release with the path of its description."""
    tables = {"": schema.MANIFEST, **module._TABLES}
    for inner in module._INNER.values():
        tables |= inner
    for path, table in tables.items():
        if path in schema.MANIFEST and schema.MANIFEST[path].later:
            continue
        for name, key in table.items():
            if not key.later:
                yield f"{path}.{name}".lstrip("."), key


@pytest.mark.parametrize("lang", PAGES)
def test_the_committed_page_is_what_the_tables_give(lang: str) -> None:
    made = reference(lang)
    assert (ROOT / "pipeline" / "doc" / PAGES[lang]).read_text() == made, f"run: {COMMAND} {lang} > {PAGES[lang]}"


@pytest.mark.parametrize("lang", PAGES)
def test_every_key_has_its_row(lang: str) -> None:
    page, found = reference(lang), dict(keys())
    assert set(descriptions(lang)) == set(found)
    for path, key in found.items():
        section, _, name = path.rpartition(".")
        if section:
            row = re.search(rf"^\| `{name}` \| .*{re.escape(descriptions(lang)[path])} \|$", page, re.MULTILINE)
            assert row, path
            assert key.required is (f"| {module._word('required', lang)} |" in row[0]), path
        else:
            assert f"[{name}]" in page, path


def test_what_values_should_look_like_is_what_the_reader_says() -> None:
    said = {module._expected(key) for _, key in keys()} | {
        module._expected(key) for table in schema.STEPS.values() for key in table.values()
    }
    plain = {text for text in said if text and not text.startswith(("one of ", "an integer "))}
    headed = {text for text in plain if text.startswith("[[") and not text.startswith("[[operation.")}
    whole = {module._expected(schema.MANIFEST[name]) for name in schema.MANIFEST}
    assert set(read_texts("reference.toml")["type"]) == (plain - headed - whole) | {"a table"}


@pytest.mark.parametrize("lang", PAGES)
def test_every_function_and_every_refused_construct_is_named(lang: str) -> None:
    page = reference(lang)
    for name in syntax.FUNCTIONS:
        assert f"`{name}`" in page
    for form in ("sum(", "accsat(", "round(", "relu(", "divide(", "fold(", "lut(", "outside(", "pad(", "any(", "iN(", "uN("):
        assert f"`{form}" in page, form
    last = page.split("## ")[-1]
    for construct in (
        "profile mmio",
        "section bus",
        "operation key abort",
        "step poll",
        "stream key until",
    ):
        assert f"`{construct}`" in last, construct
    assert not {"`profile axis`", "`handshake fixed`"} & set(re.findall(r"`[^`]+`", last))


def test_both_languages_say_the_same_things() -> None:
    texts = tomllib.loads((ROOT / "verif" / "contract" / "descriptions.toml").read_text())
    assert {path for path, text in texts.items() if set(text) != {"en", "ko"} or not all(text.values())} == set()
    english, korean = (re.findall(r"`[\w.]+`", reference(lang)) for lang in PAGES)
    assert sorted(set(english) - {f"`{COMMAND} en`"}) == sorted(set(korean) - {f"`{COMMAND} ko`"})
