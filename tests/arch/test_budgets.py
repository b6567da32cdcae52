"""Size budgets and habits of the house, measured on the tree."""

import ast
import statistics
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted(path for package in ("pipeline", "verif") for path in (ROOT / package).rglob("*.py"))


def functions(path: Path) -> list[tuple[str, int]]:
    tree = ast.parse(path.read_text())
    found = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return [(f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", body_lines(node)) for node in found]


def body_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of the body without its docstring."""
    first = node.body[1] if ast.get_docstring(node) and len(node.body) > 1 else node.body[0]
    return (node.end_lineno or node.lineno) - first.lineno + 1


def test_files_keep_their_budget() -> None:
    sizes = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in SOURCES}
    assert {name: size for name, size in sizes.items() if size > 400} == {}
    assert statistics.median(sizes.values()) <= 150


def test_functions_keep_their_budget() -> None:
    sizes = dict(pair for path in SOURCES for pair in functions(path))
    assert {name: size for name, size in sizes.items() if size > 50} == {}
    assert statistics.median(sizes.values()) <= 10


@pytest.mark.parametrize("word", ["TODO", "FIXME", "NotImplementedError", "task_always_eager"])
def test_refused_words(word: str) -> None:
    assert [str(path) for path in SOURCES if word in path.read_text()] == []


def test_swallowing_every_exception_is_refused() -> None:
    silent = []
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ExceptHandler) and all(isinstance(line, ast.Pass) for line in node.body):
                wide = node.type is None or (
                    isinstance(node.type, ast.Name) and node.type.id in {"Exception", "BaseException"}
                )
                silent += [f"{path}:{node.lineno}"] if wide else []
    assert silent == []


def test_top_level_is_as_agreed() -> None:
    agreed = {"rtl", "verif", "pipeline", "docker", "tests", "seeds", "Makefile", "README.md"}
    tools = {"pyproject.toml", "requirements.lock", "CHANGELOG.md", "LICENSE"}
    present = {path.name for path in ROOT.iterdir() if not path.name.startswith(".") and not path.name.endswith(".egg-info")}
    assert present - tools - {"build"} == agreed
