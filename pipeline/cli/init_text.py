"""A drafted manifest in a language: notes and questions as comments, proposals behind `#? `."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.cli.layout import plain, wrap
from pipeline.errors import InfrastructureError
from pipeline.messages import text, words

MARK = "#? "
_WIDTH = 110


@dataclass(frozen=True, slots=True)
class Question:
    """A numbered question, why no RTL answers it, and the lines that would."""

    number: int
    key: str
    ask: str
    why: str
    proposals: tuple[str, ...]


def manifest_text(lines: Sequence[Mapping[str, Any]], lang: str) -> str:
    """The file. Raises InfrastructureError N-201 for a line that the job cannot have meant."""
    return "".join(f"{row}\n" for row in _rows(lines, lang))


def questions(lines: Sequence[Mapping[str, Any]], lang: str) -> tuple[Question, ...]:
    """Every question once, by number."""
    asked = [line for line in lines if line["kind"] == "ask"]
    return tuple(
        Question(
            line["number"],
            line["key"],
            _said("ask", line, lang),
            _said("why", line, lang),
            tuple(one["text"] for one in lines if one["kind"] == "propose" and one["number"] == line["number"]),
        )
        for line in asked
    )


def _rows(lines: Sequence[Mapping[str, Any]], lang: str) -> Iterator[str]:
    current = 0
    for line in lines:
        kind, number = line["kind"], line["number"]
        if kind == "text":
            current = 0
            yield line["text"]
        elif kind == "note":
            yield from _comment(_said("note", line, lang))
        elif kind == "ask":
            current = number
            yield from _comment(text("init_question", lang, number=number, ask=_said("ask", line, lang)))
            yield from _comment(_said("why", line, lang))
        else:
            elsewhere = number not in {0, current}
            yield MARK + line["text"] + (f"  # {text('init_see', lang, number=number)}" if elsewhere else "")


def _comment(words_: str) -> Iterator[str]:
    for row in wrap(words_, _WIDTH, "# "):
        yield row.plain


def _said(what: str, line: Mapping[str, Any], lang: str) -> str:
    """The words of a key; what the job wrote is a stranger's, so an unknown key is no traceback."""
    key = {"ask": f"init_ask_{line['key']}", "why": f"init_why_{line['key']}", "note": f"init_note_{line['key']}"}[what]
    if key not in words():
        raise InfrastructureError("N-201", cause="answer", code=0, log=plain(key, 80))
    return text(key, lang, **line["args"])
