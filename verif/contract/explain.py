"""Math lines as a report prints them: one spelling, canonical rounding names, no superfluous brackets."""

from __future__ import annotations

from verif.contract.model import Operation
from verif.contract.nodes import Node
from verif.contract.syntax import parse_math

_ORDER = ("if", "or", "and", "==", "|", "^", "&", "<<", "+", "*", "neg", "**", "atom")
_SAME = {
    "!=": "==", "<": "==", "<=": "==", ">": "==", ">=": "==", ">>": "<<", "-": "+", "//": "*", "%": "*", "/": "*",
    "inv": "neg",
}  # fmt: skip
_NAMED = {"call", "float", "real"}
_CALLS = _NAMED | {"index", "cast", "relu", "round", "divide", "outside"}
_COMPARE = {"==", "!=", "<", "<=", ">", ">="}


def explain(operation: Operation) -> tuple[str, ...]:
    """The operation's math lines in canonical form, in order."""
    lines = []
    for text in operation.math:
        line = parse_math(text.value)
        lines.append(f"{line.target}[{', '.join(line.indices)}] = {shown(line.body)}")
    return tuple(lines)


def shown(node: Node) -> str:
    """One expression in canonical form; parsing it again gives the same tree."""
    if node.op in {"num", "name", "decimal"}:
        return node.name or str(node.value)
    if node.op in _CALLS:
        return _call(node)
    if node.op in {"sum", "accsat", "fold"}:
        limits = "".join(f"{shown(arg)}, " for arg in node.args[:-1]) + (f"{node.name}, " if node.op == "fold" else "")
        binders = " ".join(f"for {name} in {_at(extent, 'or')}" for name, extent in node.binders)
        return f"{node.op}({limits}{shown(node.args[-1])} {binders})"
    if node.op == "if":
        test, then, other = node.args
        return f"{_at(then, 'or')} if {_at(test, 'or')} else {shown(other)}"
    if node.op in {"neg", "inv"}:
        return ("-" if node.op == "neg" else "~") + _at(node.args[0], "neg")
    return _operator(node)


def _call(node: Node) -> str:
    args = [shown(arg) for arg in node.args] + ([node.name] if node.op in {"round", "divide"} else [])
    if node.op == "index" and node.value:
        return f"lut({node.name}, {args[0]})"
    if node.op == "index":
        return f"{node.name}[{', '.join(args)}]"
    function = f"{node.name}{node.value}" if node.op == "cast" else node.name if node.op in _NAMED else node.op
    return f"{function}({', '.join(args)})"


def _operator(node: Node) -> str:
    level = _level(node)
    if node.op in {"and", "or"}:
        return f" {node.op} ".join(_at(arg, level, above=True) for arg in node.args)
    left, right = node.args
    first = _at(left, level, above=node.op == "**" or node.op in _COMPARE)
    second = _at(right, "neg") if node.op == "**" else _at(right, level, above=True)
    return f"{first} {node.op} {second}"


def _level(node: Node) -> str:
    return node.op if node.op in _ORDER else _SAME.get(node.op, "atom")


def _at(node: Node, level: str, *, above: bool = False) -> str:
    """The expression, in brackets when it binds less tightly than `level` (or not more, when `above`)."""
    own, least = _ORDER.index(_level(node)), _ORDER.index(level) + int(above)
    return f"({shown(node)})" if own < least else shown(node)
