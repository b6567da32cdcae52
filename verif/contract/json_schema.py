"""The JSON Schema of `assay.toml`, out of the tables that read it, so that editors complete, explain and check a manifest.

It knows keys, types, choices and bounds. Whether an expression parses and a name exists, only `assay check` can say.
"""

from __future__ import annotations

import json
from typing import Any

from verif.contract.descriptions import descriptions
from verif.contract.forms import Form, table_form
from verif.contract.schema import DRIVEN, MANIFEST

DIALECT = "https://json-schema.org/draft/2020-12/schema"
DESCRIPTIONS = descriptions("en")
_OPAQUE = {
    "properties": {"contract": {"properties": {"profile": {"const": "opaque"}}, "required": ["profile"]}},
    "required": ["contract"],
}


def json_schema() -> dict[str, Any]:
    """The schema (draft 2020-12) as a new JSON object. A manifest that the reader accepts always satisfies it."""
    form: Form = json.loads(json.dumps(table_form(MANIFEST)))
    form["required"] = [name for name in form["required"] if name not in DRIVEN]
    form |= {"if": _OPAQUE, "then": {"required": ["selftest"]}, "else": {"required": list(DRIVEN)}}
    _describe(form, "")
    return {"$schema": DIALECT, "title": "assay.toml"} | form


def _describe(form: Form, path: str) -> None:
    for name, inner in form.get("properties", {}).items():
        place = f"{path}.{name}" if path else name
        if place in DESCRIPTIONS:
            inner["description"] = DESCRIPTIONS[place]
        _describe(inner.get("items", inner), place)
