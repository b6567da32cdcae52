"""What a design may not say, found in tokens: in the raw text (also where it is switched off) and after preprocessing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from pipeline.stages.lexer import Token


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Harmless: they print (the log is capped), compute, or fail the run. Everything that is not listed here is refused.
ALLOWED_TASKS = _words(
    """
    $display $displayb $displayh $displayo $write $writeb $writeh $writeo $strobe $strobeb $strobeh $strobeo
    $info $warning $error $fatal $sformatf $sformat $time $stime $realtime $typename $cast
    $bits $clog2 $size $high $low $left $right $increment $dimensions $unpacked_dimensions $isunbounded
    $signed $unsigned $countbits $countones $onehot $onehot0 $isunknown
    $past $rose $fell $stable $changed $sampled
    $itor $rtoi $bitstoreal $realtobits $bitstoshortreal $shortrealtobits
    $ln $log10 $exp $sqrt $pow $floor $ceil $sin $cos $tan $asin $acos $atan $atan2 $hypot
    $sinh $cosh $tanh $asinh $acosh $atanh
    """
)
READ_TABLE = frozenset({"$readmemh", "$readmemb"})
# Tasks with a rule of their own; the rest is G-019. `$fatal` only fails the run, as `$error` does; `$finish` would end it.
_TASK_RULES: Mapping[str, str] = {
    **dict.fromkeys(("$system", "$c", "$cpure"), "G-010"),
    **dict.fromkeys(("$test$plusargs", "$value$plusargs"), "G-014"),
    **dict.fromkeys(("$finish", "$stop", "$exit"), "G-015"),
    **dict.fromkeys(("$random", "$urandom", "$urandom_range", "$get_initial_random_seed"), "G-016"),
    **dict.fromkeys(("$rewind", "$ungetc", "$writememh", "$writememb", "$sreadmemh", "$sreadmemb"), "G-011"),
    "$root": "G-023",
}
_TASK_PATTERNS = (
    (re.compile(r"\$c\d+"), "G-010"),
    (re.compile(r"\$f.*"), "G-011"),
    (re.compile(r"\$(?:dump|vcd|fsdb).*"), "G-012"),
    (re.compile(r"\$assert.*"), "G-013"),
)
_WORD_RULES: Mapping[str, str] = {"force": "G-021", "release": "G-021", "deassign": "G-021", "bind": "G-022"}
# What may remain after preprocessing. Nothing of it names a file or reaches generated code.
_KEPT_DIRECTIVES = _words(
    """
    `timescale `default_nettype `resetall `celldefine `endcelldefine `begin_keywords `end_keywords
    `unconnected_drive `nounconnected_drive `pragma
    """
)
_REFUSED_DIRECTIVE = re.compile(r"`(?:line|verilator_config|systemc_\w+|coverage_block_off)\Z")
# As the tool reads them: blanks between its name and the order are not needed.
_COMMENT = re.compile(r"/[/*]\s*verilator\s*(\w+)", re.IGNORECASE)
# These change what is measured, or reach generated code; a word that the tool does not know is its own error.
_REFUSED_COMMENT = re.compile(r"coverage_\w*|sc_\w*|hier_\w*|forceable")
# The preprocessor keeps comments for the tool, and nothing else.
_KEPT_COMMENT = re.compile(r"/\*(?:verilator[^*]*)?\*/", re.IGNORECASE)
RESERVED = "assay_"


@dataclass(frozen=True, slots=True)
class Hit:
    """A rule that a token breaks, with what the message needs; `offset` and `length` are in the text that was scanned."""

    rule: str
    offset: int
    length: int
    args: Mapping[str, str]


def forbidden(found: Sequence[Token], tables: frozenset[str] | None) -> Iterator[Hit]:
    """System tasks, keywords, foreign functions, reserved names and tool comments that are refused.

    `tables` holds the submission's files, relative to its root, once macros are expanded: then a table must be named by a
    literal among them. None for raw text, where the name may still be a macro.
    """
    for number, token in enumerate(found):
        after = found[number + 1 : number + 2]
        rule = _rule(token, after)
        if (
            token.kind == "string"
            and after
            and after[0].text[0] == '"'
            and after[0].offset == token.offset + len(token.text)
        ):
            yield Hit("G-009", token.offset, len(token.text), {})
        elif rule:
            yield _hit(rule, token)
        elif token.kind == "comment":
            yield from _comment(token)
        elif token.kind == "word" and token.text in READ_TABLE and tables is not None:
            yield from _table(token, found[number + 1 : number + 3], tables)


def _hit(rule: str, token: Token, **args: str) -> Hit:
    return Hit(rule, token.offset, len(token.text), {"name": token.text[:80], **args})


def _rule(token: Token, after: Sequence[Token]) -> str:
    if token.kind not in {"word", "escaped"}:
        return ""
    if token.name.startswith(RESERVED):
        return "G-024"
    if token.kind == "escaped":
        return ""
    if token.text in {"import", "export"} and after and after[0].kind == "string":
        return "G-020"
    if token.text.startswith("$") and len(token.text) > 1:
        return task_rule(token.text)
    return _WORD_RULES.get(token.text, "")


def task_rule(name: str) -> str:
    """The rule that the system task or function `name` breaks; empty when it is allowed (tables are looked at elsewhere)."""
    if name in ALLOWED_TASKS or name in READ_TABLE or name == "$unit":
        return ""
    if name in _TASK_RULES:
        return _TASK_RULES[name]
    return next((rule for pattern, rule in _TASK_PATTERNS if pattern.fullmatch(name)), "G-019")


def _table(token: Token, after: Sequence[Token], tables: frozenset[str]) -> Iterator[Hit]:
    name = after[1].text[1:-1] if len(after) > 1 and after[0].text == "(" and after[1].kind == "string" else None
    if name is None:
        yield _hit("G-017", token)
    elif not own_table(name, tables):
        yield _hit("G-018", token, file=name[:200])


def own_table(name: str, tables: frozenset[str]) -> bool:
    """`name`, as the design spells it, is a plain path from the submission's root to one of its files."""
    return name in tables and ".." not in PurePosixPath(name).parts


def _comment(token: Token) -> Iterator[Hit]:
    match = _COMMENT.match(token.text)
    if match and _REFUSED_COMMENT.fullmatch(match.group(1).lower()):
        yield _hit("G-007", token, comment=match.group(1)[:80])


def assembled(found: Sequence[Token]) -> Iterator[Hit]:
    """What preprocessing cannot leave behind unless macros made it: a directive that is not harmless, a comment."""
    for token in found:
        if token.kind == "comment" and not _KEPT_COMMENT.fullmatch(token.text):
            yield Hit("G-005", token.offset, len(token.text), {"name": token.text[:80]})
        if token.kind == "directive" and token.text not in _KEPT_DIRECTIVES:
            yield Hit("G-004", token.offset, len(token.text), {"name": token.text[:80]})


def raw_directives(text: str, found: Sequence[Token]) -> Iterator[Hit]:
    """Directives that only our own tools may write, and macros that could assemble one.

    Such a macro holds a lone back-quote, one before a formal argument, or one glued to its name with two back-quotes.
    """
    formals: frozenset[str] = frozenset()
    end = -1
    for number, token in enumerate(found):
        if token.kind != "directive":
            continue
        if token.text == "`define":
            formals, end = _formals(found[number + 1 :]), _define_end(text, token.offset)
        spelled = _spelled(text, token)
        if _REFUSED_DIRECTIVE.match(spelled):
            yield Hit("G-004", token.offset, len(spelled), {"name": spelled[:80]})
        elif token.text == "`" or (token.offset < end and token.text[1:] in formals):
            yield Hit("G-005", token.offset, len(token.text), {"name": token.text[:80]})


def _spelled(text: str, token: Token) -> str:
    """The directive's name after the preprocessor has joined what two back-quotes glue together."""
    match = re.compile(r"(?:``|[\w$])*", re.ASCII).match(text, token.offset + 1)
    return "`" + match.group().replace("``", "") if match and token.text != '`"' else token.text


def _define_end(text: str, offset: int) -> int:
    """Offset of the end of a macro's text: the first line that does not end in a backslash."""
    match = re.compile(r"(?:[^\n\\]|\\.)*", re.DOTALL).match(text, offset)
    return match.end() if match else offset


def _formals(after: Sequence[Token]) -> frozenset[str]:
    """Names between the parentheses that stand directly behind a macro's name."""
    head, opening = (*after[:2], None, None)[:2]
    if head is None or opening is None or opening.text != "(" or opening.offset != head.offset + len(head.text):
        return frozenset()
    names: set[str] = set()
    for token in after[2:200]:
        if token.text == ")":
            break
        if token.kind == "word":
            names.add(token.text)
    return frozenset(names)
