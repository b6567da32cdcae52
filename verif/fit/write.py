"""A fitted reading as a manifest: values in their places, a comment on each changed line, the facts named in [contract]."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Sequence
from typing import Any

from verif.contract.places import scan
from verif.fit.search import Reading, apply

COMMENT = "# fitted to the RTL"
_KEY = "profile"


def written(text: str, reading: Reading) -> str | None:
    """The manifest `text` as `reading` has it, everything else unchanged; None when it has no place that is sure.

    What is written is read again: apart from the list of facts it must say exactly what the reading says.
    """
    facts = list(dict.fromkeys([*reading.contract.fitted, *reading.changes]))
    lines = zip(text.split("\n"), reading.text.split("\n"), strict=True)
    marked = "\n".join(new if old == new or COMMENT in new else f"{new.rstrip()}  {COMMENT}" for old, new in lines)
    for candidate in (marked, reading.text):
        listed = _listed(candidate, facts)
        if listed is not None and _says(listed, reading.text, facts):
            return listed
    return None


def _listed(text: str, facts: Sequence[str]) -> str | None:
    """The text with the facts in `contract.fitted`, beside `contract.profile` when there is no such key yet."""
    value = f"[{', '.join(json.dumps(fact) for fact in facts)}]"
    try:
        keys, places = scan(text)
    except (ValueError, IndexError, KeyError):
        return None
    if ("contract", "fitted") in places:
        return apply(text, [(places["contract", "fitted"], value)])
    start, stop = keys["contract", _KEY]
    before = text[text.rfind("\n", 0, start) + 1 : start]
    if not text[start:stop].endswith(_KEY):
        return None
    if before.strip():  # inside the braces of a table
        return apply(text, [((start, start), f"fitted = {value}, ")])
    end = text.find("\n", stop)
    end = len(text) if end < 0 else end
    return apply(text, [((end, end), f"\n{before}{text[start:stop].removesuffix(_KEY)}fitted = {value}")])


def _says(text: str, wanted: str, facts: Sequence[str]) -> bool:
    try:
        found, other = _values(text), _values(wanted)
    except tomllib.TOMLDecodeError:
        return False
    listed = found["contract"].pop("fitted", None)
    other["contract"].pop("fitted", None)
    return listed == list(facts) and found == other


def _values(text: str) -> dict[str, Any]:
    return tomllib.loads(text)
