"""The smallest operation as beats, out of the manifest alone."""

from __future__ import annotations

from pathlib import Path

from verif.contract.read import read_manifest
from verif.jobs.explain import explained
from verif.jobs.plan import Request
from verif.waves.sketch import MOST_BEATS, sketch, smallest

ROOT = Path(__file__).resolve().parents[3]
GEMM = ROOT / "rtl" / "gemm_axis"
REQUEST = Request("core-1", ("V1",), 10, 0)


def test_the_smallest_shape_is_drawn_with_counting_inputs_and_what_follows() -> None:
    contract, _ = read_manifest((GEMM / "assay-n4.toml").read_text())
    assert contract is not None
    operation = contract.operations[0]
    drawn = sketch(contract, operation)
    assert smallest(contract, operation) == {"M": 4, "K": 1, "N": 4}
    assert drawn["shape"] == "M=4, K=1, N=4"
    known = {channel["id"]: channel for channel in drawn["channels"]}
    assert {name: channel["count"] for name, channel in known.items()} == {"a": 1, "b": 1, "c": 4}
    assert known["a"]["fields"][0] == {"pin": "s_axis_a_tdata", "bits": 32, "cut": False, "values": ["04030201"]}
    # C = outer product of 1..4 with itself, four lanes of 32 bits: of each beat the lowest one is shown.
    assert known["c"]["fields"][0]["values"] == ["00000001", "00000002", "00000003", "00000004"]
    assert known["c"]["fields"][0]["cut"] is True
    assert known["c"]["fields"][1]["values"] == ["0", "0", "0", "1"]
    assert all(len(field["values"]) <= MOST_BEATS for channel in known.values() for field in channel["fields"])


def test_the_job_says_what_is_selected_and_what_nobody_looks_at() -> None:
    found = explained(GEMM, "assay.toml", REQUEST)
    states = {row["id"]: (row["state"], row["seeds"], row["reason"]) for row in found["testpoints"]}
    assert states["PRO-01"] == ("planned", 10, "")
    assert states["PRO-09"] == ("not_applicable", 0, "not for profile axis")
    assert states["PRO-04"][0] == "later"
    assert found["pins"] == {"undriven": [], "unobserved": ["tlast_mismatch_o"], "remark": ""}
    assert found["operations"][0]["words"]["en"][0] == "S[m, n] is the sum over k < K of A[m, k] * B[k, n]"


def test_a_pin_that_nobody_drives_is_named(tmp_path: Path) -> None:
    source, first = (ROOT / "tests/data/e2e/adder.sv").read_text(), "  input  logic         clk_i,"
    assert source.count(first) == 1
    (tmp_path / "top.sv").write_text(source.replace(first, f"  input logic [3:0] spare_i,\n{first}"))
    text = (ROOT / "tests/data/e2e/assay.toml").read_text().replace("adder.sv", "top.sv")
    (tmp_path / "assay.toml").write_text(text)
    assert explained(tmp_path, "assay.toml", REQUEST)["pins"]["undriven"] == ["spare_i"]


def test_a_design_that_does_not_elaborate_is_said_to_be_unknown(tmp_path: Path) -> None:
    (tmp_path / "adder.sv").write_text("module adder (")
    (tmp_path / "assay.toml").write_text((ROOT / "tests/data/e2e/assay.toml").read_text())
    pins = explained(tmp_path, "assay.toml", REQUEST)["pins"]
    assert pins["remark"]
    assert pins["undriven"] == pins["unobserved"] == []


def test_a_broken_manifest_gives_its_errors_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "assay.toml").write_text("[contract]\nversion = 1.5\n")
    found = explained(tmp_path, "assay.toml", REQUEST)
    assert set(found) == {"diagnostics"}
    assert {one["severity"] for one in found["diagnostics"]} == {"error"}
