"""Converters: one raw TOML value to one contract value. Each reports what is wrong and then gives something harmless."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from verif.contract import faults
from verif.contract.expr import evaluate
from verif.contract.floats import FORMATS
from verif.contract.forms import form_of, formed, table_form
from verif.contract.interval import type_bounds
from verif.contract.model import Span, TensorType, Text
from verif.contract.nodes import ExprError, near
from verif.contract.places import Path
from verif.contract.reader import MAX_ITEMS, Convert, Key, Reader
from verif.contract.scope import moved, range_parts
from verif.contract.signals import SignalError, parse_signal
from verif.contract.syntax import parse_body, parse_expr, parse_math, parse_pack

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_PORT = re.compile(r"[A-Za-z_][A-Za-z0-9_$]{0,255}(?:\.[A-Za-z_][A-Za-z0-9_$]{0,255})?")
_FILE = re.compile(r"[A-Za-z0-9_.*?\[\]-]+(?:/[A-Za-z0-9_.*?\[\]-]+)*")
_TENSOR = re.compile(rf"\s*(?:([iu])([1-9]\d{{0,2}})|({'|'.join(FORMATS)}))\s*\[([^\]]*)\]\s*(?:\s+in\s+(.+?)\.\.(.+))?")
_LOOP = re.compile(r"\s*([A-Za-z_]\w*)\s*:(.*)", re.DOTALL)
MAX_TENSOR_BITS = 64
_SHAPE, _LOW, _HIGH = 4, 5, 6  # groups of _TENSOR
_TEXT_OR_INTEGER = {"type": ["string", "integer"]}


def _whole(pattern: re.Pattern[str]) -> dict[str, Any]:
    return {"type": "string", "pattern": f"^(?:{pattern.pattern})$"}


@formed({})
def anything(_reader: Reader, _path: Path, raw: Any) -> Any:
    """The raw value; for keys whose construct is refused by name, and for sections that only other parts read."""
    return raw


@formed({"type": "string", "maxLength": 256})
def string(reader: Reader, path: Path, raw: Any) -> str:
    """A short printable string."""
    if not isinstance(raw, str) or not raw.isprintable() or len(raw) > 256:  # noqa: PLR2004  a line of text
        reader.wrong(path, raw, "a printable string of at most 256 characters")
        return ""
    return raw


@formed(_whole(_IDENTIFIER))
def identifier(reader: Reader, path: Path, raw: Any) -> str:
    """A name: letter or underscore, then letters, digits, underscores; at most 64."""
    if not isinstance(raw, str) or not _IDENTIFIER.fullmatch(raw):
        reader.wrong(path, raw, "a name of letters, digits and underscores, at most 64 long")
        return ""
    return raw


@formed(_whole(_PORT))
def port(reader: Reader, path: Path, raw: Any) -> Text:
    """The name of a whole port, or of a member of an interface port."""
    if not isinstance(raw, str) or not _PORT.fullmatch(raw):
        reader.wrong(path, raw, "the name of a port")
        return Text("", Span(1, 1))
    return reader.text(path, raw)


@formed({"type": "string"})
def signal(reader: Reader, path: Path, raw: Any) -> Text:
    """A port or a member of an interface port; a bit or a slice of it; a whole unpacked array."""
    text = reader.text(path, raw if isinstance(raw, str) else "")
    if not isinstance(raw, str):
        reader.wrong(path, raw, "a signal: port, port[bit], port[hi:lo], port[*] or instance.member")
    else:
        check_signal(reader, text)
    return text


@formed({"type": "string"})
def origin(reader: Reader, path: Path, raw: Any) -> Text:
    """Where a fixed channel counts from: an event, the first or last beat of a channel, or a pulsed signal."""
    if not isinstance(raw, str) or not raw.strip():
        reader.wrong(path, raw, "an event, 'channel.first', 'channel.last' or a pulsed signal")
        return Text("", Span(1, 1))
    return reader.text(path, raw)


def check_signal(reader: Reader, text: Text) -> None:
    """Report a text that is no signal."""
    try:
        parse_signal(text.value)
    except SignalError:
        reader.report("E-MAN-040", text.span, signal=text.value)


@formed({"type": "boolean"})
def boolean(reader: Reader, path: Path, raw: Any) -> bool:
    """A truth value."""
    if not isinstance(raw, bool):
        reader.wrong(path, raw, "true or false")
    return bool(raw)


def integer(low: int, high: int) -> Convert:
    """An integer from `low` to `high`."""

    @formed({"type": "integer", "minimum": low, "maximum": high})
    def convert(reader: Reader, path: Path, raw: Any) -> int:
        if type(raw) is not int:
            reader.wrong(path, raw, f"an integer {low}..{high}")
            return low
        if not low <= raw <= high:
            reader.report("E-MAN-018", reader.source.place(path), value=str(raw), low=str(low), high=str(high))
        return raw

    return convert


def choice(*values: str, later: Mapping[str, str] | None = None) -> Convert:
    """One of `values`; those in `later` are known but refused by the construct's name."""
    allowed = [value for value in values if value not in (later or {})]

    @formed({"enum": [*allowed, *(int(value) for value in allowed if value.isdecimal())]})
    def convert(reader: Reader, path: Path, raw: Any) -> str:
        value = str(raw) if type(raw) is int else raw
        if not isinstance(value, str):
            reader.wrong(path, raw, "one of " + ", ".join(values))
            return values[0]
        if value not in values:
            diagnostic = faults.pair(
                ("E-MAN-013", "E-MAN-016"), reader.source.place(path), near(value, values),
                key=str(path[-1]), value=value, expected=", ".join(v for v in values if v),
            )  # fmt: skip
            reader.diagnostics.append(diagnostic)
        elif later and value in later:
            reader.report("E-MAN-017", reader.source.place(path), construct=later[value])
        return value

    return convert


def _parsed(parser: Callable[[str], object], expected: str) -> Convert:
    @formed(_TEXT_OR_INTEGER)
    def convert(reader: Reader, path: Path, raw: Any) -> Text:
        whole = str(raw) if type(raw) is int else raw
        if not isinstance(whole, str):
            reader.wrong(path, raw, expected)
            return Text("0", Span(1, 1))
        text = reader.text(path, whole)
        reader.guarded(text, parser)
        return text

    return convert


expression = _parsed(parse_expr, "an expression or an integer")
body = _parsed(parse_body, "an expression")
math_line = _parsed(parse_math, "a math line 'R[i,j] = expression'")
packer = _parsed(parse_pack, "a packer or an expression")


@formed({"type": ["string", "array"], "items": _TEXT_OR_INTEGER, "minItems": 1})
def values(reader: Reader, path: Path, raw: Any) -> Text:
    """A RANGE: a string `lo..hi step s`, or a list of expressions (kept as `[a;b]`)."""
    if isinstance(raw, list) and raw and all(type(item) in {int, str} for item in raw):
        for index, item in enumerate(raw[:MAX_ITEMS]):
            expression(reader, (*path, index), item)
        return reader.text(path, "[" + ";".join(str(item) for item in raw[:MAX_ITEMS]) + "]")
    if not isinstance(raw, str):
        reader.wrong(path, raw, "a range 'lo..hi', 'lo..hi step s' or a list")
        return Text("0..0", Span(1, 1))
    text = reader.text(path, raw)
    reader.guarded(text, _range)
    return text


def _range(text: str) -> None:
    for offset, part in range_parts(text):
        try:
            parse_expr(part)
        except ExprError as error:
            raise moved(error, offset) from None


@formed(_whole(_LOOP))
def loop(reader: Reader, path: Path, raw: Any) -> tuple[str, Text]:
    """A loop `name: extent`."""
    match = _LOOP.fullmatch(raw) if isinstance(raw, str) else None
    if not match:
        reader.wrong(path, raw, "a loop 'name: extent'")
        return "", Text("0", Span(1, 1))
    whole = reader.text(path, raw)
    extent = match[2]
    lead = len(extent) - len(extent.lstrip())
    part = Text(extent.strip(), faults.at(whole, match.start(2) + lead, len(extent.strip())))
    reader.guarded(part, parse_expr)
    return match[1], part


@formed(_whole(_TENSOR))
def tensor(reader: Reader, path: Path, raw: Any) -> TensorType:
    """A TENSOR: `i8[M,K]`, optionally ` in lo..hi`, or of floats, `bf16[M,K]`."""
    match = _TENSOR.fullmatch(raw) if isinstance(raw, str) else None
    whole = reader.text(path, raw if isinstance(raw, str) else "")
    if not match or int(match[2] or 1) > MAX_TENSOR_BITS or not match[_SHAPE].strip() or (match[3] and match[_LOW]):
        reader.wrong(path, raw, "a tensor 'i8[M,K]' of 1 to 64 bits, optionally 'in lo..hi', or of floats: 'bf16[M,K]'")
        return TensorType(signed=True, bits=1, shape=(), low=0, high=0, text=whole)
    form = match[3] or ""
    bits, signed = FORMATS[form].bits if form else int(match[2]), match[1] == "i"
    shape = tuple(_dimension(reader, whole, match.start(_SHAPE), part) for part in _offsets(match[_SHAPE]))
    low, high = type_bounds(bits, signed=signed)
    if match[_LOW]:
        low, high = (_bound(reader, whole, match.start(group), match[group]) for group in (_LOW, _HIGH))
        _check_bounds(reader, whole, (low, high), type_bounds(bits, signed=signed))
    return TensorType(signed, bits, shape, low, high, whole, form)


def _offsets(text: str) -> list[tuple[int, str]]:
    parts, offset = [], 0
    for part in text.split(","):
        parts.append((offset + len(part) - len(part.lstrip()), part.strip()))
        offset += len(part) + 1
    return parts


def _dimension(reader: Reader, whole: Text, start: int, part: tuple[int, str]) -> Text:
    text = Text(part[1], faults.at(whole, start + part[0], len(part[1])))
    reader.guarded(text, parse_expr)
    return text


def _bound(reader: Reader, whole: Text, offset: int, text: str) -> int:
    try:
        return evaluate(text, {})
    except ExprError as error:
        reader.diagnostics.append(faults.expression(moved(error, offset), whole))
        return 0


def _check_bounds(reader: Reader, whole: Text, bounds: tuple[int, int], limits: tuple[int, int]) -> None:
    if not limits[0] <= bounds[0] <= bounds[1] <= limits[1]:
        args = {"value": f"{bounds[0]}..{bounds[1]}", "low": str(limits[0]), "high": str(limits[1])}
        reader.report("E-MAN-018", whole.span, **args)


@formed(_whole(_FILE) | {"maxLength": 256})
def path_pattern(reader: Reader, path: Path, raw: Any) -> str:
    """A relative path inside the submission; `*` and `?` allowed."""
    if not isinstance(raw, str) or not _FILE.fullmatch(raw) or ".." in raw.split("/") or len(raw) > 256:  # noqa: PLR2004
        reader.wrong(path, raw, "a relative path inside the submission, without '..'")
        return ""
    return raw


def list_of(convert: Convert, expected: str, *, least: int = 0) -> Convert:
    """A list whose items are read by `convert`, as a tuple."""

    @formed({"type": "array", "items": form_of(convert), "minItems": least, "maxItems": MAX_ITEMS})
    def converted(reader: Reader, path: Path, raw: Any) -> tuple[Any, ...]:
        if not isinstance(raw, list) or not least <= len(raw) <= MAX_ITEMS:
            reader.wrong(path, raw, expected)
            return ()
        return tuple(convert(reader, (*path, index), item) for index, item in enumerate(raw))

    return converted


def map_of(convert: Convert, expected: str, *, names: bool = True, least: int = 0) -> Convert:
    """A table whose values are read by `convert`; keys are identifiers when `names`."""
    form: dict[str, Any] = {"type": "object", "additionalProperties": form_of(convert), "minProperties": least}

    @formed(form | {"maxProperties": MAX_ITEMS} | ({"propertyNames": _whole(_IDENTIFIER)} if names else {}))
    def converted(reader: Reader, path: Path, raw: Any) -> dict[str, Any]:
        if not isinstance(raw, dict) or not least <= len(raw) <= MAX_ITEMS:
            reader.wrong(path, raw, expected)
            return {}
        for name in raw:
            if names and not _IDENTIFIER.fullmatch(name):
                reader.report("E-MAN-041", reader.source.key((*path, name)), name=name)
        return {name: convert(reader, (*path, name), item) for name, item in raw.items()}

    return converted


def table_of(keys: Mapping[str, Key], section: str) -> Convert:
    """A table read by a schema."""

    @formed(table_form(keys))
    def converted(reader: Reader, path: Path, raw: Any) -> dict[str, Any]:
        return reader.table(path, raw, keys, section)

    return converted


def tables_of(keys: Mapping[str, Key], section: str) -> Convert:
    """A list of tables read by a schema, each with its places under "places" and its own span under "span"."""

    @formed(table_form(keys))
    def one(reader: Reader, path: Path, raw: Any) -> dict[str, Any]:
        found = reader.table(path, raw, keys, section)
        return found | {"places": reader.source.below(path), "span": reader.source.key(path)}

    return list_of(one, f"[[{section}]] tables")
