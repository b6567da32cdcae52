"""Reads `assay.toml`: text to a contract, or everything that is wrong with it at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from verif.contract.diagnostic import Diagnostic
from verif.contract.kinds.expand import expand
from verif.contract.model import Channel, Clock, Contract, Design, Event, Operation, Reset, SelfTest, Span, Step, Stream, Tie
from verif.contract.reader import Reader
from verif.contract.schema import MANIFEST, OPAQUE, OPTIONAL
from verif.contract.source import Source, SourceError, load


def read_manifest(text: str) -> tuple[Contract | None, list[Diagnostic]]:
    """The contract that `text` states, or None with every error of form, in the order of the text.

    Meaning (names, indices, coverage) is checked by `check`; fitting the design by `check_ports`.
    """
    try:
        source = load(text)
    except SourceError as error:
        return None, [error.diagnostic]
    reader = Reader(source)
    found = reader.table((), source.values, OPAQUE if _is_opaque(source) else MANIFEST, "manifest")
    diagnostics = sorted(reader.diagnostics, key=lambda d: (d.span.line, d.span.column))
    return (None, diagnostics) if diagnostics else expand(_contract(found, source))


def _is_opaque(source: Source) -> bool:
    about = source.values.get("contract")
    return isinstance(about, dict) and about.get("profile") == "opaque"


def _contract(found: Mapping[str, Any], source: Source) -> Contract:
    optional = {name: found[name] for name in OPTIONAL if found[name] is not None}
    if found["waiver_request"]:
        optional["waiver_request"] = {str(index): request for index, request in enumerate(found["waiver_request"])}
    return Contract(
        version=found["contract"]["version"],
        profile=found["contract"]["profile"],
        design=Design(**found["design"]),
        lets=found["let"],
        clocks=tuple(Clock(item["port"], item["period_ps"]) for item in found["clock"]),
        resets=tuple(Reset(i["port"], i["active"], i["async"], i["min_cycles"]) for i in found["reset"]),
        ties=tuple(Tie(item["port"], item["value"]) for item in found["tie"]),
        events=tuple(Event(item["id"], item["port"], item["is"]) for item in found["event"]),
        channels=tuple(_channel(item) for item in found["channel"]),
        operations=tuple(_operation(item) for item in found["operation"]),
        optional=optional,
        selftest=SelfTest(**found["selftest"]) if found["selftest"] else None,
        luts=found["lut"],
        fitted=found["contract"]["fitted"],
        places=_places(source),
    )


def _places(source: Source) -> dict[str, Span]:
    sections = {str(path[0]): span for path, span in source.keys.items() if len(path) == 1}
    inner = {
        f"{name}.{key}": span
        for name in ("contract", "design", "selftest", *OPTIONAL)
        for key, span in source.below((name,)).items()
    }
    return sections | inner


_CHANNEL = (
    "id", "dir", "handshake", "valid", "ready", "fields", "protocol", "comb_ready", "gaps", "idle", "stable", "lag", "match",
    "delay", "every", "span", "places",
)  # fmt: skip


def _channel(item: Mapping[str, Any]) -> Channel:
    roles = {role: name for role, name in item["roles"].items() if name is not None}
    clock = item["clock"].value if item["clock"] else ""
    return Channel(**{name: item[name] for name in _CHANNEL}, roles=roles, clock=clock, origin=item["from"])


_OPERATION = (
    "id", "vars", "tensors", "math", "overflow", "overlap", "max_cycles", "where", "kind", "roles", "attributes", "span",
    "places",
)  # fmt: skip


def _operation(item: Mapping[str, Any]) -> Operation:
    return Operation(
        **{name: item[name] for name in _OPERATION},
        steps=tuple(_step(step) for step in item["steps"]),
        streams=tuple(_stream(stream) for stream in item["stream"]),
    )


def _stream(item: Mapping[str, Any]) -> Stream:
    return Stream(item["channel"], item["loops"], item["fields"], item["partial"], item["span"], item["places"])


def _step(item: Mapping[str, Any]) -> Step:
    return Step(
        item["kind"],
        channels=item.get("run", ()),
        sets=item.get("set", {}),
        until=item.get("until", ""),
        signal=item["pulse"].value if "pulse" in item else "",
        event=item.get("wait", ""),
        within=item.get("within"),
        cycles=item.get("idle", 0),
        loops=item.get("for", ()),
        order=item.get("order", "as_written"),
        inner=tuple(_step(step) for step in item.get("do", ())),
        span=item["span"],
        places=item["places"],
    )
