"""Could this test ever fail? An assertion, a raise, or a call of something that compares, anywhere that it reaches."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence

from verif.selftest.source import Definition, Module, definitions, names_used

_MOST_REACHED = 2000
# Names by which comparing helpers go. One that the submission defines itself counts for what its body does.
_COMPARES = re.compile(r"assert_\w+|assert[A-Z]\w*|expect(_\w+)?|scoreboard\w*|compare\w*|raises|approx|fail")
_SWALLOWED = {"", "Exception", "BaseException", "AssertionError"}


class Reach:
    """Everything that the submission's Python defines, by name, and what is reached from where."""

    def __init__(self, modules: Sequence[Module]) -> None:
        self.defined: dict[str, list[Definition]] = {}
        for module in modules:
            for node in definitions(module):
                self.defined.setdefault(node.name, []).append(node)

    def reached(self, start: ast.AST) -> Sequence[ast.AST]:
        """`start` and every definition of the submission whose name stands in something reached already."""
        found: dict[int, ast.AST] = {id(start): start}
        waiting = [start]
        while waiting and len(found) < _MOST_REACHED:
            for name in names_used(waiting.pop()):
                for node in self.defined.get(name, ()):
                    if id(node) not in found:
                        found[id(node)] = node
                        waiting.append(node)
        return list(found.values())

    def can_fail(self, start: ast.AST) -> bool:
        """Something reached can fail of its own will."""
        return any(_checks(node, self.defined) for node in self.reached(start))


def _checks(node: ast.AST, defined: Mapping[str, object]) -> bool:
    return any(_is_check(inner, defined) for inner in _unswallowed(node))


def _unswallowed(node: ast.AST) -> Iterator[ast.AST]:
    """Everything below `node` except what stands in a `try` that swallows failures, and what is never reached."""
    yield node
    for child in ast.iter_child_nodes(node):
        if isinstance(node, ast.Try) and child in node.body and any(map(_swallows, node.handlers)):
            continue
        if isinstance(node, ast.If) and child in (node.orelse if _constant(node.test) else node.body) and _known(node.test):
            continue
        yield from _unswallowed(child)


def _swallows(handler: ast.ExceptHandler) -> bool:
    """The handler catches failures and does nothing that fails."""
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    names = {"" if kind is None else ast.unparse(kind).rpartition(".")[2] for kind in kinds}
    acts = any(isinstance(inner, ast.Raise | ast.Assert) for statement in handler.body for inner in ast.walk(statement))
    return bool(names & _SWALLOWED) and not acts


def _is_check(node: ast.AST, defined: Mapping[str, object]) -> bool:
    if isinstance(node, ast.Assert):
        return not _always_true(node.test)
    if isinstance(node, ast.Raise):
        return True
    if isinstance(node, ast.Call):
        name = _called(node)
        return name not in defined and bool(_COMPARES.fullmatch(name))
    return False


def _called(node: ast.Call) -> str:
    function = node.func
    return function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else ""


def _always_true(test: ast.expr) -> bool:
    """A constant that holds, a non-empty tuple, or a value compared with itself."""
    if _known(test):
        return _constant(test)
    if isinstance(test, ast.Tuple):
        return bool(test.elts)
    if not isinstance(test, ast.Compare) or len(test.ops) != 1:
        return False
    same = ast.dump(test.left) == ast.dump(test.comparators[0])
    return same and isinstance(test.ops[0], ast.Eq | ast.Is | ast.LtE | ast.GtE)


def _known(test: ast.expr) -> bool:
    """The value is known without running anything."""
    inner = test.operand if isinstance(test, ast.UnaryOp) else test
    return isinstance(inner, ast.Constant)


def _constant(test: ast.expr) -> bool:
    """The truth of a value that is known."""
    if isinstance(test, ast.UnaryOp):
        return not _constant(test.operand) if isinstance(test.op, ast.Not) else _constant(test.operand)
    return isinstance(test, ast.Constant) and bool(test.value)
