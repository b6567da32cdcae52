"""The manifest reference as Markdown, out of the tables that read `assay.toml`: `python -m verif.contract.reference en`.

Keys, defaults, choices and bounds are the reader's own, and so is what a value should look like: every converter is asked
what it expects. Only meanings and explanations are written by hand, in descriptions.toml and reference.toml.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from functools import cache
from string import Template
from typing import Any

from verif.contract import floats, nodes, rounding, schema, schema_numerics, source, syntax
from verif.contract.convert import MAX_TENSOR_BITS
from verif.contract.descriptions import descriptions, read_texts
from verif.contract.forms import form_of
from verif.contract.kinds.names import KINDS, Kind
from verif.contract.reader import Key, Reader

Keys = Mapping[str, Key]
COMMAND = "python -m verif.contract.reference"
# Sections as they are headed, with the tables inside them; sections of a later release stand in the last chapter only.
_TABLES: dict[str, Keys] = {
    "contract": schema.CONTRACT,
    "design": schema.DESIGN,
    "clock": schema.CLOCK,
    "reset": schema.RESET,
    "tie": schema.TIE,
    "event": schema.EVENT,
    "channel": schema.CHANNEL,
    "operation": schema.OPERATION,
    "selftest": schema.SELFTEST,
    "waiver_request": schema.WAIVER_REQUEST,
    **schema.OPTIONAL,
}
_INNER: dict[str, dict[str, Keys]] = {
    "channel": {"channel.roles": schema.ROLES},
    "operation": {"operation.stream": schema.STREAM},
    "numerics": {"numerics.accumulator": schema_numerics.ACCUMULATOR, "numerics.requantize": schema_numerics.REQUANTIZE},
}
_LISTS = ("clock", "reset", "tie", "event", "channel", "operation", "operation.stream", "waiver_request")


def reference(lang: str) -> str:
    """The whole document in `lang`, en or ko; raises KeyError for a key or an expectation without a text."""
    parts = [f"# {_word('title', lang)}", Template(_texts()["intro"][lang]).substitute(_facts()).strip()]
    for name, key in schema.MANIFEST.items():
        if not key.later:
            parts += _section(name, lang)
    for chapter in _texts()["chapter"]:
        parts += [f"## {chapter['title'][lang]}", Template(chapter[lang]).substitute(_facts()).strip()]
    parts += [f"## {_texts()['later']['title'][lang]}", _texts()["later"][lang]]
    parts += [", ".join(f"`{name}`" for name in dict.fromkeys(_later())) + "."]
    parts += [Template(_word("made", lang)).substitute(command=f"{COMMAND} {lang}")]
    return "\n\n".join(parts) + "\n"


def _section(name: str, lang: str) -> Iterator[str]:
    yield f"## `{_heading(name)}`"
    yield descriptions(lang)[name]
    if name in _TABLES:
        yield _table(name, _TABLES[name], lang)
    for inner, keys in _INNER.get(name, {}).items():
        yield f"### `{_heading(inner)}`"
        yield _table(inner, keys, lang)
    if name == "operation":
        yield f"### {_word('steps', lang)}"
        yield _rows(("step", "key", "value", "meaning"), _steps(lang), lang)


def _heading(name: str) -> str:
    return f"[[{name}]]" if name in _LISTS else f"[{name}]"


def _table(path: str, keys: Keys, lang: str) -> str:
    texts = descriptions(lang)
    rows = ((f"`{k}`", _value(v, lang), _default(v, lang), texts[f"{path}.{k}"]) for k, v in keys.items() if not v.later)
    return _rows(("key", "value", "default", "meaning"), rows, lang)


def _steps(lang: str) -> Iterator[tuple[str, ...]]:
    for action, keys in schema.STEPS.items():
        meaning = _texts()["step"][action][lang]
        for name, key in keys.items():
            first = name == action
            yield f"`{action}`" if first else "", f"`{name}`", _value(key, lang), meaning if first else ""


def _rows(head: tuple[str, ...], rows: Iterator[tuple[str, ...]], lang: str) -> str:
    lines = [[_word(name, lang) for name in head], ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def _value(key: Key, lang: str) -> str:
    form = form_of(key.convert)
    if "enum" in form:
        return " ".join(f"`{value}`" for value in form["enum"] if isinstance(value, str) and value)
    if form.get("type") == "integer":
        return Template(_word("integer", lang)).substitute(low=form["minimum"], high=form["maximum"])
    expected = _expected(key)
    if not expected:
        return _word("anything", lang)
    korean = _texts()["type"][expected]
    return str(korean) if lang == "ko" else expected


def _expected(key: Key) -> str:
    """What the key's converter says that it wants, when it is given something that nothing accepts; empty: it takes all."""
    reader = Reader(source.load(""))
    key.convert(reader, ("key",), object())
    return reader.diagnostics[0].args["expected"] if reader.diagnostics else ""


def _default(key: Key, lang: str) -> str:
    if key.required:
        return _word("required", lang)
    if isinstance(key.default, bool):
        return f"`{str(key.default).lower()}`"
    if isinstance(key.default, int) or key.default:
        return f"`{key.default}`"
    return _word("optional", lang) if key.default is None else _word("none", lang)


def _later() -> Iterator[str]:
    """Every construct of the grammar that is refused by name, in the words of the refusal."""
    for name, key in schema.MANIFEST.items():
        if key.later:
            yield key.later
        for keys in (_TABLES.get(name, {}), *_INNER.get(name, {}).values()):
            for inner in keys.values():
                yield from (inner.later,) if inner.later else _refused(inner)
    yield from (f"step {action}" for action in schema.STEPS_LATER)
    yield from (f"rounding {mode}" for mode in rounding.UNDEFINED)


def _refused(key: Key) -> Iterator[str]:
    """Choices of the key that are known and refused."""
    if "enum" not in form_of(key.convert):
        return
    reader = Reader(source.load(""))
    reader.diagnostics.clear()
    for value in _expected(key).removeprefix("one of ").split(", "):
        if value not in form_of(key.convert)["enum"]:
            key.convert(reader, ("key",), value)
    refused = (found for found in reader.diagnostics if found.rule == "E-MAN-017")  # a long list is cut off in its words
    yield from (found.args["construct"] for found in refused)


def _facts() -> dict[str, object]:
    return {
        "bytes": source.MAX_BYTES >> 10,
        "bits": nodes.MAX_BITS,
        "length": nodes.MAX_LENGTH,
        "depth": nodes.MAX_DEPTH,
        "cast": syntax.MAX_CAST,
        "tensor": MAX_TENSOR_BITS,
        "functions": " ".join(f"`{name}`" for name in syntax.FUNCTIONS),
        "modes": ", ".join(f"`{name}`" for name in rounding.MODES),
        "singles": ", ".join(f"`{name}`" for name in rounding.SINGLE),
        "floats": " ".join(f"`{name}`" for name in floats.FORMATS),
        "casts": " ".join(f"`{name}(x)`" for name in floats.FORMATS),
        "kinds": "\n".join(_kind(name, kind) for name, kind in KINDS.items()),
        "aliases": ", ".join(f"`{alias}` = `{mode}`" for alias, mode in rounding.ALIASES.items()),
    }


def _kind(name: str, kind: Kind) -> str:
    roles = " ".join(f"`{role}`" for role in (*kind.roles, *kind.optional))
    attributes = " ".join(f"**`{one}`**" if one in kind.needed else f"`{one}`" for one in kind.attributes)
    return f"| `{name}` | {roles} | {attributes} |"


def _word(name: str, lang: str) -> str:
    return str(_texts()["word"][name][lang])


@cache
def _texts() -> Mapping[str, Any]:
    return read_texts("reference.toml")


if __name__ == "__main__":
    sys.stdout.write(reference(*sys.argv[1:]))
