"""Python files of a submission as syntax trees: parsed, bounded, never imported or compiled."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

MAX_BYTES = 1 << 20
MAX_FILES = 400
_MAX_NODES = 200_000
Function = ast.FunctionDef | ast.AsyncFunctionDef
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


class SourceError(ValueError):
    """A file cannot be read as Python. `line` is 0 when no line is to blame."""

    def __init__(self, reason: str, line: int = 0) -> None:
        super().__init__(reason)
        self.reason, self.line = reason, line


@dataclass(frozen=True)
class Module:
    """One file: `file` is its path in the submission, `tree` its syntax."""

    file: str
    tree: ast.Module

    @cached_property
    def imports(self) -> Mapping[str, str]:
        """Name in this file -> what it was imported as: `test` -> `cocotb.test`, `np` -> `numpy`."""
        found: dict[str, str] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                found |= {
                    a.asname or a.name.partition(".")[0]: a.name if a.asname else a.name.partition(".")[0]
                    for a in node.names
                }
            elif isinstance(node, ast.ImportFrom):
                found |= {alias.asname or alias.name: f"{node.module or ''}.{alias.name}" for alias in node.names}
        return found

    def dotted(self, node: ast.AST) -> str:
        """`cocotb.triggers.Timer` for any spelling of it in this file; empty for what is no plain dotted name."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return ""
        return ".".join([self.imports.get(node.id, node.id), *reversed(parts)])


def read_module(root: Path, file: str) -> Module:
    """The file `file` below `root`.

    Raises:
        SourceError: too large, not text, not Python, nested too deeply.
    """
    data = (root / file).read_bytes()
    if len(data) > MAX_BYTES:
        raise SourceError(f"more than {MAX_BYTES} bytes")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a stranger's escapes
            tree = ast.parse(data.decode(), file)
        if sum(1 for _ in ast.walk(tree)) > _MAX_NODES:
            raise SourceError(f"more than {_MAX_NODES} nodes")
    except SyntaxError as error:
        raise SourceError(str(error.msg)[:200], error.lineno or 0) from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise SourceError(type(error).__name__) from None
    return Module(file, tree)


def definitions(module: Module) -> Iterator[Definition]:
    """Every function and class of a file, also nested ones."""
    for node in ast.walk(module.tree):
        if isinstance(node, Definition):
            yield node


def names_used(node: ast.AST) -> frozenset[str]:
    """Every name and attribute that stands anywhere below `node`."""
    found = {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}
    return frozenset(found | {inner.attr for inner in ast.walk(node) if isinstance(inner, ast.Attribute)})
