"""The seed bank of a design: seeds that once failed, and the file they are kept in."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MOST_PER_SIGNATURE = 32
"""Seeds of one testpoint and rule that are replayed at a time; a failure that stays for weeks must not fill the night."""
MOST_IN_A_FILE = 10_000
LONGEST_REASON = 300
_TESTPOINT = re.compile(r"[A-Z0-9]{1,12}-[A-Z0-9]{1,12}")
_SEED = re.compile(r"0x[0-9a-f]{16}")
_WINDOW = re.compile(r"\d{4}-\d{2}-\d{2}")
_RULE = re.compile(r"[A-Z][A-Z0-9-]{0,39}")
_KEYS = {"testpoint", "seed", "found", "rule"}
_HEAD = """\
# Seeds that failed in the nights of {design}. Every later night replays those without a reason.
# A seed is retired by a reason, and stays here: assay seeds {design} --retire TESTPOINT:SEED --reason TEXT
"""


@dataclass(frozen=True, slots=True)
class BankedSeed:
    """One seed that failed: in which window it was found, and by which rule. `reason` says why it was retired, if it was."""

    testpoint: str
    seed: int
    found: str
    rule: str
    reason: str = ""


def additions(bank: Iterable[BankedSeed], failed: Iterable[BankedSeed]) -> tuple[BankedSeed, ...]:
    """Which of the `failed` seeds join the bank: those it does not know, up to `MOST_PER_SIGNATURE` of each kind."""
    present = list(bank)
    known = {(item.testpoint, item.seed) for item in present}
    counts: dict[tuple[str, str], int] = {}
    for item in present:
        counts[item.testpoint, item.rule] = counts.get((item.testpoint, item.rule), 0) + (not item.reason)
    added = []
    for item in failed:
        signature = (item.testpoint, item.rule)
        if (item.testpoint, item.seed) not in known and counts.get(signature, 0) < MOST_PER_SIGNATURE:
            known.add((item.testpoint, item.seed))
            counts[signature] = counts.get(signature, 0) + 1
            added.append(item)
    return tuple(added)


def write_seeds(design: str, seeds: Sequence[BankedSeed]) -> str:
    """The bank as TOML, sorted: the same bank gives the same text."""
    parts = [_HEAD.format(design=design)]
    for item in sorted(seeds, key=lambda item: (item.testpoint, item.found, item.seed)):
        pairs = {"testpoint": item.testpoint, "seed": f"0x{item.seed:016x}", "found": item.found, "rule": item.rule}
        if item.reason:
            pairs["reason"] = item.reason
        # A JSON string is a TOML string too, but for surrogate pairs, which are not written, and DEL, which no reason holds.
        written = {key: json.dumps(value, ensure_ascii=False) for key, value in pairs.items()}
        parts.append("[[seed]]\n" + "".join(f"{key} = {value}\n" for key, value in written.items()))
    return "\n".join(parts)


def read_seeds(text: str) -> tuple[BankedSeed, ...]:
    """The seeds of a file; raises ValueError saying which entry is not whole."""
    try:
        entries = tomllib.loads(text).get("seed", [])
    except tomllib.TOMLDecodeError as error:
        raise ValueError(str(error)) from None
    if not isinstance(entries, list) or len(entries) > MOST_IN_A_FILE:
        raise ValueError(f"more than {MOST_IN_A_FILE} seeds, or no list of them")
    return tuple(_entry(number, raw) for number, raw in enumerate(entries, 1))


def _entry(number: int, raw: object) -> BankedSeed:
    if not isinstance(raw, dict) or not _KEYS <= set(raw) <= _KEYS | {"reason"}:
        raise ValueError(f"seed {number}: its keys are not testpoint, seed, found, rule and, when retired, reason")
    values = {key: str(value) for key, value in raw.items()}
    forms = {"testpoint": _TESTPOINT, "seed": _SEED, "found": _WINDOW, "rule": _RULE}
    wrong = [key for key, form in forms.items() if not form.fullmatch(values[key])]
    reason = values.get("reason", "")
    if len(reason) > LONGEST_REASON or not reason.isprintable():
        wrong.append("reason")
    if wrong:
        raise ValueError(f"seed {number}: {', '.join(wrong)}")
    return BankedSeed(values["testpoint"], int(values["seed"], 16), values["found"], values["rule"], reason)
