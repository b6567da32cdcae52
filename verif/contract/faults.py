"""From a broken expression to a diagnostic: rule id, exact place, printable arguments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from verif.contract.diagnostic import Diagnostic
from verif.contract.model import Span, Text
from verif.contract.nodes import ExprError

MAX_ARGUMENT = 100
# code -> (rule when a near name can be suggested, rule otherwise)
RULES: dict[str, tuple[str, str]] = {
    "later": ("E-MAN-017", "E-MAN-017"),
    "syntax": ("E-MAN-020", "E-MAN-020"),
    "construct": ("E-MAN-021", "E-MAN-021"),
    "long": ("E-MAN-022", "E-MAN-022"),
    "deep": ("E-MAN-023", "E-MAN-023"),
    "function": ("E-MAN-024", "E-MAN-025"),
    "arity": ("E-MAN-026", "E-MAN-026"),
    "name": ("E-MAN-027", "E-MAN-028"),
    "tensor": ("E-MAN-029", "E-MAN-030"),
    "zero": ("E-MAN-031", "E-MAN-031"),
    "negative": ("E-MAN-032", "E-MAN-032"),
    "large": ("E-MAN-033", "E-MAN-033"),
    "item": ("E-MAN-034", "E-MAN-034"),
    "range": ("E-MAN-035", "E-MAN-035"),
    "beats": ("E-MAN-036", "E-MAN-036"),
    "wide": ("E-MAN-037", "E-MAN-037"),
    "rank": ("E-MAN-038", "E-MAN-038"),
    "grid": ("E-MAN-039", "E-MAN-039"),
    "taken": ("E-MAN-051", "E-MAN-051"),
    "index": ("E-MAN-060", "E-MAN-060"),
    "overflow": ("E-MAN-071", "E-MAN-071"),
    "real": ("E-MAN-129", "E-MAN-129"),
}


def diagnostic(rule: str, span: Span, severity: Literal["error", "note"] = "error", **args: object) -> Diagnostic:
    """A diagnostic whose arguments are printable and short, whatever the manifest holds."""
    return Diagnostic(rule, span, {name: printable(value) for name, value in args.items()}, severity)


def printable(value: object) -> str:
    """Text without control or bidirectional characters, at most 100 characters."""
    text = "".join(character if character.isprintable() else "?" for character in str(value)[: MAX_ARGUMENT + 1])
    return text if len(text) <= MAX_ARGUMENT else text[: MAX_ARGUMENT - 1] + "…"


def pair(rules: tuple[str, str], span: Span, suggestion: str, **args: object) -> Diagnostic:
    """The first rule with its suggestion when there is one, else the second."""
    if suggestion:
        args["suggestion"] = suggestion
    rule = rules[0] if suggestion else rules[1]
    return Diagnostic(rule, span, {name: printable(value) for name, value in args.items()})


def expression(error: ExprError, text: Text, where: Mapping[str, object] | None = None) -> Diagnostic:
    """The diagnostic of an expression's error; `where` adds facts such as the shape it was found at."""
    args: dict[str, object] = {"text": text.value, **error.args_, **(where or {})}
    suggestion = str(args.pop("suggestion", ""))
    return pair(RULES[error.code], at(text, error.offset, error.length), suggestion, **args)


def at(text: Text, offset: int, length: int = 1) -> Span:
    """The place of a part of `text`; of the whole when escapes or several lines make offsets meaningless."""
    span = text.span
    if span.length != max(1, len(text.value)):
        return span
    return Span(span.line, span.column + offset, max(1, min(length, span.length - offset)))
