"""Keys of [numerics] and tables of [lut]."""

from __future__ import annotations

from typing import Any

from verif.contract import convert as c
from verif.contract.floats import FORMATS
from verif.contract.forms import form_of, formed
from verif.contract.model import Lut, Span, Text
from verif.contract.numerics import MAX_ENTRIES, MAX_VALUE, parse_order, parse_tolerance
from verif.contract.places import Path
from verif.contract.reader import Key, Reader
from verif.contract.rounding import ALIASES, MODES

_TABLE = {"size": Key(c.expression, required=True), "value": Key(c.body, required=True)}
_LIST = {"type": "array", "items": {"type": "integer"}, "minItems": 1, "maxItems": MAX_ENTRIES}


@formed({"oneOf": [_LIST, form_of(c.table_of(_TABLE, "lut"))]})
def lut(reader: Reader, path: Path, raw: Any) -> Lut:
    """A table: a list of integers, or a size and an expression in `i`."""
    span = reader.source.place(path)
    if isinstance(raw, dict):
        found = reader.table(path, raw, _TABLE, "lut")
        return Lut(size=found["size"], value=found["value"], span=span)
    whole = isinstance(raw, list) and 0 < len(raw) <= MAX_ENTRIES and all(type(item) is int for item in raw)
    if not whole or max(map(abs, raw)) > MAX_VALUE:
        reader.wrong(path, raw, f"a list of 1 to {MAX_ENTRIES} integers of at most 64 bits, or a table of size and value")
        return Lut((0,), span=span)
    return Lut(tuple(raw), span=span)


@formed({"type": "string", "pattern": r"^(sequential|any|tree\([1-9][0-9]*\))$"})
def order(reader: Reader, path: Path, raw: Any) -> str:
    """The order in which a sum of floats is added."""
    if not isinstance(raw, str) or parse_order(raw) is None:
        reader.wrong(path, raw, "sequential, any or tree(n), n from 2 to 1024")
        return "sequential"
    return raw


@formed({"type": "string", "pattern": r"^(lsb\([0-9]+\)|ulp\([0-9]+\)|bound\(.+\))$"})
def tolerance(reader: Reader, path: Path, raw: Any) -> Text:
    """How far a result may be from the golden model's."""
    if not isinstance(raw, str):
        reader.wrong(path, raw, "lsb(n), ulp(n) or bound(expression)")
        return Text("lsb(0)", Span(1, 1))
    text = reader.text(path, raw)
    reader.guarded(text, parse_tolerance)
    return text


@formed({"oneOf": [{"enum": ["saturate", "symmetric", "none"]}, form_of(c.list_of(c.body, ""))]})
def clip(reader: Reader, path: Path, raw: Any) -> tuple[Text, ...]:
    """Bounds of a result: of its type, the symmetric ones, none, or two expressions. A name is kept as one text."""
    if isinstance(raw, list) and len(raw) == 2:  # noqa: PLR2004  low and high
        return tuple(c.body(reader, (*path, index), item) for index, item in enumerate(raw))
    if raw not in {"saturate", "symmetric", "none"}:
        reader.wrong(path, raw, "saturate, symmetric, none, or a list of two expressions")
        return (Text("saturate", Span(1, 1)),)
    return (reader.text(path, str(raw)),)


@formed({"oneOf": [form_of(c.body), form_of(c.map_of(c.body, ""))]})
def zero_point(reader: Reader, path: Path, raw: Any) -> dict[str, Text]:
    """Zero points by role: a table, or one expression for the result's."""
    if isinstance(raw, dict):
        found: dict[str, Text] = c.map_of(c.body, "a table of roles and expressions")(reader, path, raw)
        return found
    if type(raw) not in {int, str}:
        reader.wrong(path, raw, "an expression, or a table of roles and expressions")
        return {}
    return {"Y": c.body(reader, path, raw)}


ACCUMULATOR = {
    "bits": Key(c.integer(1, c.MAX_TENSOR_BITS), default=32),
    "overflow": Key(c.choice("wrap", "saturate_end", "saturate_each", "never"), default="wrap"),
    "bias": Key(c.choice("first", "last"), default="last"),
    "type": Key(c.choice(*FORMATS), default="f32"),
    "order": Key(order, default="sequential"),
    "flush": Key(c.boolean, default=False),
}
REQUANTIZE = {
    "scheme": Key(c.choice("shift", "mult_shift", "float32", "lut"), required=True),
    "mult": Key(c.body),
    "mult_bits": Key(c.choice("32", "16"), default="32"),
    "shift": Key(c.body),
    "rounding": Key(c.choice(*MODES, *ALIASES), default=""),
    "scale": Key(c.body),
    "divisor": Key(c.body),
    "table": Key(c.identifier, default=""),
    "offset": Key(c.body),
    "activation": Key(c.choice("none", "relu"), default="none"),
    "zero_point": Key(zero_point, default={}),
    "clip": Key(clip),
}
NUMERICS = {
    "accumulator": Key(c.table_of(ACCUMULATOR, "numerics.accumulator")),
    "requantize": Key(c.table_of(REQUANTIZE, "numerics.requantize")),
    "pad": Key(c.body),
    "nan": Key(c.choice("canonical", "any"), default="canonical"),
    "tolerance": Key(c.map_of(tolerance, "a table of tensors and tolerances"), default={}),
}
