"""A beat that the golden model could not have found wrong is not a check."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from verif.judge.predict import predict
from verif.judge.tolerance import vacuous
from verif.stimulus.generate import operations
from verif.testplan.plan import Job

MANIFEST = """
[contract]
version = "1.0"
profile = "axis"
[design]
name = "d"
top = "d"
files = ["d.sv"]
[[clock]]
port = "clk"
[[reset]]
port = "rst"
[numerics]
accumulator = { type = "f16", order = "any" }
[[channel]]
id = "x"
dir = "in"
handshake = "ready_valid"
valid = "x_valid"
ready = "x_ready"
fields = { data = "x_data" }
[[channel]]
id = "y"
dir = "out"
handshake = "ready_valid"
valid = "y_valid"
ready = "y_ready"
fields = { data = "y_data" }
[[operation]]
id = "sums"
tensors = { X = "f16[32,64]", Y = "f16[32]" }
math = ["Y[i] = sum(X[i,k] for k in 64)"]
max_cycles = 9999
steps = [{ run = ["x", "y"] }]
[[operation.stream]]
channel = "x"
loops = ["i: 32", "k: 64"]
fields = { data = "pack(X[i,k])" }
[[operation.stream]]
channel = "y"
loops = ["i: 32"]
fields = { data = "pack(Y[i])" }
"""


def test_beats_that_may_be_anything_are_not_checks(case_of: Any, tmp_path: Path) -> None:
    (tmp_path / "assay.toml").write_text(MANIFEST)
    case = case_of(str(tmp_path / "assay.toml"), [Job("FUN-04", 1)])
    expected = predict(case.contract, operations(case.contract, case.batch.jobs[0]))["y"]
    anything = int(vacuous(expected).sum())
    count = case.judge().counts["FUN-04"]
    assert 0 < anything < expected.count
    assert (count.failed, count.checks) == (0, expected.count - anything)
