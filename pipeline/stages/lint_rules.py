"""Which of Verilator's warnings keep a design from sign-off, and under which rule of ours.

A warning fails unless it is on the list of remarks: one that a newer tool brings fails until somebody has looked at it.
"""

from __future__ import annotations

import re

REFUSED, MISSING_MODULE, OTHER = "L-001", "L-002", "L-009"
REMARK = "L-020"
_LATCH, _LOOP, _DRIVERS, _ASSIGNMENTS, _UNDRIVEN, _CONNECTION = "L-003", "L-004", "L-005", "L-006", "L-007", "L-008"

_CODES = {
    "MODMISSING": MISSING_MODULE,
    "LATCH": _LATCH,
    "NOLATCH": _LATCH,
    "UNOPTFLAT": _LOOP,
    "ALWCOMBORDER": _LOOP,
    "MULTIDRIVEN": _DRIVERS,
    "BLKANDNBLK": _ASSIGNMENTS,
    "BLKSEQ": _ASSIGNMENTS,
    "COMBDLY": _ASSIGNMENTS,
    "INITIALDLY": _ASSIGNMENTS,
    "IMPLICIT": _UNDRIVEN,
    "UNDRIVEN": _UNDRIVEN,
    "PINMISSING": _CONNECTION,
    "PINNOTFOUND": _CONNECTION,
    "PORTSHORT": _CONNECTION,
}
_WIDTHS = frozenset({"WIDTH", "WIDTHEXPAND", "WIDTHTRUNC", "WIDTHXZEXPAND"})
_AT_A_PORT = re.compile(r"(?:Input|Output|Inout) port connection ")
# Style, or work left to the reader's judgement: counted, named once per kind, never held against the design.
REMARKS = frozenset(
    {
        "ASCRANGE",  # [0:7] instead of [7:0]
        "ASSIGNEQEXPR",
        "CASEINCOMPLETE",  # where it matters a latch is inferred, and that fails
        "CASEOVERLAP",
        "CASEX",
        "CMPCONST",
        "DECLFILENAME",
        "DEFPARAM",
        "DEPRECATED",
        "ENDLABEL",
        "EOFNEWLINE",
        "FUTURE",
        "GENUNNAMED",
        "HIERPARAM",
        "IEEEMAYDEPRECATE",
        "IFDEPTH",
        "IMPORTSTAR",
        "LITENDIAN",
        "MISINDENT",
        "NEWERSTD",
        "NOEFFECT",
        "NONSTD",
        "PINCONNECTEMPTY",  # written as .name(): meant
        "PINNOCONNECT",
        "PREPROCZERO",
        "SYMRSVDWORD",
        "SYNCASYNCNET",  # a reset that also gates an output is usual
        "TIMESCALEMOD",  # the centre sets one time scale for all
        "UNSIGNED",
        "UNUSED",
        "UNUSEDGENVAR",
        "UNUSEDLOOP",
        "UNUSEDPARAM",
        "UNUSEDSIGNAL",
        "USERINFO",
        "USERWARN",
        "VARHIDDEN",
        *_WIDTHS,  # inside an expression; at a port they fail
    }
)


def rule_of(code: str, text: str, *, error: bool) -> str:
    """The rule for one message of Verilator: its code (empty when it has none), its text, and whether it was an error."""
    if code in _WIDTHS and _AT_A_PORT.match(text):
        return _CONNECTION
    rule = _CODES.get(code)
    if rule is None:
        rule = REFUSED if error else REMARK if code in REMARKS else OTHER
    return rule
