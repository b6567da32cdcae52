"""A manifest around one operation: every input tensor on a channel of its own, every result on one, element by element."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from verif.contract.check import check_contract
from verif.contract.diagnostic import Diagnostic
from verif.contract.model import Contract
from verif.contract.read import read_manifest
from verif.golden.evaluate import evaluate

HEAD = """
[contract]
version = "1.0"
profile = "axis"
[design]
name = "d"
top = "d"
files = ["d.sv"]
[[clock]]
port = "clk"
[[reset]]
port = "rst"
"""
Write = Callable[..., str]
Checked = Callable[[str], list[Diagnostic]]
Run = Callable[..., dict[str, Any]]


def inline(value: object) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{json.dumps(key)} = {inline(inner)}" for key, inner in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(inline(inner) for inner in value) + "]"
    return json.dumps(value)


def stream(name: str, kind: str) -> str:
    dims = kind[kind.index("[") + 1 : kind.index("]")].split(",")
    loops = [f"a{axis}: {dim.strip()}" for axis, dim in enumerate(dims)]
    element = f"{name}[{','.join(f'a{axis}' for axis in range(len(dims)))}]"
    fields = inline({"data": f"pack({element})"})
    return f"[[operation.stream]]\nchannel = {inline('c_' + name)}\nloops = {inline(loops)}\nfields = {fields}\n"


def channel(name: str, way: str) -> str:
    return (
        f'[[channel]]\nid = "c_{name}"\ndir = "{way}"\nhandshake = "ready_valid"\n'
        f'valid = "{name}_valid"\nready = "{name}_ready"\nfields = {{ data = "{name}_data" }}\n'
    )


@pytest.fixture
def manifest() -> Write:
    """Text of a manifest; `shown` are the results that cross the pins, `sections` what stands beside the operation."""

    def write(
        operation: Mapping[str, Any],
        tensors: Mapping[str, str],
        shown: Sequence[str],
        sections: Mapping[str, Any] | None = None,
    ) -> str:
        given = {"id": "op", "max_cycles": 100, **operation, "tensors": tensors}
        inputs = [name for name in tensors if name not in shown and name not in given.get("inner", ())]
        given.pop("inner", None)
        crossing = [*inputs, *shown]
        given["steps"] = [{"run": [f"c_{name}" for name in crossing]}]
        parts = [HEAD, *(f"{name} = {inline(value)}\n" for name, value in given.items())]
        parts[0] += "".join(channel(name, "out" if name in shown else "in") for name in crossing)
        parts[0] += "".join(
            f"[{n}]\n" + "".join(f"{k} = {inline(v)}\n" for k, v in s.items()) for n, s in (sections or {}).items()
        )
        parts[0] += "[[operation]]\n"
        return "".join([*parts, *(stream(name, tensors[name]) for name in crossing)])

    return write


@pytest.fixture
def checked() -> Checked:
    """Everything that reading and checking says of a manifest."""

    def check(text: str) -> list[Diagnostic]:
        contract, found = read_manifest(text)
        return found if contract is None else check_contract(contract)

    return check


@pytest.fixture
def run() -> Run:
    """The tensors that the golden model gives for a manifest that has nothing wrong with it."""

    def evaluated(text: str, inputs: Mapping[str, Any], **variables: int) -> dict[str, Any]:
        contract, found = read_manifest(text)
        assert isinstance(contract, Contract), found
        wrong = [item for item in check_contract(contract) if item.severity == "error"]
        assert wrong == []
        return evaluate(contract, contract.operations[0], variables, {name: np.asarray(x) for name, x in inputs.items()})

    return evaluated
