"""Which expressions are real numbers, told from the text alone; and that nothing uses one where an integer must stand."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from verif.contract.model import Operation
from verif.contract.nodes import Assignment, ExprError, Node

_WHOLE = {"inv", "//", "%", "**", "<<", ">>", "&", "|", "^", "divide", "cast", "accsat"}
_WHOLE_CALLS = {"ceildiv", "clog2", "bits"}
_TRUTH = {"==", "!=", "<", "<=", ">", ">=", "and", "or"}
_REAL = {"decimal", "float", "real", "/"}


def real_tensors(operation: Operation) -> frozenset[str]:
    """Tensors whose elements are floats."""
    return frozenset(name for name, kind in operation.tensors.items() if kind.form)


def is_real(node: Node, tensors: Collection[str], names: Collection[str] = ()) -> bool:
    """Whether the value is a real number; `tensors` and `names` are those that hold one.

    Raises ExprError `real` for one that stands where only an integer can: an index, an extent, a shift, `//`, `iN(..)`.
    """
    for _, extent in node.binders:
        _whole(extent, tensors, names)
    if node.op == "fold":
        return _fold(node, tensors, names)
    found = [is_real(arg, tensors, names) for arg in node.args]
    for arg in _integers(node, found):
        raise ExprError("real", arg)
    if node.op in {"name", "index"}:
        return node.name in (names if node.op == "name" else tensors)
    if node.op == "if":
        return found[1] or found[2]
    return node.op in _REAL or (any(found) and node.op not in _TRUTH and node.op != "round")


def _integers(node: Node, found: list[bool]) -> Iterator[Node]:
    """Arguments that are real and may not be."""
    all_whole = node.op in _WHOLE or node.op == "index" or (node.op == "call" and node.name in _WHOLE_CALLS)
    for position, (arg, real) in enumerate(zip(node.args, found, strict=True)):
        if real and (all_whole or (node.op == "round" and position == 1)):
            yield arg


def _whole(node: Node, tensors: Collection[str], names: Collection[str]) -> None:
    if is_real(node, tensors, names):
        raise ExprError("real", node)


def _fold(node: Node, tensors: Collection[str], names: Collection[str]) -> bool:
    """Real when its first value or its body is; the accumulator is then real in the body too."""
    if is_real(node.args[0], tensors, names):
        is_real(node.args[1], tensors, {*names, node.name})
        return True
    if not is_real(node.args[1], tensors, set(names) - {node.name}):
        return False
    return is_real(node.args[1], tensors, {*names, node.name})


def check_line(line: Assignment, tensors: Collection[str]) -> None:
    """Raises ExprError `real` when a real number is used as an integer, or assigned to a tensor of integers."""
    if is_real(line.body, tensors) and line.target not in tensors:
        raise ExprError("real", line.body)
