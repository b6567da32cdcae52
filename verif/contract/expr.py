"""Evaluates integer expressions (`E`) over named integers: exact, bounded, lazy where the grammar is lazy."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from verif.contract.nodes import MAX_BITS, ExprError, Node, near
from verif.contract.syntax import parse_expr


def evaluate(text: str, names: Mapping[str, int]) -> int:
    """The value of `text`; raises ExprError. Comparisons, `and` and `or` give 1 or 0; `//` and `%` floor."""
    return evaluate_node(parse_expr(text), names)


def evaluate_node(node: Node, names: Mapping[str, int]) -> int:
    """The value of a parsed expression; raises ExprError."""
    if node.op == "num":
        return bounded(node.value, node)
    if node.op == "name":
        if node.name not in names:
            raise ExprError("name", node, name=node.name, suggestion=near(node.name, names))
        return names[node.name]
    if node.op in {"if", "and", "or"}:
        return _lazy(node, names)
    function = _OPERATIONS.get(node.name if node.op == "call" else node.op)
    if function is None:
        code = "tensor" if node.op == "index" else "construct"
        raise ExprError(code, node, name=node.name, suggestion="")
    return bounded(function(node, *(evaluate_node(arg, names) for arg in node.args)), node)


def bounded(value: int, node: Node) -> int:
    """`value`, unless it takes more than 4096 bits."""
    if value.bit_length() > MAX_BITS:
        raise ExprError("large", node, limit=str(MAX_BITS))
    return value


def cast(value: int, bits: int, *, signed: bool) -> int:
    """`value` wrapped to `bits` bits, two's complement when signed."""
    low = value & ((1 << bits) - 1)
    return low - (1 << bits) if signed and low >> (bits - 1) else low


def clog2(value: int) -> int:
    """Bits needed to count `value` things: 0 for 0 and 1, as in SystemVerilog."""
    return max(value - 1, 0).bit_length()


def _lazy(node: Node, names: Mapping[str, int]) -> int:
    if node.op == "if":
        return evaluate_node(node.args[1] if evaluate_node(node.args[0], names) else node.args[2], names)
    parts = (bool(evaluate_node(arg, names)) for arg in node.args)
    return int(all(parts) if node.op == "and" else any(parts))


def _divide(node: Node, a: int, b: int) -> int:
    if b == 0:
        raise ExprError("zero", node)
    return a // b


def _modulo(node: Node, a: int, b: int) -> int:
    if b == 0:
        raise ExprError("zero", node)
    return a % b


def _ceildiv(node: Node, a: int, b: int) -> int:
    return -_divide(node, -a, b)


def _power(node: Node, a: int, b: int) -> int:
    if b < 0:
        raise ExprError("negative", node)
    if abs(a) > 1 and (a.bit_length() - 1) * b > MAX_BITS:
        raise ExprError("large", node, limit=str(MAX_BITS))
    return int(a**b)


def _left(node: Node, a: int, b: int) -> int:
    if b < 0:
        raise ExprError("negative", node)
    if b > MAX_BITS:
        raise ExprError("large", node, limit=str(MAX_BITS))
    return a << b


def _right(node: Node, a: int, b: int) -> int:
    if b < 0:
        raise ExprError("negative", node)
    return a >> min(b, MAX_BITS + 1)


def _bits(node: Node, value: int, hi: int, lo: int) -> int:
    if not 0 <= lo <= hi < MAX_BITS:
        raise ExprError("negative", node)
    return (value >> lo) & ((1 << (hi - lo + 1)) - 1)


_OPERATIONS: dict[str, Callable[..., int]] = {
    "+": lambda _, a, b: a + b,
    "-": lambda _, a, b: a - b,
    "*": lambda _, a, b: a * b,
    "//": _divide,
    "%": _modulo,
    "**": _power,
    "<<": _left,
    ">>": _right,
    "&": lambda _, a, b: a & b,
    "|": lambda _, a, b: a | b,
    "^": lambda _, a, b: a ^ b,
    "neg": lambda _, a: -a,
    "inv": lambda _, a: ~a,
    "==": lambda _, a, b: int(a == b),
    "!=": lambda _, a, b: int(a != b),
    "<": lambda _, a, b: int(a < b),
    "<=": lambda _, a, b: int(a <= b),
    ">": lambda _, a, b: int(a > b),
    ">=": lambda _, a, b: int(a >= b),
    "min": lambda _, *a: min(a),
    "max": lambda _, *a: max(a),
    "abs": lambda _, a: abs(a),
    "clip": lambda _, a, lo, hi: min(max(a, lo), hi),
    "ceildiv": _ceildiv,
    "clog2": lambda _, a: clog2(a),
    "bits": _bits,
    "cast": lambda node, a: cast(a, node.value, signed=node.name == "i"),
}
