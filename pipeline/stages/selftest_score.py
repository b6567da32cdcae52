"""What one test's process says: passed, failed, or nothing that could be judged."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from pipeline.stages.outputs import plain
from pipeline.stages.selftest_run import Ran

_AGED_KINDS = {"AttributeError", "TypeError", "ImportError", "ModuleNotFoundError", "NameError"}
_AGED_TEXT = re.compile(
    r"module 'cocotb(?:\.[\w.]*)?' has no attribute '\w+'|cannot import name '\w+' from 'cocotb[.']|"
    r"No module named 'cocotb\.[\w.]*'"
)
_MISSING = re.compile(r"ModuleNotFoundError: No module named '([\w.]{1,100})'")
_RAISED = re.compile(
    r"^(?:\s*[\d.]*(?:ns|-\.--ns)?\s.*)?\b([A-Z]\w{1,60}(?:Error|Exception|Warning|Interrupt)): (.{0,300})$", re.MULTILINE
)
_SAID = 600


@dataclass(frozen=True, slots=True)
class Score:
    """`rule` with `args` says why a test did not pass; `cases` are the test cases (one per set of parameters) that did."""

    state: Literal["passed", "failed", "unjudged"]
    rule: str = ""
    args: Mapping[str, str] = field(default_factory=dict)
    cases: int = 0


def score(test: Mapping[str, Any], ran: Ran, read: Mapping[str, Any], *, silent: bool) -> Score:
    """The score of one test. `read` is what its results say; `silent`: the tests hold assignments that cocotb 2 ignores."""
    if not ran.sealed:
        return _unsealed(test, ran)
    if "cases" not in read:
        return _nothing(test, ran, str(read.get("refused", ""))[:200])
    cases: Sequence[Mapping[str, str]] = read["cases"]
    own = re.compile(rf"{re.escape(test['name'])}(/.*|_\d{{3}})?", re.DOTALL)
    foreign = [case for case in cases if case["module"] != test["module"] or not own.fullmatch(case["name"])]
    if foreign or not cases:
        return _nothing(test, ran, f"a result of {foreign[0]['name'][:100]}" if foreign else "no result of this test")
    return _cases(test, cases, silent=silent)


def _cases(test: Mapping[str, Any], cases: Sequence[Mapping[str, str]], *, silent: bool) -> Score:
    bad = [case for case in cases if case["state"] in {"failed", "error"}]
    if bad:
        first = bad[0]
        args = {"case": first["name"][:200], "kind": first["kind"] or "-", "text": _said(first), "count": str(len(bad))}
        aged = test["drift"] and (silent or first["kind"] in _AGED_KINDS)
        old = aged or (first["kind"] in _AGED_KINDS and _AGED_TEXT.search(first["message"]))
        return Score("unjudged", "O-021", args) if old else Score("failed", "O-002", args, len(cases))
    if any(case["state"] == "skipped" for case in cases):
        return Score("unjudged", "O-008", {"text": cases[0]["message"][:_SAID]})
    return Score("passed", cases=len(cases))


def _said(case: Mapping[str, str]) -> str:
    """The exception's message, first line first; what the tests print is theirs."""
    return (case["message"] or case["state"])[:_SAID]


def _unsealed(test: Mapping[str, Any], ran: Ran) -> Score:
    """The process did not come to its own end."""
    cause = ran.result.cause
    if cause in {"wall", "log"}:
        return Score("failed", {"wall": "O-005", "log": "O-006"}[cause], {"log": plain(ran.result.log, _SAID)})
    return _nothing(test, ran, f"{cause} {ran.result.code}")


def _nothing(test: Mapping[str, Any], ran: Ran, reason: str) -> Score:
    """No result that can be believed; the log may say why there could be none."""
    log = plain(ran.result.log, 64 << 10)
    if found := _AGED_TEXT.search(log):
        return Score("unjudged", "O-021", {"case": test["name"], "kind": "ImportError", "text": found[0], "count": "1"})
    raised = _RAISED.findall(log)
    if test["drift"] and raised and raised[-1][0] in _AGED_KINDS and "test modules" in log:
        return Score("unjudged", "O-021", {"case": test["name"], "kind": raised[-1][0], "text": raised[-1][1], "count": "1"})
    if found := _MISSING.search(log):
        return Score("failed", "O-022", {"package": found[1]})
    return Score("failed", "O-004", {"reason": reason, "log": plain(ran.result.log, _SAID)})
