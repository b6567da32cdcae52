from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from verif.draft.model import DraftError, Sources
from verif.draft.scan import find_tops, included_files, needed, scan_files

TREE = {
    "a_top.sv": 'module top import p::*; #(parameter W = 2) (input clk); leaf u (); `include "inc/body.svh"\nendmodule',
    "b_leaf.sv": "// module top is not instantiated here: top u();\nmodule leaf (input logic x); endmodule",
    "c_pkg.sv": "package p; import q::*; endpackage",
    "d_pkg.sv": "package q; endpackage",
    "e_unused.sv": "module unused_cell (input logic x); endmodule",
    "tb.sv": 'module tb #(parameter N = 1) (); top dut (); initial $display("leaf"); endmodule',
    "hdr/inc/body.svh": "assign y = 1;",
}


def plant(root: Path, files: Mapping[str, str]) -> tuple[str, ...]:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return tuple(sorted(files))


def test_only_what_the_top_needs_and_definitions_first(tmp_path: Path) -> None:
    texts = scan_files(tmp_path, plant(tmp_path, TREE))
    found = needed(texts, "top", Sources(tuple(name for name in texts if name.endswith(".sv"))))
    assert found.files == ("b_leaf.sv", "d_pkg.sv", "c_pkg.sv", "a_top.sv")
    assert found.include_dirs == ("hdr",)


def test_a_stated_order_is_kept(tmp_path: Path) -> None:
    texts = scan_files(tmp_path, plant(tmp_path, TREE))
    stated = Sources(("d_pkg.sv", "c_pkg.sv", "e_unused.sv", "b_leaf.sv", "a_top.sv"), ordered=True)
    assert needed(texts, "top", stated).files == ("d_pkg.sv", "c_pkg.sv", "b_leaf.sv", "a_top.sv")


def test_a_bench_neither_is_the_top_nor_hides_it(tmp_path: Path) -> None:
    texts = scan_files(tmp_path, plant(tmp_path, TREE))
    assert find_tops(texts) == ("top", "unused_cell")


def test_what_is_included_is_not_compiled(tmp_path: Path) -> None:
    files = {"top.v": '`include "ops/add.v"\nmodule top (input clk); endmodule', "rtl/ops/add.v": "", "rtl/add.v": ""}
    texts = scan_files(tmp_path, plant(tmp_path, files))
    assert included_files(texts, tuple(files)) == {"rtl/ops/add.v"}


def test_two_definitions_matter_only_where_they_are_needed(tmp_path: Path) -> None:
    files = {**TREE, "again.sv": "module unused_cell (input logic x); endmodule"}
    texts = scan_files(tmp_path, plant(tmp_path, files))
    assert "again.sv" not in needed(texts, "top", Sources(tuple(texts))).files
    (tmp_path / "again.sv").write_text("module leaf (input logic x); endmodule")
    texts = scan_files(tmp_path, tuple(sorted(files)))
    with pytest.raises(DraftError) as raised:
        needed(texts, "top", Sources(tuple(texts)))
    (fault,) = raised.value.faults
    assert (fault.rule, fault.args["name"]) == ("N-104", "leaf")


@pytest.mark.parametrize(
    ("header", "top"),
    [
        ("(input x);", True),
        ("#(parameter N = 4) (input x);", True),
        ("import p::*; import q::r; #(parameter N = (4+1)) (input x);", True),
        ("(a, b); input a; output b;", True),
        (";", False),
        ("();", False),
        ("#(parameter N = 4) ();", False),
        ("#(parameter N = 4);", False),
    ],
)
def test_a_module_without_ports_is_a_bench(header: str, top: bool, tmp_path: Path) -> None:  # noqa: FBT001
    texts = scan_files(tmp_path, plant(tmp_path, {"m.sv": f"module m {header} endmodule"}))
    assert bool(find_tops(texts)) is top


def test_links_and_odd_names_are_refused(tmp_path: Path) -> None:
    plant(tmp_path, {"a b.sv": "", "real.sv": ""})
    (tmp_path / "link.sv").symlink_to(tmp_path / "real.sv")
    for name, rule in (("a b.sv", "N-106"), ("link.sv", "N-105"), ("none.sv", "N-105"), ("../x.sv", "N-106")):
        with pytest.raises(DraftError) as raised:
            scan_files(tmp_path, (name,))
        assert raised.value.faults[0].rule == rule
