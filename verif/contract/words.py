"""Math in words, in English or Korean: one sentence a line. What no sentence fits stays a formula."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from verif.contract.descriptions import read_texts
from verif.contract.explain import shown
from verif.contract.interval import type_bounds
from verif.contract.model import Operation
from verif.contract.nodes import Node, walk
from verif.contract.rounding import canonical
from verif.contract.syntax import parse_math

_CHAINED = frozenset({"relu", "round", "divide", "sum", "accsat", "fold", "cast"})
_STEPPED = frozenset({"clip", "max", "min"})


def math_words(operation: Operation, lang: str) -> tuple[str, ...]:
    """One sentence for each math line, in order, then one for each tensor that says what becomes of overflow."""
    words = _Words(lang)
    lines = [words.line(parse_math(text.value)) for text in operation.math]
    return (*lines, *(words.overflow(operation, name) for name in operation.overflow))


class _Words:
    """Sentences in one language."""

    def __init__(self, lang: str) -> None:
        self.texts: Mapping[str, Any] = read_texts("words.toml")
        self.lang = lang
        self.special: Mapping[str, Callable[[Node], str]] = {
            "relu": lambda node: self.say("relu", base=self.phrase(node.args[0])),
            "sum": lambda node: self.say("sum", binders=_binders(node), body=self.phrase(node.args[-1])),
            "accsat": self._accsat,
            "fold": self._fold,
            "if": self._if,
            "outside": lambda node: self.say("outside", body=self.phrase(node.args[0]), other=shown(node.args[1])),
        }

    def say(self, key: str, **values: str) -> str:
        """A text with its values."""
        return str(self.texts[key][self.lang].format_map(values))

    def line(self, line: Any) -> str:
        """`C[m, n] is ...`."""
        return self.say("line", target=f"{line.target}[{', '.join(line.indices)}]", body=self.phrase(line.body))

    def overflow(self, operation: Operation, name: str) -> str:
        """What becomes of values that do not fit."""
        kind = operation.tensors[name]
        low, high = type_bounds(kind.bits, signed=kind.signed)
        return self.say(operation.overflow[name], target=name, bits=str(kind.bits), low=str(low), high=str(high))

    def phrase(self, node: Node) -> str:
        """What a node is; a formula where nothing in it is worth a word."""
        if node.op in self.special:
            return self.special[node.op](node)
        if node.op == "index" and node.value:
            return self.say("lut", table=node.name, body=self.phrase(node.args[0]))
        step = self._step(node)
        if step is None:
            return shown(node)
        base, words = step
        return self.say("then", base=self._base(base), step=words)

    def _base(self, node: Node) -> str:
        """What a step is done to: a product is a step itself."""
        if node.op == "*" and not _worded(node):
            left, right = node.args
            return self.say("then", base=shown(left), step=self.say("times", other=_closed(right, "times")))
        return self.phrase(node)

    def _step(self, node: Node) -> tuple[Node, str] | None:
        """(what it is done to, what is done), for everything that is done to one thing."""
        if node.op in {"round", "divide"}:
            other, mode = shown(node.args[1]), self.say(canonical(node.name))
            return node.args[0], self.say(node.op, other=other, mode=mode)
        if node.op == "cast":
            return node.args[0], self.say("signed" if node.name == "i" else "unsigned", bits=str(node.value))
        if node.op == "call" and node.name == "clip":
            return node.args[0], self.say("clip", low=shown(node.args[1]), high=shown(node.args[2]))
        return self._binary(node)

    def _binary(self, node: Node) -> tuple[Node, str] | None:
        """One side is worth words, and the other is a plain formula."""
        keys = {"*": "times", "+": "plus", "-": "minus", ">>": "shift"}
        key = keys.get(node.op) or (node.name if node.op == "call" and node.name in {"max", "min"} else "")
        if not key or len(node.args) != 2:  # noqa: PLR2004  two sides
            return None
        left, right = node.args
        if _worded(left) and not _worded(right):
            return left, self.say(key, other=_closed(right, key))
        if _worded(right) and not _worded(left) and key in {"times", "plus", "max", "min"}:
            return right, self.say(key, other=_closed(left, key))
        return None

    def _accsat(self, node: Node) -> str:
        low, high, body = node.args
        limits = {"low": shown(low), "high": shown(high)}
        return self.say("accsat", binders=_binders(node), body=self.phrase(body), **limits)

    def _fold(self, node: Node) -> str:
        first, body = node.args
        return self.say("fold", first=self.phrase(first), binders=_binders(node), name=node.name, body=self.phrase(body))

    def _if(self, node: Node) -> str:
        test, then, other = node.args
        return self.say("if", test=shown(test), then=self.phrase(then), other=self.phrase(other))


def _binders(node: Node) -> str:
    return ", ".join(f"{name} < {shown(extent)}" for name, extent in node.binders)


def _worded(node: Node) -> bool:
    """Somewhere in it stands what is better said in words."""
    return any(one.op in _CHAINED or (one.op == "call" and one.name in _STEPPED) for one in walk(node))


def _closed(node: Node, key: str) -> str:
    """The formula, in brackets where words before it would be taken for a part of it."""
    return f"({shown(node)})" if key in {"times", "shift"} and node.op in {"+", "-"} else shown(node)
