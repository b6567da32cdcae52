"""A reader of VCD files (IEEE 1800-2023, clause 21.7.2), as far as it takes to sample a few signals at clock edges.

A file comes from the simulator, beside a stranger's RTL: every line is hostile data. Nothing is kept but the present values
of the signals asked for, so a large file costs time, never memory.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

MOST_VARIABLES = 200_000
LONGEST_LINE = 1 << 20
_VARIABLE = re.compile(rb"\$var\s+\w+\s+(\d{1,7})\s+([!-~]{1,10})\s+([!-~]{1,500})(?:\s+\[[^\]]{0,40}\])?\s+\$end")
_SCOPE = re.compile(rb"\$scope\s+\w+\s+([!-~]{1,500})\s+\$end")
_VECTOR = re.compile(rb"[bB]([01xXzZ]+)\s+([!-~]{1,10})")
_SCALAR = re.compile(rb"([01xXzZ])([!-~]{1,10})")
_TIME = re.compile(rb"#(\d{1,19})")
_UNKNOWN = re.compile(rb"[xXzZ]")

Sample = Mapping[str, int | None]


class VcdError(ValueError):
    """The file is no VCD, lacks a signal, or holds more than is read."""


def samples(lines: Iterable[bytes], scope: Sequence[str], clock: str, names: Sequence[str]) -> Iterator[Sample]:
    """The values of `names`, which stand directly in `scope`, as they were just before every rising edge of `clock`.

    A value is None before its first change and while any of its bits is unknown. Raises `VcdError`.
    """
    stream = iter(lines)
    codes = _declarations(stream, scope, {clock, *names})
    values: dict[str, int | None] = dict.fromkeys((clock, *names))
    changes: dict[str, int | None] = {}
    for line in stream:
        if line.startswith(b"#"):
            if not _TIME.fullmatch(line.strip()):
                raise VcdError("a time that is none")
            if _rises(values, changes, clock):
                yield {name: values[name] for name in names}
            values |= changes
            changes = {}
        elif not line.startswith(b"$"):
            code, value = _change(line)
            changes |= dict.fromkeys(codes.get(code, ()), value)
    if _rises(values, changes, clock):
        yield {name: values[name] for name in names}


def _rises(values: Sample, changes: Sample, clock: str) -> bool:
    return values[clock] == 0 and changes.get(clock) == 1


def _declarations(stream: Iterator[bytes], scope: Sequence[str], wanted: set[str]) -> dict[bytes, list[str]]:
    """Code -> the wanted names that it stands for; one code may stand for several."""
    here, inside = list[str](), list(scope)
    codes: dict[bytes, list[str]] = {}
    missing, count = set(wanted), 0
    for line in stream:
        text = line.strip()
        if text.startswith(b"$var"):
            count += 1
            code, name = _variable(text, count)
            if here == inside and name in missing:
                codes.setdefault(code, []).append(name)
                missing.discard(name)
        elif text.startswith(b"$scope"):
            here.append(_scope(text))
        elif text.startswith(b"$upscope"):
            here = here[:-1]
        elif text.startswith(b"$enddefinitions"):
            break
    if missing:
        raise VcdError(f"no signal {', '.join(sorted(missing))} in {'.'.join(scope)}")
    return codes


def _variable(text: bytes, count: int) -> tuple[bytes, str]:
    match = _VARIABLE.fullmatch(text)
    if not match or count > MOST_VARIABLES:
        raise VcdError("a variable that is none" if not match else f"more than {MOST_VARIABLES} variables")
    return match[2], match[3].decode("ascii")


def _scope(text: bytes) -> str:
    match = _SCOPE.fullmatch(text)
    if not match:
        raise VcdError("a scope that is none")
    return match[1].decode("ascii")


def _change(line: bytes) -> tuple[bytes, int | None]:
    """(code, value) of a change; an empty line, a real number or a string changes nothing that is asked for."""
    text = line.strip()
    if len(text) > LONGEST_LINE:
        raise VcdError(f"a line of more than {LONGEST_LINE} bytes")
    match = _SCALAR.fullmatch(text) or _VECTOR.fullmatch(text)
    if match:
        return match[2], None if _UNKNOWN.search(match[1]) else int(match[1], 2)
    if text and text[:1] not in b"rRsS":
        raise VcdError("a change that is none")
    return b"", None
