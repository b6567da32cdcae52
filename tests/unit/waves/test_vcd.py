from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verif.waves import vcd
from verif.waves.vcd import Sample, VcdError, samples

HEAD = """$version x $end
$timescale 1ps $end
 $scope module $rootio $end
  $var wire 1 ! clk_i $end
  $var wire 8 ? data $end
 $upscope $end
 $scope module top $end
  $var wire 1 ! clk_i $end
  $var wire 8 # data [7:0] $end
  $var wire 8 # again [7:0] $end
  $scope module dut $end
   $var wire 8 $ data [7:0] $end
  $upscope $end
 $upscope $end
$enddefinitions $end
"""
BODY = """#0
0!
b00000101 #
b11111111 $
#5
1!
b00000110 #
#10
0!
#15
b111 #
1!
#20
0!
bx1 #
#25
1!
"""


def read(text: str, names: Sequence[str] = ("data",)) -> list[Sample]:
    return list(samples(text.encode().splitlines(keepends=True), ("top",), "clk_i", names))


def test_signals_are_sampled_just_before_each_rising_edge() -> None:
    assert [sample["data"] for sample in read(HEAD + BODY)] == [5, 6, None]


def test_names_that_share_a_code_have_the_same_values() -> None:
    assert [dict(sample) for sample in read(HEAD + BODY, ("data", "again"))][:2] == [
        {"data": 5, "again": 5},
        {"data": 6, "again": 6},
    ]


def test_a_signal_must_stand_in_the_very_scope() -> None:
    with pytest.raises(VcdError, match="no signal other in top"):
        read(HEAD + BODY, ("other",))
    with pytest.raises(VcdError, match="no signal clk_i, data"):
        list(samples((HEAD + BODY).encode().splitlines(), ("top", "dut", "deeper"), "clk_i", ("data",)))
    assert [s["data"] for s in samples((HEAD + BODY).encode().splitlines(), ("$rootio",), "clk_i", ("data",))] == [None] * 3


def test_reals_strings_comments_and_empty_lines_change_nothing() -> None:
    noisy = BODY.replace("#10\n", "#10\nr1.5 #\nshello #\n\n$comment x $end\n")
    assert read(HEAD + noisy) == read(HEAD + BODY)


HOSTILE = {
    "a change that is none": HEAD + BODY + "hello\n",
    "a time that is none": HEAD + BODY + "#-1\n",
    "a time too large": HEAD + "#99999999999999999999999\n",
    "a digit that is none": HEAD + "#0\nb012 #\n",
    "a variable that is none": HEAD.replace("$var wire 8 # data [7:0] $end", "$var wire eight # data $end") + BODY,
    "a scope that is none": HEAD.replace("$scope module dut $end", "$scope $end"),
    "no header": BODY,
    "nothing": "",
    "a cut header": HEAD[:100],
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_file_that_is_no_vcd_is_refused(what: str) -> None:
    with pytest.raises(VcdError):
        read(HOSTILE[what])


def test_lines_and_variables_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vcd, "LONGEST_LINE", 64)
    with pytest.raises(VcdError, match="a line of more than 64 bytes"):
        read(HEAD + "#0\nb" + "1" * 64 + " #\n")
    monkeypatch.setattr(vcd, "MOST_VARIABLES", 4)
    with pytest.raises(VcdError, match="more than 4 variables"):
        read(HEAD + BODY)


@given(st.binary(max_size=200), st.integers(0, len(BODY)))
def test_whatever_is_in_the_file_only_vcd_errors_come_out(noise: bytes, at: int) -> None:
    data = (HEAD + BODY[:at]).encode() + noise + BODY[at:].encode()
    try:
        found = list(samples(data.splitlines(keepends=True), ("top",), "clk_i", ("data",)))
    except VcdError:
        return
    assert all(value is None or value >= 0 for sample in found for value in sample.values())
