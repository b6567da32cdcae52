"""Which tests a submission has, which of them count, and what stands in them that should not."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from verif.selftest.checks import Reach
from verif.selftest.drift import Drift, drift_of
from verif.selftest.source import Definition, Module, SourceError, definitions, read_module

MAX_TESTS = 200
Why = Literal["", "unchecked", "expects", "skipped", "meddles"]
_TESTS = {"cocotb.test", "pyuvm.test"}
_EXITS = {"os._exit", "os.abort", "os.kill", "os.execv", "os.execve", "os.fork", "sys.exit"}
_INSIDE = re.compile(r"cocotb\.(_\w+|regression\.(?!TestFactory)\w+|simulator)\b.*|ctypes\b.*|pygpi\b.*")
_FILES = re.compile(r"results\.xml|COCOTB_RESULTS_FILE|\.assay(/.*)?")


@dataclass(frozen=True, slots=True)
class Test:
    """One test as it stands in a file. `why` is empty for one that counts: a test that could fail, and should not.

    unchecked: it reaches nothing that could fail. expects: it passes by failing. skipped: it says that it is not to be run.
    meddles: it reaches into the runner; `detail` names the word and `line` then is where it stands.
    """

    module: str
    file: str
    line: int
    name: str
    why: Why = ""
    detail: str = ""
    drift: bool = False  # it, or its file, was written for cocotb 1


@dataclass(frozen=True, slots=True)
class Scan:
    """All tests in the order of their files, and every place written for cocotb 1."""

    tests: tuple[Test, ...]
    drift: tuple[Drift, ...]

    @property
    def counted(self) -> tuple[Test, ...]:
        """The tests that count."""
        return tuple(test for test in self.tests if not test.why)


def scan(root: Path, files: Sequence[str], others: Sequence[str]) -> Scan:
    """The tests of `files`; what they reach may lie in any of `others`, too. Nothing of either is executed.

    Raises:
        SourceError: one of `files` cannot be read. One of `others` that cannot be read is left out.
    """
    tested = [read_module(root, file) for file in files]
    helpers = [module for module in (_readable(root, file) for file in others if file not in files) if module is not None]
    try:
        return _scanned(root, tested, helpers)
    except RecursionError:
        raise SourceError("nested too deeply") from None


def _scanned(root: Path, tested: Sequence[Module], helpers: Sequence[Module]) -> Scan:
    reach = Reach([*tested, *helpers])
    drift = [one for module in (*tested, *helpers) for one in drift_of(module)]
    aged = {one.file for one in drift}
    homes = {id(node): module for module in (*tested, *helpers) for node in definitions(module)}
    tests = [_test(root, module, node, reach, homes, aged) for module in tested for node in _tests(module)]
    return Scan(tuple(tests), tuple(drift))


def _readable(root: Path, file: str) -> Module | None:
    try:
        return read_module(root, file)
    except SourceError:
        return None


def module_name(root: Path, file: str) -> tuple[str, str]:
    """(name to import a file by, folder that must be on Python's path): dotted when the file lies in packages."""
    path = PurePosixPath(file)
    parts, folder = [path.stem], path.parent
    while folder.parts and (root / folder / "__init__.py").is_file():
        parts.insert(0, folder.name)
        folder = folder.parent
    return ".".join(parts), folder.as_posix()


def _tests(module: Module) -> Iterator[Definition]:
    """Definitions at the top of the file that cocotb or pyuvm would take for tests."""
    for node in module.tree.body:
        if isinstance(node, Definition) and any(_mark(module, mark) in _TESTS for mark in node.decorator_list):
            yield node
    calls = [node for node in ast.walk(module.tree) if isinstance(node, ast.Call) and _is_factory(module, node)]
    made = {ast.unparse(call.args[0]) for call in calls if call.args}
    for node in module.tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name in made:
            yield node


def _mark(module: Module, mark: ast.expr) -> str:
    return module.dotted(mark.func if isinstance(mark, ast.Call) else mark)


def _is_factory(module: Module, node: ast.Call) -> bool:
    return module.dotted(node.func).endswith("regression.TestFactory")


def _test(root: Path, module: Module, node: Definition, reach: Reach, homes: dict[int, Module], aged: set[str]) -> Test:
    name, _ = module_name(root, module.file)
    reached = reach.reached(node)
    places = {homes[id(one)].file for one in reached if id(one) in homes} | {module.file}
    about = (name, module.file, node.lineno, node.name)
    drift = bool(places & aged)
    if why := _declared(module, node):
        return Test(*about, why=why, drift=drift)
    scope = [(homes.get(id(one), module), one) for one in reached] + [(module, one) for one in _loose(module)]
    for home, one in scope:
        if found := _meddles(home, one):
            return Test(name, home.file, found[1], node.name, "meddles", found[0], drift)
    return Test(*about, why="" if reach.can_fail(node) else "unchecked", drift=drift)


def _loose(module: Module) -> Iterator[ast.stmt]:
    """Statements that run when the file is imported."""
    yield from (node for node in module.tree.body if not isinstance(node, Definition | ast.Import | ast.ImportFrom))


def _declared(module: Module, node: Definition) -> Why:
    """What the decorators say of a test that cannot count."""
    for mark in node.decorator_list:
        if _mark(module, mark) == "cocotb.xfail":
            return "expects"
        for keyword in mark.keywords if isinstance(mark, ast.Call) else ():
            off = isinstance(keyword.value, ast.Constant) and not keyword.value.value
            empty = isinstance(keyword.value, ast.Tuple | ast.List) and not keyword.value.elts
            if keyword.arg in {"expect_fail", "expect_error"} and not off and not empty:
                return "expects"
            if keyword.arg == "skip" and not off:
                return "skipped"
    return ""


def _meddles(module: Module, node: ast.AST) -> tuple[str, int] | None:
    """(word, line) of the first thing below `node` that reaches into the runner or ends the process."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Attribute | ast.Name):
            dotted = module.dotted(inner)
            if dotted in _EXITS or _INSIDE.fullmatch(dotted):
                return dotted, inner.lineno
        if isinstance(inner, ast.Constant) and isinstance(inner.value, str) and _FILES.fullmatch(inner.value):
            return inner.value, inner.lineno
    return None
