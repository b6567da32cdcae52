"""Parses expressions, math lines and packers: Python's own grammar through `ast`, then a whitelist. Nothing is executed."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache

from verif.contract import floats, rounding
from verif.contract.nodes import MAX_DEPTH, MAX_LENGTH, Assignment, ExprError, Node, near

_BINARY: dict[type[ast.operator], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.FloorDiv: "//", ast.Mod: "%", ast.Pow: "**",
    ast.LShift: "<<", ast.RShift: ">>", ast.BitAnd: "&", ast.BitOr: "|", ast.BitXor: "^",
}  # fmt: skip
_COMPARE: dict[type[ast.cmpop], str] = {
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
}  # fmt: skip
FUNCTIONS = {
    "min": (1, 16), "max": (1, 16), "abs": (1, 1), "clip": (3, 3), "ceildiv": (2, 2), "clog2": (1, 1), "bits": (3, 3),
}  # fmt: skip
MAX_CAST = 1024  # bits
_MATH = ("sum", "accsat", "round", "relu", "lut", "outside", "fold", "divide", "exp", "sqrt", *floats.FORMATS)
_PACK = ("pad", "any")
_CAST = re.compile(r"([iu])([1-9]\d{0,3})")
_FOREIGN = re.compile(r"[^A-Za-z0-9_ .,()\[\]+\-*/%<>&|^~=!]")
_NUMBER = re.compile(r"(?<![A-Za-z0-9_])\d\w*")
_INTEGER = re.compile(r"0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|\d[\d_]*")
_ASSIGN = re.compile(r"\s*([A-Za-z_]\w*)\s*\[([^\]]*)\]\s*=(?!=)")
_STRUCTURE = re.compile(r"[(\[\]),]|\bfor\b")
_NAME = re.compile(r"[A-Za-z_]\w*")


@lru_cache(maxsize=4096)
def parse_expr(text: str) -> Node:
    """The integer expression `E` in `text`; raises ExprError."""
    return _Builder(()).build(_tree(text, 0))


@lru_cache(maxsize=4096)
def parse_math(text: str) -> Assignment:
    """The math line `R[i,j] = E`; raises ExprError."""
    match = _ASSIGN.match(text)
    if not match:
        raise ExprError("syntax", (0, max(1, len(text))), detail="R[i,j] = expression")
    indices = tuple(part.strip() for part in match[2].split(","))
    bad = next((index for index in indices if not _NAME.fullmatch(index)), None)
    if bad is not None or len(set(indices)) != len(indices):
        raise ExprError("syntax", (match.start(2), max(1, len(match[2]))), detail="distinct index names on the left")
    return Assignment(match[1], indices, _Builder(_MATH).build(_tree(text, match.end())), match.start(1))


@lru_cache(maxsize=4096)
def parse_body(text: str) -> Node:
    """What may stand on the right side of a math line; raises ExprError."""
    return _Builder(_MATH).build(_tree(text, 0))


@lru_cache(maxsize=4096)
def parse_pack(text: str) -> Node:
    """The packer `pack(item, ..)`, or the single expression that stands for a whole field; raises ExprError."""
    return _Builder(_PACK).field(_tree(text, 0))


def _tree(text: str, start: int) -> ast.expr:
    """Python's tree of `text[start:]`, with columns that count from the start of `text`."""
    if len(text) > MAX_LENGTH:
        raise ExprError("long", (0, 1), limit=str(MAX_LENGTH))
    flat = re.sub(r"[\n\t]", " ", text)
    foreign = _FOREIGN.search(flat, start)
    if foreign:
        raise ExprError("syntax", (foreign.start(), 1), detail=f"no {foreign[0]!a} in an expression")
    for number in _NUMBER.finditer(flat, start):
        if not _INTEGER.fullmatch(number[0]):
            raise ExprError("syntax", (number.start(), len(number[0])), detail="an integer")
    begin = start + len(flat[start:]) - len(flat[start:].lstrip())
    return _python(flat, begin)


def _python(flat: str, begin: int) -> ast.expr:
    text, places = _bracketed(flat[begin:])
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            body = ast.parse(text, mode="eval").body
    except SyntaxError as error:
        offset = places[min(max((error.offset or 1) - 1, 0), len(text))] + begin
        raise ExprError("syntax", (min(offset, max(len(flat) - 1, 0)), 1), detail="an expression") from None
    except (ValueError, MemoryError, RecursionError):
        raise ExprError("deep", (0, 1), limit=str(MAX_DEPTH)) from None
    for node in ast.walk(body):
        if isinstance(node, ast.expr):
            node.end_col_offset = places[(node.end_col_offset or 1) - 1] + 1 + begin
            node.col_offset = places[node.col_offset] + begin
    return body


def _bracketed(text: str) -> tuple[str, list[int]]:
    """`text` with brackets around every `E for v in D` that stands among other arguments, as Python wants them.

    Also the place in `text` of every character of the result, and of its end.
    """
    opened: dict[int, int] = {}
    closed: dict[int, int] = {}
    stack: list[tuple[int, bool]] = []  # start of the current argument, and whether it has a `for` of its own
    for match in _STRUCTURE.finditer(text):
        mark, at = match[0], match.start()
        if mark in "([":
            stack.append((at + 1, False))
        elif stack and mark == "for":
            stack[-1] = (stack[-1][0], True)
        elif stack:
            start, generator = stack.pop()
            if generator:
                opened[start], closed[at] = opened.get(start, 0) + 1, 1
            stack += [(at + 1, False)] if mark == "," else []
    return _inserted(text, opened, closed)


def _inserted(text: str, opened: dict[int, int], closed: dict[int, int]) -> tuple[str, list[int]]:
    parts, places = [], list[int]()
    for at in range(len(text) + 1):
        character = text[at : at + 1]
        piece = ")" * closed.get(at, 0) + "(" * opened.get(at, 0) + character
        parts.append(piece)
        places += [at] * len(piece)
    return "".join(parts), [*places, len(text)]


class _Builder:
    """Turns Python's tree into ours; `extra` are the functions allowed beside those of `E`."""

    def __init__(self, extra: tuple[str, ...]) -> None:
        self.extra = extra
        self.operators = _BINARY | {ast.Div: "/"} if extra is _MATH else _BINARY
        self.kinds: dict[type[ast.expr], Callable[[ast.expr, int], Node]] = {
            ast.Constant: self.constant, ast.Name: self.name, ast.Attribute: self.attribute, ast.Subscript: self.subscript,
            ast.BinOp: self.binary, ast.UnaryOp: self.unary, ast.BoolOp: self.boolean, ast.Compare: self.compare,
            ast.IfExp: self.choice, ast.Call: self.call,
        }  # fmt: skip

    def build(self, tree: ast.expr, depth: int = 0) -> Node:
        if depth > MAX_DEPTH:
            raise ExprError("deep", _place(tree), limit=str(MAX_DEPTH))
        kind = self.kinds.get(type(tree))
        if kind is None:
            raise ExprError("construct", _place(tree))
        return kind(tree, depth + 1)

    def constant(self, tree: ast.expr, _depth: int) -> Node:
        if isinstance(tree, ast.Constant) and type(tree.value) is float and self.extra is _MATH:
            return _decimal(tree, tree.value)
        if not isinstance(tree, ast.Constant) or type(tree.value) is not int:
            raise ExprError("construct", _place(tree))
        return _node("num", tree, value=tree.value)

    def name(self, tree: ast.expr, _depth: int) -> Node:
        return _node("name", tree, name=tree.id if isinstance(tree, ast.Name) else "")

    def attribute(self, tree: ast.expr, _depth: int) -> Node:
        if not isinstance(tree, ast.Attribute) or not isinstance(tree.value, ast.Name):
            raise ExprError("construct", _place(tree))
        return _node("name", tree, name=f"{tree.value.id}.{tree.attr}")

    def subscript(self, tree: ast.expr, depth: int) -> Node:
        if not isinstance(tree, ast.Subscript) or not isinstance(tree.value, ast.Name):
            raise ExprError("construct", _place(tree))
        parts = tree.slice.elts if isinstance(tree.slice, ast.Tuple) else [tree.slice]
        return _node("index", tree, tuple(self.build(part, depth) for part in parts), name=tree.value.id)

    def binary(self, tree: ast.expr, depth: int) -> Node:
        op = self.operators.get(type(tree.op)) if isinstance(tree, ast.BinOp) else None
        if not isinstance(tree, ast.BinOp) or op is None:
            raise ExprError("construct", _place(tree))
        return _node(op, tree, (self.build(tree.left, depth), self.build(tree.right, depth)))

    def unary(self, tree: ast.expr, depth: int) -> Node:
        op = {ast.USub: "neg", ast.Invert: "inv"}.get(type(tree.op)) if isinstance(tree, ast.UnaryOp) else None
        if not isinstance(tree, ast.UnaryOp) or op is None:
            raise ExprError("construct", _place(tree))
        return _node(op, tree, (self.build(tree.operand, depth),))

    def boolean(self, tree: ast.expr, depth: int) -> Node:
        if not isinstance(tree, ast.BoolOp):
            raise ExprError("construct", _place(tree))
        op = "and" if isinstance(tree.op, ast.And) else "or"
        return _node(op, tree, tuple(self.build(part, depth) for part in tree.values))

    def compare(self, tree: ast.expr, depth: int) -> Node:
        if not isinstance(tree, ast.Compare) or not all(type(op) in _COMPARE for op in tree.ops):
            raise ExprError("construct", _place(tree))
        sides = [self.build(side, depth) for side in (tree.left, *tree.comparators)]
        pairs = zip(tree.ops, sides, sides[1:], strict=False)
        steps = tuple(_node(_COMPARE[type(op)], tree, (left, right)) for op, left, right in pairs)
        return steps[0] if len(steps) == 1 else _node("and", tree, steps)

    def choice(self, tree: ast.expr, depth: int) -> Node:
        if not isinstance(tree, ast.IfExp):
            raise ExprError("construct", _place(tree))
        return _node("if", tree, tuple(self.build(part, depth) for part in (tree.test, tree.body, tree.orelse)))

    def call(self, tree: ast.expr, depth: int) -> Node:
        if not isinstance(tree, ast.Call) or not isinstance(tree.func, ast.Name) or tree.keywords:
            raise ExprError("construct", _place(tree))
        function, cast = tree.func.id, _CAST.fullmatch(tree.func.id)
        if cast and int(cast[2]) > MAX_CAST:
            raise ExprError("large", _place(tree), limit=str(MAX_CAST))
        if cast:
            _arity(tree, function, 1, 1)
            return _node("cast", tree, (self.build(tree.args[0], depth),), value=int(cast[2]), name=cast[1])
        if function in self.extra:
            return _SPECIAL[function](self, tree, depth)
        if function not in FUNCTIONS:
            _unknown_function(tree, function, self.extra)
        _arity(tree, function, *FUNCTIONS[function])
        return _node("call", tree, tuple(self.build(arg, depth) for arg in tree.args), name=function)

    def summed(self, tree: ast.Call, depth: int) -> Node:
        _arity(tree, "sum", 1, 1)
        bodies, binders = self.generator(tree.args[0], depth)
        return _node("sum", tree, bodies[:1], binders=binders)

    def accsat(self, tree: ast.Call, depth: int) -> Node:
        _arity(tree, "accsat", 3, 3)
        bodies, binders = self.generator(tree.args[2], depth)
        limits = (self.build(tree.args[0], depth), self.build(tree.args[1], depth))
        return _node("accsat", tree, (*limits, *bodies), binders=binders)

    def rounded(self, tree: ast.Call, depth: int) -> Node:
        """`round(x, shift, MODE)` and `divide(x, y, MODE)`."""
        function = _function(tree)
        _arity(tree, function, 3, 3)
        mode = tree.args[2].id if isinstance(tree.args[2], ast.Name) else ""
        if mode in rounding.UNDEFINED:
            raise ExprError("later", _place(tree.args[2]), construct=f"rounding {mode}")
        modes = rounding.MODES if function == "round" else rounding.SINGLE
        known = (*modes, *rounding.ALIASES)
        if mode not in known:
            raise ExprError("function", _place(tree.args[2]), name=mode, suggestion=near(mode, known))
        parts = (self.build(tree.args[0], depth), self.build(tree.args[1], depth))
        return _node(function, tree, parts, name=rounding.canonical(mode))

    def looked_up(self, tree: ast.Call, depth: int) -> Node:
        """`lut(name, x)` is `name[x]`, and prints as it was written."""
        _arity(tree, "lut", 2, 2)
        if not isinstance(tree.args[0], ast.Name):
            raise ExprError("construct", _place(tree.args[0]))
        return _node("index", tree, (self.build(tree.args[1], depth),), value=1, name=tree.args[0].id)

    def padded(self, tree: ast.Call, depth: int) -> Node:
        _arity(tree, "outside", 2, 2)
        element = self.build(tree.args[0], depth)
        if element.op != "index":
            raise ExprError("construct", element)
        return _node("outside", tree, (element, self.build(tree.args[1], depth)))

    def folded(self, tree: ast.Call, depth: int) -> Node:
        _arity(tree, "fold", 3, 3)
        if not isinstance(tree.args[1], ast.Name):
            raise ExprError("construct", _place(tree.args[1]))
        bodies, binders = self.generator(tree.args[2], depth)
        return _node("fold", tree, (self.build(tree.args[0], depth), *bodies), name=tree.args[1].id, binders=binders)

    def single(self, tree: ast.Call, depth: int) -> Node:
        """A function of one number: relu, exp, sqrt, or a float format, which rounds to it."""
        function = _function(tree)
        _arity(tree, function, 1, 1)
        op = "float" if function in floats.FORMATS else "relu" if function == "relu" else "real"
        return _node(op, tree, (self.build(tree.args[0], depth),), name="" if op == "relu" else function)

    def filler(self, tree: ast.Call, depth: int) -> Node:
        function = _function(tree)
        _arity(tree, function, 1, 1)
        return _node(function, tree, (self.build(tree.args[0], depth),))

    def generator(self, tree: ast.expr, depth: int) -> tuple[tuple[Node, ...], tuple[tuple[str, Node], ...]]:
        """Body and binders of `E for k in D for ..`; a tuple body gives several."""
        if not isinstance(tree, ast.GeneratorExp):
            raise ExprError("construct", _place(tree))
        binders = []
        for part in tree.generators:
            if not isinstance(part.target, ast.Name) or part.ifs or part.is_async:
                raise ExprError("construct", _place(part.target))
            binders.append((part.target.id, self.build(part.iter, depth)))
        bodies = tree.elt.elts if isinstance(tree.elt, ast.Tuple) and self.extra is _PACK else [tree.elt]
        return tuple(self.build(body, depth) for body in bodies), tuple(binders)

    def field(self, tree: ast.expr) -> Node:
        if not (isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name) and tree.func.id == "pack"):
            return self.build(tree)
        if not tree.args or tree.keywords:
            raise ExprError("arity", _place(tree), function="pack", expected="1 or more")
        return _node("pack", tree, tuple(self.item(arg) for arg in tree.args))

    def item(self, tree: ast.expr) -> Node:
        if isinstance(tree, ast.GeneratorExp):
            bodies, binders = self.generator(tree, 1)
            return _node("each", tree, bodies, binders=binders)
        return self.build(tree, 1)


_SPECIAL: dict[str, Callable[[_Builder, ast.Call, int], Node]] = {
    "sum": _Builder.summed,
    "accsat": _Builder.accsat,
    "round": _Builder.rounded,
    "divide": _Builder.rounded,
    "lut": _Builder.looked_up,
    "outside": _Builder.padded,
    "fold": _Builder.folded,
    **dict.fromkeys(("relu", "exp", "sqrt", *floats.FORMATS), _Builder.single),
    "pad": _Builder.filler,
    "any": _Builder.filler,
}


def _function(tree: ast.Call) -> str:
    return tree.func.id if isinstance(tree.func, ast.Name) else ""


def _decimal(tree: ast.expr, value: float) -> Node:
    """A number with a decimal point: the double nearest to it, under its shortest text."""
    if value in {float("inf"), float("-inf")}:
        raise ExprError("large", _place(tree), limit="1024")
    return _node("decimal", tree, name=format(Decimal(repr(value)), "f"))


def _place(tree: ast.expr) -> tuple[int, int]:
    return tree.col_offset, max(1, (tree.end_col_offset or tree.col_offset + 1) - tree.col_offset)


def _node(
    op: str, tree: ast.expr, args: tuple[Node, ...] = (), value: int = 0, name: str = "",
    binders: tuple[tuple[str, Node], ...] = (),
) -> Node:  # fmt: skip
    return Node(op, args, value, name, binders, *_place(tree))


def _arity(tree: ast.Call, function: str, least: int, most: int) -> None:
    if not least <= len(tree.args) <= most:
        expected = str(least) if least == most else f"{least} to {most}"
        raise ExprError("arity", _place(tree), function=function, expected=expected)


def _unknown_function(tree: ast.Call, function: str, extra: tuple[str, ...]) -> None:
    place = (tree.func.col_offset, len(function))
    raise ExprError("function", place, name=function, suggestion=near(function, (*FUNCTIONS, *extra, "pack")))
