"""`assay init` as somebody runs it: in the real sandbox, with the real elaborator."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest

from pipeline.adapters.process import run
from pipeline.ports import SandboxResult

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.sim


def assay(home: Path, *argv: str) -> SandboxResult:
    env = {"PATH": "/usr/local/bin:/usr/bin:/bin", "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8", "HOME": str(home)}
    program = str(Path(sys.executable).parent / "assay")
    return run((program, *argv), cwd=home, env=env | {"ASSAY_HOME": str(home / "state")}, wall_s=120.0)


def test_a_manifest_in_the_sandbox(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "rtl" / "gemm_axis", tmp_path / "own", ignore=shutil.ignore_patterns("*.toml"))
    result = assay(tmp_path, "init", "own", "--json")
    assert result.ok, result.log.decode()
    answer = json.loads(result.log)
    assert answer["facts"]["resets"] == [{"pin": "rst_ni", "active": 0, "asynchronous": True, "sure": True}]
    assert [channel["id"] for channel in answer["facts"]["channels"]] == ["a", "b", "q", "c"]
    assert 'valid = "m_axis_c_tvalid"' in (tmp_path / "own" / "assay.toml").read_text()
    assert list((tmp_path / "state" / "check" / "work").iterdir()) == []


def test_a_file_of_this_machine_cannot_be_included(tmp_path: Path) -> None:
    """What is outside the folder is not even there: the elaborator says that the file does not exist."""
    (tmp_path / "own").mkdir()
    (tmp_path / "secret.svh").write_text("module leaked (input logic clk); endmodule\n")
    (tmp_path / "own" / "d.sv").write_text(
        f'`include "{tmp_path}/secret.svh"\nmodule d (input clk, rst, in_valid, input [7:0] in_data); endmodule\n'
    )
    result = assay(tmp_path, "init", "own")
    assert "leaked" not in result.log.decode()
    assert "no such file" in " ".join(result.log.decode().lower().split())  # lines are wrapped at the terminal's width


def test_macros_that_double_without_end_are_stopped(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    doubling = "".join(f"`define A{n} `A{n - 1} `A{n - 1}\n" for n in range(1, 40))
    (tmp_path / "own" / "d.sv").write_text(f"`define A0 x x\n{doubling}module d (input clk); `A39 endmodule\n")
    result = assay(tmp_path, "init", "own")
    assert result.code == 3
    assert "N-201" in result.log.decode()
    assert "Traceback" not in result.log.decode()
