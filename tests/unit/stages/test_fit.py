"""Readings whose model stops: each is tried alone, so that one reading never speaks for others."""

from __future__ import annotations

import time
from contextlib import chdir
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import InfrastructureError
from pipeline.ports import SandboxJob, SandboxResult
from pipeline.stages.fit import Fitter
from pipeline.stages.simulator import MODEL_STOPPED
from pipeline.testing.sandbox import OK
from verif.jobs import fit as job_module
from verif.records.stimulus import Stimulus

EXAMPLE = Path(__file__).resolve().parents[2] / "data" / "examples" / "mac_pe" / "assay.toml"


class Machine:
    """Jobs run in this process; the simulator ends as `end` says, and how many jobs it was given is noted."""

    def __init__(self, end: SandboxResult) -> None:
        self.end, self.sizes = end, list[int]()

    def __call__(self, job: SandboxJob) -> SandboxResult:
        if job.argv[1:3] == ("-m", "verif.jobs.fit"):
            with chdir(job.work):
                assert job_module.main(job.argv[3:]) == ""
            return OK
        name = next(word for word in job.argv if word.startswith("+assay_stimulus="))
        self.sizes.append(len(Stimulus.unpack(Path(name.partition("=")[2]).read_bytes()).job))
        return self.end


def fitter(make_context: Any, end: SandboxResult, until: float) -> tuple[Fitter, Machine]:
    machine = Machine(end)
    made = Fitter(make_context.lint({"assay.toml": EXAMPLE.read_bytes()}, b"{}", machine), ())
    made.load(b"model", until)
    return made, machine


def test_a_model_that_stops_is_run_with_each_reading_alone(make_context: Any) -> None:
    stopped = replace(OK, code=MODEL_STOPPED, log=b"assertion \x1b failed")
    made, machine = fitter(make_context, stopped, time.monotonic() + 60)
    listed = made.listed()
    (chunk,) = listed.chunks
    found = made.tried(listed, 0)
    assert machine.sizes == [listed.works * len(chunk), *([listed.works] * len(chunk))]
    assert [(trial.state, trial.rule) for trial in found.values()] == [("differs", "S-003")] * len(chunk)
    assert found[0].args == {"wall_s": "30", "log": "assertion ? failed"}


def test_no_reading_is_tried_alone_when_time_is_up(make_context: Any) -> None:
    made, _ = fitter(make_context, replace(OK, cause="wall"), time.monotonic() - 1)
    assert made.tried(made.listed(), 0) == {}


def test_a_simulator_that_falls_over_is_ours(make_context: Any) -> None:
    made, _ = fitter(make_context, replace(OK, cause="signalled", code=11), time.monotonic() + 60)
    with pytest.raises(InfrastructureError, match="P-301"):
        made.tried(made.listed(), 0)
