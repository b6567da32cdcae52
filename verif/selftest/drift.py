"""What was written for cocotb 1 and means nothing, or something else, to cocotb 2."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from verif.selftest.source import Module

MAX_SITES = 100
# Dotted name -> what to use instead.
_NAMES = {
    "cocotb.fork": "cocotb.start_soon(...)",
    "cocotb.coroutine": "async def",
    "cocotb.hook": "code at the top of the module",
    "cocotb.function": "cocotb.task.resume",
    "cocotb.external": "cocotb.task.bridge",
    "cocotb.scheduler": "cocotb.start_soon(...)",
    "cocotb.regression.TestFactory": "@cocotb.parametrize(...)",
    "cocotb.result.TestFailure": "assert",
    "cocotb.result.TestError": "raise of any exception",
    "cocotb.result.TestSuccess": "cocotb.pass_test()",
    "cocotb.result.ReturnValue": "return",
    "cocotb.result.SimFailure": "cocotb.regression.SimFailure",
    "cocotb.result.SimTimeoutError": "cocotb.triggers.SimTimeoutError",
    "cocotb.result.raise_error": "raise",
    "cocotb.result.create_error": "raise",
    "cocotb.binary.BinaryValue": "cocotb.types.LogicArray",
    "cocotb.binary.BinaryRepresentation": "LogicArray.to_signed() and to_unsigned()",
    "cocotb.decorators": "cocotb",
    "cocotb.bus": "the package cocotb-bus",
    "cocotb.drivers": "the package cocotb-bus",
    "cocotb.monitors": "the package cocotb-bus",
    "cocotb.scoreboard": "the package cocotb-bus",
    "cocotb.generators": "Python's own generators",
    "cocotb.memdebug": "nothing; it was removed",
    "cocotb.runner": "cocotb_tools.runner",
    "cocotb.config": "cocotb_tools.config",
}
# Attributes of a value or handle -> what to use instead; those of `value` only behind `.value`.
_OF_VALUE = {
    "integer": "int(x.value) or x.value.to_unsigned()",
    "signed_integer": "x.value.to_signed()",
    "binstr": "str(x.value)",
    "buff": "x.value.to_bytes(byteorder=...)",
    "n_bits": "len(x.value)",
    "get_value": "int(x.value)",
    "get_binstr": "str(x.value)",
}
_OF_HANDLE = {"setimmediatevalue": "x.set(Immediate(...))", "_discover_all": "iteration over the handle"}
_ENVIRONMENT = {
    "MODULE": "COCOTB_TEST_MODULES",
    "TOPLEVEL": "COCOTB_TOPLEVEL",
    "TESTCASE": "COCOTB_TEST_FILTER",
    "RANDOM_SEED": "COCOTB_RANDOM_SEED",
    "PLUSARGS": "COCOTB_PLUSARGS",
}
_UNITS = {"Timer", "Clock", "get_sim_time", "get_sim_steps", "get_time_from_sim_steps", "with_timeout", "convert"}


@dataclass(frozen=True, slots=True)
class Drift:
    """One place: what stands there, what cocotb 2 has instead."""

    file: str
    line: int
    column: int
    found: str
    instead: str


def drift_of(module: Module) -> Iterator[Drift]:
    """Every place in a file that was written for cocotb 1, each line and word once, in the order of the text."""
    found = {(d.line, d.column, d.found): d for node in ast.walk(module.tree) for d in _at(module, node)}
    yield from (found[key] for key in sorted(found)[:MAX_SITES])


def _at(module: Module, node: ast.AST) -> Iterator[Drift]:
    for found, instead in _spelled(module, node):
        yield Drift(module.file, getattr(node, "lineno", 1), getattr(node, "col_offset", 0) + 1, found, instead)


def _spelled(module: Module, node: ast.AST) -> Iterator[tuple[str, str]]:
    """(what stands there, what to use instead) of one node."""
    if isinstance(node, ast.ImportFrom | ast.Import):
        start = f"{node.module or ''}." if isinstance(node, ast.ImportFrom) else ""
        yield from (one for alias in node.names for one in _name(f"{start}{alias.name}"))
    elif isinstance(node, ast.Attribute):
        yield from _attribute(module, node)
    elif isinstance(node, ast.Call):
        yield from _call(module, node)
    elif isinstance(node, ast.Expr):
        yield from _assignment(node)
    elif isinstance(node, ast.FunctionDef):
        yield from _generator(module, node)


def _name(dotted: str) -> Iterator[tuple[str, str]]:
    """The name itself, or the module that it stands in."""
    module = ".".join(dotted.split(".")[:2])
    for name in dict.fromkeys((dotted, module)):
        if name in _NAMES:
            yield dotted, _NAMES[name]
            return
    if module == "cocotb.result":
        yield dotted, "assert, or an exception of Python's"


def _attribute(module: Module, node: ast.Attribute) -> Iterator[tuple[str, str]]:
    dotted = module.dotted(node)
    if dotted.startswith("cocotb."):
        yield from _name(dotted)
    elif node.attr in _OF_HANDLE:
        yield f".{node.attr}", _OF_HANDLE[node.attr]
    elif node.attr in _OF_VALUE and isinstance(node.value, ast.Attribute) and node.value.attr == "value":
        yield f".value.{node.attr}", _OF_VALUE[node.attr]


def _call(module: Module, node: ast.Call) -> Iterator[tuple[str, str]]:
    name = module.dotted(node.func)
    if any(keyword.arg == "units" for keyword in node.keywords) and name.rpartition(".")[2] in _UNITS:
        yield "units=", "unit="
    first = node.args[0] if node.args else None
    if name in {"os.getenv", "os.environ.get"} and isinstance(first, ast.Constant) and first.value in _ENVIRONMENT:
        yield str(first.value), _ENVIRONMENT[str(first.value)]


def _assignment(node: ast.Expr) -> Iterator[tuple[str, str]]:
    """`dut.x <= 1` as a statement was an assignment once."""
    test = node.value
    if (
        isinstance(test, ast.Compare)
        and isinstance(test.ops[0], ast.LtE)
        and isinstance(test.left, ast.Attribute | ast.Subscript)
    ):
        yield "<=", ".value = ..."


def _generator(module: Module, node: ast.FunctionDef) -> Iterator[tuple[str, str]]:
    """A test that is no `async def`."""
    wanted = {module.dotted(mark.func if isinstance(mark, ast.Call) else mark) for mark in node.decorator_list}
    if "cocotb.test" in wanted:
        yield f"def {node.name}", f"async def {node.name}"
