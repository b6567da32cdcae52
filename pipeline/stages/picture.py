"""The picture of a failure: the run again on a model with waves, and the few cycles of the waveform that show it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pipeline.domain.finding import Finding
from pipeline.domain.isolated import Window
from pipeline.errors import InfrastructureError
from pipeline.ports import SandboxJob, StageContext
from pipeline.stages.build import build_model
from pipeline.stages.outputs import plain, read_output, unpack_tree
from pipeline.stages.simulator import WAVES, Inputs, execute
from pipeline.stages.trials import BUDGET_S, Again
from pipeline.stages.verilate import TREE, Waves
from verif.jobs.window import UNREADABLE
from verif.records.record import Record

MOST_CYCLES = 200_000
MOST_VCD = 256 << 20
_OUT, _MAX_OUT = "window.json", 1 << 20


class NoPictureError(Exception):
    """The failure stands, but no picture of it can be made; the text says why, in a word or two of the machine's."""


def picture(context: StageContext, run: Again, finding: Finding) -> Window:
    """The window of `finding` in the last job of `run`, under its first power-up seed. Only these cycles are kept.

    Raises:
        NoPictureError: the run is too long, its waveform too large, or the model with waves behaves or builds otherwise.
        InfrastructureError: P-602 the job that cuts the window failed.
    """
    seed = run.plan.batches[0].powerup_seeds[0]
    record = run.replay.records[seed]
    cycles = int(Record.unpack(record).job["end"].max())
    if cycles > MOST_CYCLES:
        raise NoPictureError(f"{cycles} cycles")
    inside = replace(context, work=context.work / "picture")
    inside.work.mkdir()
    inputs = _inputs(inside, run)
    done = execute(inside, inputs, inside.work / "run", seed, wall_s=BUDGET_S, waves=True)
    if done.record != record:
        raise NoPictureError("model with waves behaves otherwise")
    waveform = read_output(inside.work / "run", WAVES, MOST_VCD)
    if waveform is None:
        raise NoPictureError("no waveform")
    return _cut(inside, run, finding, {"record.bin": record, "waves.vcd": waveform})


def _inputs(context: StageContext, run: Again) -> Inputs:
    """The model with waves of the pins, and the very stimulus of `run`."""
    try:
        built = build_model(context, context.work / "build", Waves.PINS)
    except InfrastructureError as error:
        raise NoPictureError(error.rule) from error
    if built.findings:
        raise NoPictureError(built.findings[0].rule)
    inputs = Inputs(context.work / "inputs")
    inputs.folder.mkdir()
    (inputs.folder / inputs.model).write_bytes(built.model)
    (inputs.folder / inputs.model).chmod(0o555)
    (inputs.folder / inputs.stimulus).write_bytes(run.replay.stimulus)
    return inputs


def _cut(context: StageContext, run: Again, finding: Finding, files: Mapping[str, bytes]) -> Window:
    work, tools = context.work / "window", context.toolchain
    unpack_tree(context.read("intake", "tree"), work / TREE)
    case = {"job": len(run.plan.batches[0].jobs) - 1, "finding": finding.to_json()}
    given = {
        "ports.json": context.read("gate", "ports"),
        "plan.json": run.plan.to_json(),
        "stimulus.bin": run.replay.stimulus,
    }
    for name, content in {**given, **files, "case.json": json.dumps(case).encode()}.items():
        (work / name).write_bytes(content)
    names = (*given, *files, "case.json", _OUT)
    argv = (tools.python, "-m", "verif.jobs.window", f"{TREE}/{context.submission.manifest}", *names)
    result = context.sandbox.run(SandboxJob(argv, work, tools.reads, tools.env, wall_s=BUDGET_S), context.cancel)
    if result.cause == "exited" and result.code == UNREADABLE:
        raise NoPictureError(plain(result.log, 200).strip())
    data = read_output(work, _OUT, _MAX_OUT)
    if not result.ok or data is None:
        raise InfrastructureError("P-602", cause=result.cause, code=result.code, log=plain(result.log))
    return _window(data)


def _window(data: bytes) -> Window:
    try:
        raw: dict[str, Any] = json.loads(data)
        return Window.from_json(raw)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise InfrastructureError("P-602", cause="exited", code=0, log=str(error)[:200]) from error
