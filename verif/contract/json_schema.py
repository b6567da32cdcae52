"""The JSON Schema of `assay.toml`, out of the tables that read it, so that editors complete, explain and check a manifest.

It knows keys, types, choices and bounds. Whether an expression parses and a name exists, only `assay check` can say.
"""

from __future__ import annotations

import json
from typing import Any

from verif.contract.forms import Form, table_form
from verif.contract.schema import MANIFEST

DIALECT = "https://json-schema.org/draft/2020-12/schema"
DESCRIPTIONS = {
    "contract": "Which contract this is.",
    "contract.version": "Version of the contract's grammar.",
    "contract.profile": "How the design is driven: axis is AXI4-Stream and ready/valid channels.",
    "design": "What is elaborated.",
    "design.name": "Name of the design in reports.",
    "design.top": "Top module.",
    "design.files": "Source files in compile order, relative to the submission; * and ? allowed.",
    "design.include_dirs": "Folders for `include, relative to the submission.",
    "design.defines": "Macros: name and text.",
    "design.parameters": "Parameters of the top module; param.NAME in expressions.",
    "let": "Named integer expressions.",
    "clock": "A clock input.",
    "clock.period_ps": "Period in picoseconds.",
    "reset": "A reset input.",
    "reset.active": "Level at which it is asserted.",
    "reset.async": "Asserted at any time, released with the clock.",
    "reset.min_cycles": "Shortest legal assertion in cycles.",
    "tie": "An input port held at a constant.",
    "event": "An output that an operation waits for.",
    "event.is": "The value that is the event.",
    "channel": "Payload fields that move together under one handshake.",
    "channel.dir": "Seen from the design.",
    "channel.handshake": "ready_valid has both signals; valid cannot be held up.",
    "channel.fields": "Field and its signal in payload order, the first one least significant.",
    "channel.protocol": "Whose rules are checked beside those of the handshake.",
    "channel.roles": "Which field is TDATA, TLAST and so on.",
    "channel.comb_ready": "TREADY may depend on TVALID in the same cycle.",
    "channel.gaps": "Cycles without a beat may be put between beats.",
    "channel.idle": "What is driven while valid is low.",
    "channel.stable": "Payload is held until it is taken.",
    "operation": "One thing that the design computes.",
    "operation.vars": "Variables and their ranges: 'lo..hi', 'lo..hi step s' or a list.",
    "operation.where": "Condition on the variables; others are never driven.",
    "operation.tensors": "Tensors: 'i8[M,K]', optionally 'in lo..hi'.",
    "operation.math": "Lines 'R[i,j] = expression' that define the results.",
    "operation.overflow": "What becomes of results that do not fit.",
    "operation.overlap": "The next operation may begin before this one has ended.",
    "operation.max_cycles": "Most cycles that it may take; an expression.",
    "operation.steps": "How it is run, in order.",
    "operation.stream": "The order in which a tensor crosses a channel.",
    "operation.stream.loops": "Loops 'name: extent', outermost first.",
    "operation.stream.fields": "What every field carries in a beat: a packer or an expression.",
    "operation.stream.partial": "repeat: the same elements may cross more than once.",
    "timing": "What the design states of its own timing; expressions in cycles.",
    "claims": "Figures that the design states of itself.",
    "waiver_request": "A lint rule that the design asks to be waived, with its reason.",
}


def json_schema() -> dict[str, Any]:
    """The schema (draft 2020-12) as a new JSON object. A manifest that the reader accepts always satisfies it."""
    form: Form = json.loads(json.dumps(table_form(MANIFEST)))
    _describe(form, "")
    return {"$schema": DIALECT, "title": "assay.toml"} | form


def _describe(form: Form, path: str) -> None:
    for name, inner in form.get("properties", {}).items():
        place = f"{path}.{name}" if path else name
        if place in DESCRIPTIONS:
            inner["description"] = DESCRIPTIONS[place]
        _describe(inner.get("items", inner), place)
