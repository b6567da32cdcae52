"""The reader of coverage data: what counts, what is left out, and what is refused with its line number."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verif.cover.verilator import HEADING, CoverageError, Point, read_coverage

FIELDS = {"f": "tree/a.sv", "l": "8", "n": "3", "t": "line", "page": "v_line/a", "o": "block", "S": "8-9,12", "h": "TOP.dut"}
GOOD = Point("a.sv", 8, 3, "line", "block", (8, 9, 12))


def record(count: int | str = 4, **changes: str | None) -> bytes:
    fields = {key: value for key, value in (FIELDS | changes).items() if value is not None}
    body = "".join(f"\x01{key}\x02{value}" for key, value in fields.items())
    return f"C '{body}' {count}\n".encode()


def data(*records: bytes) -> bytes:
    return HEADING + b"\n" + b"".join(records)


def test_a_record_is_a_point_with_its_lines_and_count() -> None:
    assert read_coverage(data(record())) == {GOOD: 4}


def test_a_record_of_the_simulator_itself() -> None:
    text = (
        b"C '\x01f\x02tree/dut.sv\x01l\x0237\x01n\x026\x01t\x02branch\x01page\x02v_branch/used\x01o\x02else"
        b"\x01h\x02TOP.assay_harness.dut.i_u*' 20\n"
    )
    assert read_coverage(data(text)) == {Point("dut.sv", 37, 6, "branch", "else", (37,)): 20}


def test_the_line_of_a_point_counts_also_when_its_range_does_not_name_it() -> None:
    assert next(iter(read_coverage(data(record(l="10", S="12"))))).lines == (10, 12)
    assert next(iter(read_coverage(data(record(l="10", S=None))))).lines == (10,)


def test_instances_of_one_module_are_one_point() -> None:
    both = read_coverage(data(record(h="TOP.dut.i0"), record(3, h="TOP.dut.i1", page="v_line/a__P2")))
    assert both == {GOOD: 7}


def test_an_apostrophe_in_a_value_is_no_end() -> None:
    assert read_coverage(data(record(h="TOP.dut.\\a' 9"))) == {GOOD: 4}


@pytest.mark.parametrize("kind", ["toggle", "user", "expr", "fsm", ""])
def test_other_types_are_left_out(kind: str) -> None:
    assert read_coverage(data(record(t=kind))) == {}


@pytest.mark.parametrize(
    "name", ["harness/assay_harness.sv", "/elsewhere/tree/a.sv", "tree/../b.sv", "tree2/a.sv", "tree", "", "../tree/a.sv"]
)
def test_files_outside_the_tree_are_left_out(name: str) -> None:
    assert read_coverage(data(record(f=name))) == {}


def test_names_are_relative_to_the_submission() -> None:
    found = read_coverage(data(record(f="tree/rtl/../inc/a.svh")))
    assert [point.file for point in found] == ["inc/a.svh"]


REFUSED = [
    (b"", "line 1"),
    (b"# SystemC::Coverage-2\n", "line 1"),
    (HEADING, "cut short"),
    (data(record())[:-1], "cut short"),
    (data(record(), record()[:-9] + b"\n"), "line 3: not a record"),
    (data(record(-1)), "line 2: not a record"),
    (data(record("")), "line 2: not a record"),
    (data(record("1e3")), "line 2: not a record"),
    (data(record("99999999999999999999")), "line 2: count"),
    (data(b"C '' 1\n"), "line 2: not a record"),
    (data(b"\n"), "line 2: not a record"),
    (data(record(h="a\x02b")), "line 2: not a record"),
    (data(record(h="\x1b[31m")), "line 2: not a record"),
    (data(record(h="x" * 70_000)), "line 2: not a record"),
    (data(record()[:-4] + b"\x01l\x029' 4\n"), "line 2: a key stands twice"),
    (data(record(l="x")), "line 2: l is 'x'"),
    (data(record(l=None)), "line 2: l is ''"),
    (data(record(n="-3")), "line 2: n is '-3'"),
    (data(record(l="99999999")), "line 2: l is"),
    (data(record(S="9-8")), "line 2: S is '9-8'"),
    (data(record(S="0")), "line 2: S is '0'"),
    (data(record(S="1,,2")), "line 2: S is"),
    (data(record(S="1-")), "line 2: S is"),
    (data(record(S="1-9000000")), "line 2: S is"),
    (data(record(S=",".join(["1-60000"] * 9))), "line 2: S is"),
    (data(record(S="1-2-3")), "line 2: S is"),
]


@pytest.mark.parametrize(("bad", "words"), REFUSED)
def test_anything_else_is_refused_with_its_line(bad: bytes, words: str) -> None:
    with pytest.raises(CoverageError, match=re.escape(words)):
        read_coverage(bad)


def test_too_many_points_are_refused_before_they_are_split(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("verif.cover.verilator.MAX_POINTS", 2)
    assert read_coverage(data(record(), record())) == {GOOD: 8}
    with pytest.raises(CoverageError, match="more than 2 points"):
        read_coverage(data(record(), record(), record()))


def test_too_many_bytes_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    good = data(record())
    monkeypatch.setattr("verif.cover.verilator.MAX_BYTES", len(good) - 1)
    with pytest.raises(CoverageError, match="at most"):
        read_coverage(good)


@given(st.binary(max_size=300), st.integers(0, 200), st.booleans())
def test_hostile_bytes_are_refused_or_read_but_never_crash(noise: bytes, place: int, headed: bool) -> None:  # noqa: FBT001
    good = data(record(), record(l="9"))
    hostile = (HEADING + b"\n" + noise + b"\n") if headed else good[:place] + noise + good[place:]
    try:
        points = read_coverage(hostile)
    except CoverageError:
        return
    assert all(count >= 0 and point.lines for point, count in points.items())
