"""Recognises text that only watches: assertions, and processes that do nothing but print. It may differ between tools."""

from __future__ import annotations

from collections.abc import Sequence


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_KEYWORDS = frozenset({"assert", "assume", "cover", "restrict"})
_BLOCKS = {"property": "endproperty", "sequence": "endsequence"}
_PRINTS = frozenset({"$display", "$write", "$info", "$warning", "$error", "$fatal"})
_PROCESSES = frozenset({"initial", "final", "always", "always_comb", "always_ff"})
_PAIRS = {"(": ")", "[": "]", "{": "}"}
_WRITERS = frozenset({"$cast", "$sformat"})
# Words that may stand before a parenthesis without calling anything.
_OPERATORS = _words(
    """
    and or not if iff disable throughout within intersect until implies strong weak first_match nexttime always eventually
    s_always s_eventually s_nexttime posedge negedge inside case accept_on reject_on property sequence assert assume cover
    """
)


def watching(words: Sequence[str], start: int) -> int:
    """Index just behind the watching item that begins at `start`; `start` itself when none does.

    An item is an assertion, the declaration of a property or sequence, or a process that only prints and asserts.
    Anything that could change a value (an assignment, a call of the design's own function) makes it none.
    """
    try:
        return _item(words, start)
    except (IndexError, ValueError, RecursionError, _OtherError):
        return start


class _OtherError(Exception):
    """The text is something else."""


def _item(words: Sequence[str], at: int) -> int:
    if words[at] in _PROCESSES:
        return _statement(words, _event(words, at + 1))
    if words[at] in _BLOCKS:
        end = words.index(_BLOCKS[words[at]], at)
        _pure(words[at + 2 : end])  # behind the name, which may have formal arguments
        return _label(words, end + 1)
    return _assertion(words, at)


def _event(words: Sequence[str], at: int) -> int:
    if words[at] != "@":
        return at
    return _group(words, at + 1) if words[at + 1] in _PAIRS else at + 2


def _label(words: Sequence[str], at: int) -> int:
    return at + 2 if at < len(words) and words[at] == ":" else at


def _statement(words: Sequence[str], at: int) -> int:
    word = words[at]
    if word == ";":
        return at + 1
    if word == "begin":
        at = _label(words, at + 1)
        while words[at] != "end":
            at = _statement(words, at)
        return _label(words, at + 1)
    if word == "if":
        at = _statement(words, _group(words, at + 1))
        return _statement(words, at + 1) if at < len(words) and words[at] == "else" else at
    return _print(words, at) if word in _PRINTS else _assertion(words, at)


def _print(words: Sequence[str], at: int) -> int:
    at = _group(words, at + 1) if words[at + 1] == "(" else at + 1
    return _expect(words, at, ";")


def _assertion(words: Sequence[str], at: int) -> int:
    if words[at + 1] == ":":
        at += 2
    if words[at] not in _KEYWORDS:
        raise _OtherError
    at += 1
    while words[at] in {"property", "sequence", "final", "#", "0"}:
        at += 1
    at = _group(words, at)
    if words[at] == ";":
        return at + 1
    if words[at] != "else":
        at = _statement(words, at)
        if at >= len(words) or words[at] != "else":
            return at
    return _statement(words, at + 1)


def _expect(words: Sequence[str], at: int, word: str) -> int:
    if words[at] != word:
        raise _OtherError
    return at + 1


def _group(words: Sequence[str], at: int) -> int:
    """Index behind a balanced group that changes nothing."""
    closing = [_PAIRS.get(words[at], "")]
    start = at
    while closing[-1]:
        at += 1
        if words[at] in _PAIRS:
            closing.append(_PAIRS[words[at]])
        elif words[at] == closing[-1]:
            closing.pop()
            if not closing:
                _pure(words[start:at])
                return at + 1
    raise _OtherError


def _pure(words: Sequence[str]) -> None:
    """Raises unless these words neither assign nor call anything of the design's own."""
    for before, word, after in zip(("", *words), words, (*words[1:], ""), strict=False):
        assigns = word == "=" and before not in {"=", "!", "<", ">"} and after not in {"=", ">"}
        steps = word in {"+", "-"} and after == word
        calls = word == "(" and _callable(before)
        if assigns or steps or calls:
            raise _OtherError


def _callable(word: str) -> bool:
    return word in _WRITERS or ((word[:1].isalpha() or word[:1] in {"_", "\\"}) and word not in _OPERATORS)
