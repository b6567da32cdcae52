"""The JSON Schema for editors: what the reader takes it takes, what the reader does not know it refuses."""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from verif.contract import schema as tables
from verif.contract.json_schema import DESCRIPTIONS, json_schema
from verif.contract.read import read_manifest
from verif.contract.reader import Key

ROOT = Path(__file__).resolve().parents[3]
MANIFESTS = (*sorted((ROOT / "rtl" / "gemm_axis").glob("*.toml")), ROOT / "tests" / "data" / "sim" / "faulty.toml")
SCHEMA = json_schema()
CHECK = Draft202012Validator(SCHEMA)
# Where each table of keys lies in the schema; `step` has its actions below `oneOf`.
INNER: dict[tuple[str, ...], Mapping[str, Key]] = {
    (): tables.MANIFEST,
    ("contract",): tables.CONTRACT,
    ("design",): tables.DESIGN,
    ("clock",): tables.CLOCK,
    ("reset",): tables.RESET,
    ("tie",): tables.TIE,
    ("event",): tables.EVENT,
    ("channel",): tables.CHANNEL,
    ("channel", "roles"): tables.ROLES,
    ("bus",): tables.BUS,
    ("operation",): tables.OPERATION,
    ("operation", "stream"): tables.STREAM,
    ("operation", "region"): tables.REGION,
    ("selftest",): tables.SELFTEST,
    ("waiver_request",): tables.WAIVER_REQUEST,
    **{(name,): keys for name, keys in tables.OPTIONAL.items()},
}


def manifest(name: str = "assay.toml") -> dict[str, Any]:
    return tomllib.loads((ROOT / "rtl" / "gemm_axis" / name).read_text())


def part(path: tuple[str, ...]) -> dict[str, Any]:
    found: dict[str, Any] = SCHEMA
    for name in path:
        found = found["properties"][name]
        found = found.get("items", found)
    return found


def tables_of(form: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every table with keys of its own in the schema."""
    if "properties" in form:
        yield path, form
        for name, inner in form["properties"].items():
            yield from tables_of(inner, f"{path}.{name}")
    for inner in (form.get("items"), form.get("additionalProperties"), *form.get("oneOf", ())):
        if isinstance(inner, dict):
            yield from tables_of(inner, path)


def test_it_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.name)
def test_our_manifests_satisfy_it(path: Path) -> None:
    assert [error.message for error in CHECK.iter_errors(tomllib.loads(path.read_text()))] == []


@pytest.mark.parametrize("path", INNER, ids=".".join)
def test_keys_are_those_of_the_reader(path: tuple[str, ...]) -> None:
    keys, found = INNER[path], part(path)
    assert list(found["properties"]) == list(keys)
    required = [*found.get("required", ()), *found.get("else", {}).get("required", ())]
    assert sorted(required) == sorted(name for name, key in keys.items() if key.required)


def test_an_opaque_design_needs_its_tests_and_no_channels() -> None:
    opaque = {name: table for name, table in manifest().items() if name == "design"}
    opaque["contract"] = {"version": "1.0", "profile": "opaque"}
    assert not CHECK.is_valid(opaque)
    assert CHECK.is_valid(opaque | {"selftest": {"modules": ["test_it.py"]}})
    assert not CHECK.is_valid(opaque | {"selftest": {}, "contract": {"version": "1.0", "profile": "vr"}})


def test_steps_are_those_of_the_reader() -> None:
    forms = part(("operation", "steps"))["oneOf"]
    known = {form["required"][0]: list(form["properties"]) for form in forms}
    later = {name: list(keys) for name, keys in tables.STEPS_LATER.items()}
    assert known == {name: list(keys) for name, keys in tables.STEPS.items()} | later
    assert [form["required"][0] for form in forms if "not" in form] == list(tables.STEPS_LATER)


def test_every_table_of_keys_is_closed() -> None:
    found = list(tables_of(SCHEMA))
    assert len(found) > len(INNER)
    assert [path for path, form in found if form["additionalProperties"] is not False] == []


@pytest.mark.parametrize(
    "path", [path for path in INNER if path not in {("bus",), ("operation", "region"), ("numerics",)}], ids=".".join
)
def test_unknown_keys_are_refused(path: tuple[str, ...]) -> None:
    wrong = manifest()
    wrong |= {name: {} for name in tables.OPTIONAL if name not in wrong and name != "numerics"}
    wrong |= {"event": [{"id": "e", "port": "p"}], "tie": [{"port": "p", "value": 0}]}
    wrong["selftest"] = {"modules": ["test_it.py"]}
    wrong["waiver_request"] = [{"rule": "R", "anchor": "a", "reason": "r"}]
    assert CHECK.is_valid(wrong)
    place: Any = wrong
    for name in path:
        place = place[name]
        place = place[0] if isinstance(place, list) else place
    place["no_such_key"] = 1
    assert not CHECK.is_valid(wrong)


WRONG = [
    ("contract.version", "2.0"),
    ("contract.profile", "mmio"),
    ("design.files", []),
    ("design.files", ["/etc/passwd"]),
    ("design.name", "9lives"),
    ("design.parameters", {"N": "4"}),
    ("clock.period_ps", 1),
    ("reset.active", 2),
    ("reset.async", 1),
    ("channel.dir", "inout"),
    ("channel.handshake", "credit"),
    ("channel.fields", {}),
    ("channel.fields", {"not a name": "p"}),
    ("channel.lag", 65),
    ("channel.from", 3),
    ("operation.steps", [{"for": ["i: 2"]}]),
    ("operation.steps", [{"for": ["i: 2"], "do": [{"for": ["j: 2"], "do": [{"idle": 1}]}]}]),
    ("operation.tensors", {"A": "i8"}),
    ("operation.vars", {"M": []}),
    ("operation.vars", {"M": 3}),
    ("operation.overflow", {"S": "clamp"}),
    ("operation.steps", [{}]),
    ("operation.steps", [{"run": ["a"], "pulse": "p"}]),
    ("operation.steps", [{"write": "reg", "value": 1}]),
    ("operation.stream.loops", ["mt"]),
    ("operation.stream.partial", "some"),
]
RIGHT = [
    ("channel.idle", 0),
    ("operation.vars", {"M": [1, "T"]}),
    ("operation.max_cycles", 100),
    ("operation.steps", [{"idle": 3}, {"wait": "done", "within": "50"}]),
    ("operation.steps", [{"align": "all"}, {"for": ["i: 2"], "order": "any", "do": [{"idle": 1}]}]),
    ("channel.handshake", "fixed"),
    ("channel.lag", 1),
]


def changed(path: str, value: object) -> dict[str, Any]:
    found = copy.deepcopy(manifest())
    place: Any = found
    *names, last = path.split(".")
    for name in names:
        place = place[name]
        place = place[0] if isinstance(place, list) else place
    place[last] = value
    return found


@pytest.mark.parametrize(("path", "value"), WRONG)
def test_what_the_reader_refuses_it_refuses(path: str, value: object) -> None:
    assert read_manifest(_toml(changed(path, value)))[0] is None
    assert not CHECK.is_valid(changed(path, value))


@pytest.mark.parametrize(("path", "value"), RIGHT)
def test_what_the_reader_takes_it_takes(path: str, value: object) -> None:
    assert read_manifest(_toml(changed(path, value)))[1] == []
    assert CHECK.is_valid(changed(path, value))


def test_what_is_not_in_this_release_is_known_and_refused() -> None:
    kind = part(("operation", "stream"))["properties"]["until"]
    assert kind["not"] == {}
    assert "stream key until" in kind["description"]


def test_every_description_has_its_key() -> None:
    for path in DESCRIPTIONS:
        *names, last = path.split(".")
        assert part(tuple(names))["properties"][last]["description"] == DESCRIPTIONS[path]


def test_it_is_a_new_object_every_time() -> None:
    json_schema()["properties"].clear()
    assert json_schema() == SCHEMA


def _toml(value: Mapping[str, Any]) -> str:
    """One inline value for each top-level key: TOML enough for the reader."""
    return "".join(f"{name} = {_inline(inner)}\n" for name, inner in value.items())


def _inline(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f'"{name}" = {_inline(inner)}' for name, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_inline(item) for item in value) + "]"
    return str(value).lower() if isinstance(value, bool) else f'"{value}"' if isinstance(value, str) else str(value)
