"""File lists and cores: what is read, and that nothing else is."""

from __future__ import annotations

from pathlib import Path

import pytest

from verif.draft.filelist import MAX_LISTS, read_list
from verif.draft.fusesoc import read_core
from verif.draft.model import DraftError


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in ("rtl/a.sv", "rtl/b.v", "rtl/c.svh", "sub/d.sv", "inc/e.vh", "tb/t.sv"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    return tmp_path


def test_everything_that_is_allowed(tree: Path) -> None:
    (tree / "more.f").write_text("rtl/b.v\n")
    (tree / "sub" / "own.f").write_text("d.sv\n")
    (tree / "top.f").write_text(
        "// comment\n# another\n/* over\n two lines */ -sv\n"
        "+incdir+inc+rtl +define+A=1+B -DC=8'hff -D D\n-Iinc -I rtl\n"
        "--top-module dut\nrtl/c.svh rtl/a.sv // behind\n-f more.f -F sub/own.f\n"
    )
    found = read_list(tree, "top.f")
    assert found.files == ("rtl/a.sv", "rtl/b.v", "sub/d.sv")
    assert found.include_dirs == ("inc", "rtl")
    assert found.defines == {"A": "1", "B": "", "C": "8'hff", "D": ""}
    assert (found.top, found.ordered) == ("dut", True)


REFUSED = {
    "-y lib": "N-120",
    "-v lib.v": "N-120",
    "+libext+.v": "N-120",
    "$HOME/a.sv": "N-121",
    "${ROOT}/a.sv": "N-121",
    "+incdir+$X": "N-121",
    "/etc/passwd": "N-122",
    "../a.sv": "N-122",
    "rtl/../../a.sv": "N-122",
    "-I /usr/include": "N-122",
    "-f ../x.f": "N-122",
    "-CFLAGS -O3": "N-123",
    "--exe": "N-123",
    "+notimingcheck": "N-123",
    "-DA=$(id)": "N-121",
    "-DA=a;b": "N-123",
    "-f top.f": "N-124",
    "rtl/none.sv": "N-105",
    "-Inone": "N-105",
    "-f none.f": "N-105",
    "main.cpp": "N-126",
    "+define+1A": "N-123",
    "--top-module": "N-123",
}


@pytest.mark.parametrize("text", REFUSED)
def test_everything_else_is_refused_by_name_and_line(text: str, tree: Path) -> None:
    (tree / "top.f").write_text(f"rtl/a.sv\n{text}\n")
    with pytest.raises(DraftError) as raised:
        read_list(tree, "top.f")
    first = raised.value.faults[0]
    assert (first.rule, first.file, first.line) == (REFUSED[text], "top.f", 2)


def test_all_faults_are_told_at_once(tree: Path) -> None:
    (tree / "top.f").write_text("-y\n$X\n../x.sv\n--exe\n")
    with pytest.raises(DraftError) as raised:
        read_list(tree, "top.f")
    assert [(fault.rule, fault.line) for fault in raised.value.faults] == [
        ("N-120", 1),
        ("N-121", 2),
        ("N-122", 3),
        ("N-123", 4),
    ]


def test_an_empty_list_and_endless_ones_end(tree: Path) -> None:
    (tree / "top.f").write_text("// nothing\n")
    with pytest.raises(DraftError) as raised:
        read_list(tree, "top.f")
    assert raised.value.faults[0].rule == "N-125"
    for number in range(MAX_LISTS + 2):
        (tree / f"l{number}.f").write_text(f"-f l{number + 1}.f\n")
    with pytest.raises(DraftError) as raised:
        read_list(tree, "l0.f")
    assert raised.value.faults[0].rule == "N-124"


CORE = """CAPI=2:
name: ::dut:0
filesets:
  rtl:
    files:
      - rtl/a.sv : {file_type : systemVerilogSource}
      - rtl/c.svh : {is_include_file : true, file_type : systemVerilogSource}
      - "tool_vivado ? (rtl/x.v)"
      - rtl/b.v
    file_type: systemVerilogSource
  docs:
    files: [README.md]
    file_type: user
  tb:
    files: [tb/t.sv]
    file_type: systemVerilogSource
parameters:
  N: {datatype: int, default: 8, paramtype: vlogparam}
  M: {datatype: int, default: 1, paramtype: vlogparam}
  FAST: {datatype: bool, default: true, paramtype: vlogdefine}
  trace: {datatype: bool, paramtype: plusarg}
targets:
  default: &base
    filesets: [rtl, docs]
  synth:
    <<: *base
    toplevel: dut
    parameters: [N=16, FAST]
"""


def test_a_core_is_read(tree: Path) -> None:
    (tree / "dut.core").write_text(CORE)
    found = read_core(tree, "dut.core")
    assert found.files == ("rtl/a.sv", "rtl/b.v")
    assert found.include_dirs == ("rtl",)
    assert (found.top, dict(found.parameters)) == ("", {})
    (tree / "dut.core").write_text(CORE.replace("default: &base", "lint: &base"))
    found = read_core(tree, "dut.core")
    assert (found.top, dict(found.parameters), dict(found.defines)) == ("dut", {"N": 16}, {"FAST": "1"})


BAD_CORES = {
    "name: x\n": "N-130",
    "CAPI=2:\n{": "N-130",
    "CAPI=2:\n!!python/object/apply:os.system ['true']\n": "N-130",
    "CAPI=2:\n- a\n": "N-131",
    "CAPI=2:\nfilesets: {rtl: {files: 3}}\n": "N-131",
    "CAPI=2:\nfilesets: {rtl: {files: []}}\n": "N-131",
    "CAPI=2:\nfilesets: {rtl: {files: [rtl/a.sv]}}\ntargets: {other: {}}\n": "N-131",
    "CAPI=2:\nfilesets: {rtl: {files: [../a.sv]}}\n": "N-122",
    "CAPI=2:\nfilesets: {rtl: {files: [rtl/none.sv]}}\n": "N-105",
    "CAPI=2:\nfilesets: {rtl: {files: [rtl/a.sv], depend: ['vendor:lib:x']}}\n": "N-132",
    "CAPI=2:\n" + "[" * 5000: "N-130",
}


@pytest.mark.parametrize("text", BAD_CORES, ids=lambda text: text[8:50])
def test_cores_that_are_refused(text: str, tree: Path) -> None:
    (tree / "dut.core").write_text(text)
    with pytest.raises(DraftError) as raised:
        read_core(tree, "dut.core")
    assert {fault.rule for fault in raised.value.faults} == {BAD_CORES[text]}


def test_aliases_that_multiply_stay_small(tree: Path) -> None:
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    (tree / "dut.core").write_text("CAPI=2:\n" + "\n".join(rows) + "\nfilesets: {rtl: {files: [rtl/a.sv, *a11]}}\n")
    assert read_core(tree, "dut.core").files == ("rtl/a.sv",)
