"""The grammar of keys as tables: section -> key -> how it is read. What this release lacks is marked `later`, by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from verif.contract import convert as c
from verif.contract.forms import formed, table_form
from verif.contract.kinds.names import KINDS
from verif.contract.places import Path
from verif.contract.reader import Convert, Key, Reader
from verif.contract.schema_numerics import NUMERICS, lut

PROFILES = ("axis", "vr", "mmio", "cfu", "opaque")
_OTHER_PROFILES = {"mmio": "profile mmio"}
_FAR = 1 << 32


def _later(construct: str) -> Key:
    return Key(c.anything, later=construct)


def _any(*names: str) -> dict[str, Key]:
    return {name: Key(c.anything) for name in names}


CONTRACT = {
    "version": Key(c.choice("1.0"), required=True),
    "profile": Key(c.choice(*PROFILES, later=_OTHER_PROFILES), required=True),
    "fitted": Key(c.list_of(c.string, "a list of facts such as 'channel.ID.delay'"), default=()),
}


@formed({"type": ["string", "integer"]})
def _define(reader: Reader, path: Path, raw: Any) -> str:
    return str(raw) if type(raw) is int else c.string(reader, path, raw)


DESIGN = {
    "name": Key(c.identifier, required=True),
    "revision": Key(c.string, default=""),
    "top": Key(c.identifier, required=True),
    "files": Key(c.list_of(c.path_pattern, "a list of at least one file pattern", least=1), required=True),
    "include_dirs": Key(c.list_of(c.path_pattern, "a list of directories"), default=()),
    "defines": Key(c.map_of(_define, "a table of macro names and texts"), default={}),
    "parameters": Key(c.map_of(c.integer(-(1 << 63), (1 << 63) - 1), "a table of integers"), default={}),
}
CLOCK = {"port": Key(c.port, required=True), "period_ps": Key(c.integer(2, 1_000_000_000), default=1000)}
RESET = {
    "port": Key(c.port, required=True),
    "active": Key(c.integer(0, 1), default=0),
    "async": Key(c.boolean, default=True),
    "min_cycles": Key(c.integer(1, 1 << 20), default=2),
}
TIE = {"port": Key(c.signal, required=True), "value": Key(c.integer(0, (1 << 63) - 1), required=True)}
EVENT = {
    "id": Key(c.identifier, required=True),
    "port": Key(c.signal, required=True),
    "is": Key(c.integer(0, (1 << 63) - 1), default=1),
}
ROLES = {name: Key(c.identifier) for name in ("data", "keep", "strb", "last", "id", "dest", "user")}
HANDSHAKES = ("ready_valid", "valid", "fixed", "request_grant")
CHANNEL = {
    "id": Key(c.identifier, required=True),
    "dir": Key(c.choice("in", "out"), required=True),
    "handshake": Key(c.choice(*HANDSHAKES), required=True),
    "valid": Key(c.signal),
    "ready": Key(c.signal),
    "fields": Key(c.map_of(c.signal, "a table of at least one field", least=1), required=True),
    "protocol": Key(c.choice("none", "axi4stream"), default="none"),
    "roles": Key(c.table_of(ROLES, "channel.roles"), default={}),
    "comb_ready": Key(c.boolean, default=False),
    "clock": Key(c.port),
    "gaps": Key(c.boolean, default=True),
    "idle": Key(c.choice("random", "0", "hold"), default="random"),
    "stable": Key(c.boolean, default=True),
    "lag": Key(c.integer(0, 64), default=0),
    "match": Key(c.identifier, default=""),
    "from": Key(c.origin),
    "delay": Key(c.expression),
    "every": Key(c.expression),
}
BUS = _any("id", "kind", "role", "prefix", "map", "absent", "aw_w", "widths", "outstanding")
REGISTER = _any("at", "access", "fields", "reset", "width")
STREAM = {
    "channel": Key(c.identifier, required=True),
    "loops": Key(c.list_of(c.loop, "a list of loops 'name: extent'"), default=()),
    "fields": Key(c.map_of(c.packer, "a table of at least one field", least=1), required=True),
    "partial": Key(c.choice("", "repeat"), default=""),
    "until": _later("stream key until"),
}
REGION = _any("id", "bus", "dir", "align", "loops", "at", "data", "words")
_SIGNALS = c.map_of(c.expression, "a table of signals and values", names=False, least=1)
STEPS: dict[str, dict[str, Key]] = {
    "set": {"set": Key(_SIGNALS), "until": Key(c.choice("", "done", "start", "next"), default="")},
    "pulse": {"pulse": Key(c.signal)},
    "run": {"run": Key(c.list_of(c.identifier, "a list of at least one channel", least=1))},
    "wait": {"wait": Key(c.identifier), "within": Key(c.expression)},
    "idle": {"idle": Key(c.integer(1, 1 << 20))},
    "align": {"align": Key(c.choice("all"))},
}
STEPS_LATER = {
    "write": ("write", "value", "error"),
    "read": ("read", "expect", "error"),
    "poll": ("poll", "mask", "eq", "within"),
}


def _step_form(steps: Mapping[str, Mapping[str, Key]]) -> dict[str, Any]:
    """One of the actions, with the keys that the action has and no others; those of `STEPS_LATER` are known and refused."""
    now = [
        table_form(keys) | {"required": [action, *(name for name, key in keys.items() if key.required)]}
        for action, keys in steps.items()
    ]
    refused = {action: table_form(_any(*names)) | {"required": [action], "not": {}} for action, names in STEPS_LATER.items()}
    return {"type": "object", "oneOf": [*now, *refused.values()]}


def _step(steps: Mapping[str, Mapping[str, Key]]) -> Convert:
    """One STEP: the key that is its action decides which other keys it may have."""

    @formed(_step_form(steps))
    def step(reader: Reader, path: Path, raw: Any) -> dict[str, Any]:
        if not isinstance(raw, dict):
            reader.wrong(path, raw, "a step such as { run = ['a'] }")
            return {}
        actions = [name for name in raw if name in steps or name in STEPS_LATER]
        if len(actions) != 1:
            _undecided(reader, path, raw, actions, dict.fromkeys((*steps, *STEPS_LATER)))
            return {}
        kind = actions[0]
        if kind in STEPS_LATER:
            reader.table(path, raw, _any(*STEPS_LATER[kind]), f"step {kind}")
            reader.later((*path, kind), f"step {kind}")
            return {}
        found = reader.table(path, raw, steps[kind], f"step {kind}")
        return found | {"kind": kind, "places": reader.source.below(path), "span": reader.source.place(path)}

    return step


def _undecided(reader: Reader, path: Path, raw: Mapping[str, Any], actions: list[str], known: Mapping[str, None]) -> None:
    """Report a step that has no action, or several."""
    for name in raw if not actions else ():
        reader.unknown((*path, name), name, known, "step")
    if len(actions) > 1 or not raw:
        args = {"actions": ", ".join(actions), "expected": ", ".join(known)}
        reader.report("E-MAN-042", reader.source.place(path), **args)


STEPS["for"] = {  # its steps hold no other `for`: several loops say the same
    "for": Key(c.list_of(c.loop, "a list of at least one loop 'name: extent'", least=1)),
    "order": Key(c.choice("as_written", "any"), default="as_written"),
    "do": Key(c.list_of(_step(dict(STEPS)), "a list of at least one step", least=1), required=True),
}
step = _step(STEPS)
_STEP_LIST = c.list_of(step, "a list of steps")
OVERFLOW = c.map_of(c.choice("wrap", "saturate", "never"), "a table of tensors and policies")
OPERATION = {
    "id": Key(c.identifier, required=True),
    "kind": Key(c.choice(*KINDS), default=""),
    "roles": Key(c.map_of(c.identifier, "a table of roles and tensors"), default={}),
    "attributes": Key(c.map_of(c.anything, "a table of attributes"), default={}),
    "vars": Key(c.map_of(c.values, "a table of variables and ranges"), default={}),
    "where": Key(c.expression),
    "tensors": Key(c.map_of(c.tensor, "a table of at least one tensor", least=1), required=True),
    "math": Key(c.list_of(c.math_line, "a list of at least one math line", least=1), default=()),
    "overflow": Key(OVERFLOW, default={}),
    "overlap": Key(c.boolean, default=False),
    "max_cycles": Key(c.expression, required=True),
    "steps": Key(c.list_of(step, "a list of at least one step", least=1), required=True),
    "done_alt": _later("operation key done_alt"),
    "error": _later("operation key error"),
    "abort": _later("operation key abort"),
    "stream": Key(c.tables_of(STREAM, "operation.stream"), default=()),
    "region": Key(c.tables_of(REGION, "operation.region"), later="operation.region"),
}
OPTIONAL: dict[str, dict[str, Key]] = {
    "numerics": NUMERICS,
    "limits": {"tile": Key(c.anything), "align": Key(c.anything), "max": Key(c.anything)},
    "timing": {"latency": Key(c.expression), "initiation_interval": Key(c.expression)},
    "claims": _any("mac_per_cycle", "utilisation", "frequency_mhz", "bytes_per_mac"),
    "errors": {
        "unmapped": Key(c.choice("SLVERR", "DECERR", "OKAY0")),
        "on_bus_error": Key(c.string),
        "on_bad_config": Key(c.string),
        "start_while_busy": Key(c.choice("ignore", "error", "queue")),
    },
    "security": _any("scrub", "regions", "constant_time", "locked"),
    "safety": _any("mechanisms", "alarm", "asil", "ftti_cycles"),
}
SELFTEST = {
    "modules": Key(c.list_of(c.path_pattern, "a list of Python files"), default=()),
    "makefile": Key(c.path_pattern, default=""),
    "toplevel": Key(c.identifier, default=""),
    "timeout_s": Key(c.integer(1, 3600), default=60),
}
WAIVER_REQUEST = {
    "rule": Key(c.string, required=True),
    "anchor": Key(c.string, required=True),
    "reason": Key(c.string, required=True),
}
MANIFEST = {
    "contract": Key(c.table_of(CONTRACT, "contract"), required=True),
    "design": Key(c.table_of(DESIGN, "design"), required=True),
    "let": Key(c.map_of(c.expression, "a table of names and expressions"), default={}),
    "clock": Key(c.tables_of(CLOCK, "clock"), required=True),
    "reset": Key(c.tables_of(RESET, "reset"), required=True),
    "tie": Key(c.tables_of(TIE, "tie"), default=()),
    "event": Key(c.tables_of(EVENT, "event"), default=()),
    "channel": Key(c.tables_of(CHANNEL, "channel"), required=True),
    "bus": Key(c.tables_of(BUS, "bus"), later="section bus"),
    "registers": Key(c.map_of(c.table_of(REGISTER, "registers"), "a table of registers"), later="section registers"),
    "operation": Key(c.tables_of(OPERATION, "operation"), required=True),
    "lut": Key(c.map_of(lut, "a table of names and tables"), default={}),
    **{name: Key(c.table_of(keys, name)) for name, keys in OPTIONAL.items()},
    "selftest": Key(c.table_of(SELFTEST, "selftest")),
    "waiver_request": Key(c.tables_of(WAIVER_REQUEST, "waiver_request"), default=()),
}
# An opaque design declares nothing that the centre could drive: its own tests are all there is.
DRIVEN = ("clock", "reset", "channel", "operation")
OPAQUE = (
    MANIFEST
    | {name: Key(MANIFEST[name].convert, default=()) for name in DRIVEN}
    | {"selftest": Key(MANIFEST["selftest"].convert, required=True)}
)
