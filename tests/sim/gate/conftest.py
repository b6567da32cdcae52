"""One gate for all tests of this folder: a design and its manifest go in, the stage's result comes out."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from pipeline.domain.evidence import Evidence
from pipeline.domain.finding import Finding
from pipeline.domain.run import StageResult
from pipeline.ports import Sandbox, StageContext
from pipeline.stages.gate import GateStage

HEAD = """module dut (
  input  logic        clk_i,
  input  logic        rst_ni,
  input  logic [15:0] a_data_i,
  input  logic        a_valid_i,
  output logic        a_ready_o,
  output logic [15:0] c_data_o,
  output logic        c_valid_o,
  input  logic        c_ready_i
);
  assign a_ready_o = !c_valid_o || c_ready_i;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) c_valid_o <= 1'b0;
    else if (a_ready_o) begin
      c_valid_o <= a_valid_i;
      c_data_o  <= a_data_i + 16'd1;
    end
  end
"""
MANIFEST = """[contract]
version = "1.0"
profile = "axis"
[design]
name = "dut"
top = "dut"
files = ["dut.sv"]
[[clock]]
port = "clk_i"
[[reset]]
port = "rst_ni"
active = 0
[[channel]]
id = "a"
dir = "in"
handshake = "ready_valid"
valid = "a_valid_i"
ready = "a_ready_o"
fields = { data = "a_data_i" }
[[channel]]
id = "c"
dir = "out"
handshake = "ready_valid"
valid = "c_valid_o"
ready = "c_ready_i"
fields = { data = "c_data_o" }
[[operation]]
id = "add"
vars = { L = "1..8" }
tensors = { A = "u16[L]", C = "u16[L]" }
math = ["C[i] = A[i] + 1"]
overflow = { C = "wrap" }
max_cycles = "100 + 4*L"
steps = [{ run = ["a", "c"] }]
[[operation.stream]]
channel = "a"
loops = ["i: L"]
fields = { data = "pack(A[i])" }
[[operation.stream]]
channel = "c"
loops = ["i: L"]
fields = { data = "pack(C[i])" }
"""
CONTRACT: Mapping[str, Any] = {"top": "dut", "files": ["dut.sv"], "include_dirs": [], "defines": [], "parameters": {}}


@dataclass
class Gate:
    """Runs the stage on files made up by a test; `design` wraps lines into a module that fits the manifest."""

    bench: Any
    kit: ModuleType

    def design(self, body: str, *, before: str = "", after: str = "") -> dict[str, bytes]:
        return {"dut.sv": f"{before}{HEAD}{body}\nendmodule\n{after}".encode(), "assay.toml": MANIFEST.encode()}

    def context(
        self, tree: Mapping[str, bytes], /, contract: Mapping[str, Any], sandbox: Sandbox | None = None
    ) -> StageContext:
        context: StageContext = self.bench.context(tree, "gate", sandbox)
        data = json.dumps({**CONTRACT, **contract}).encode()
        told = Evidence("contract", context.blobs.put(data), "application/json", len(data))
        evidence = {"intake": {**context.evidence["intake"], "contract": told}}
        manifest = str(contract.get("manifest", "assay.toml"))
        return replace(context, evidence=evidence, submission=replace(context.submission, manifest=manifest))

    def run(self, tree: Mapping[str, bytes], /, **contract: Any) -> StageResult:
        return GateStage().run(self.context(tree, contract))

    def errors(self, tree: Mapping[str, bytes], /, **contract: Any) -> list[Finding]:
        return [finding for finding in self.run(tree, **contract).findings if finding.severity == "error"]

    def rules(self, tree: Mapping[str, bytes], /, **contract: Any) -> set[str]:
        return {finding.rule for finding in self.errors(tree, **contract)}

    def ports(self, tree: Mapping[str, bytes], /, **contract: Any) -> dict[str, Any]:
        context = self.context(tree, contract)
        result = GateStage().run(context)
        assert [finding for finding in result.findings if finding.severity == "error"] == []
        ports: dict[str, Any] = json.loads(context.blobs.get(result.evidence[0].digest))
        return ports


@pytest.fixture(scope="session")
def gate(bench: Any, kit: ModuleType) -> Gate:
    return Gate(bench, kit)


@pytest.fixture(scope="session")
def gemm() -> Callable[[str], tuple[dict[str, bytes], dict[str, Any]]]:
    """Files and contract of rtl/gemm_axis under one of its manifests, as intake hands them on."""
    root = Path(__file__).resolve().parents[3] / "rtl" / "gemm_axis"

    def load(manifest: str) -> tuple[dict[str, bytes], dict[str, Any]]:
        files = {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}
        from verif.contract.read import read_manifest

        contract, _diagnostics = read_manifest(files[manifest].decode())
        assert contract is not None
        design = contract.design
        return files, {
            "top": design.top,
            "files": list(design.files),
            "parameters": dict(design.parameters),
            "manifest": manifest,
        }

    return load
