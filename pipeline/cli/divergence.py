"""The first beat at which expected and observed part: in one line, or bit by bit."""

from __future__ import annotations

from rich.text import Text

from pipeline.cli.layout import left, line, plain, table
from pipeline.cli.terminal import Face
from pipeline.messages import text
from verif.judge.fault import Divergence

WIDEST_IN_BITS = 32


def one_line(found: Divergence, lang: str) -> str:
    """Where, expected and observed."""
    return text(
        "cli_divergence_line",
        lang,
        place=place(found),
        expected=_short(found.expected, found.bits),
        observed=_short(found.observed, found.bits),
    )


def place(found: Divergence) -> str:
    """`operation 18 gemm  channel c  beat 3  lane 0  C[3,0]  cycle 1419`: words of the trace, the same in every language."""
    kind = plain(found.operation_kind, 60)
    where = f"operation {found.operation} {kind}  channel {plain(found.channel, 60)}  beat {found.beat}  lane {found.lane}"
    return f"{where}  {plain(found.element, 60)}  cycle {found.cycle}"


def divergence_lines(found: Divergence, face: Face) -> list[Text]:
    """The place, both values in decimal, hex and (when narrow) binary, and the bits that differ."""
    expected, observed = (_forms(value, found.bits) for value in (found.expected, found.observed))
    words = [text("cli_div_expected", face.lang), text("cli_div_observed", face.lang), text("cli_div_differs", face.lang)]
    rows = [line(row) for row in table([[words[0], *expected], [words[1], *observed]], indent="     ", gap=2)]
    if len(expected) > 2:  # noqa: PLR2004 - decimal, hex and bits
        marks = "".join("^" if a != b else " " for a, b in zip(expected[-1], observed[-1], strict=True))
        start = " " * (rows[0].cell_len - len(marks))
        rows.append(line(left("     " + words[2], len(start)), (marks.rstrip(), "bold red")))
    counts = text("cli_div_counts", face.lang, wrong=f"{found.wrong_beats:,}", compared=f"{found.compared_beats:,}")
    return [line("   ", (place(found), "bold")), *rows, line("     ", (counts, "dim")), *_variables(found)]


def _variables(found: Divergence) -> list[Text]:
    if not found.variables:
        return []
    values = "  ".join(f"{plain(name, 40)}={value}" for name, value in list(found.variables.items())[:12])
    return [line("     ", (values, "dim"))]


def _short(value: int, bits: int) -> str:
    return f"{value} ({_hex(value, bits)})"


def _forms(value: int, bits: int) -> list[str]:
    forms = [str(value), _hex(value, bits)]
    if 0 < bits <= WIDEST_IN_BITS:
        digits = f"{value & ((1 << bits) - 1):0{bits}b}"
        head = len(digits) % 4
        forms.append(" ".join(filter(None, [digits[:head], *(digits[i : i + 4] for i in range(head, len(digits), 4))])))
    return forms


def _hex(value: int, bits: int) -> str:
    width = max(1, bits)
    return f"0x{value & ((1 << width) - 1):0{-(-width // 4)}x}"
