"""Readings of a manifest against a built model: one simulator process for several of them, and what each came to."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from pipeline.domain.fitting import Trial
from pipeline.errors import InfrastructureError
from pipeline.ports import SandboxJob, SandboxResult, StageContext
from pipeline.stages.build import CAPS
from pipeline.stages.fit_answers import NOT_USABLE, Listed, not_usable, read_chosen, read_judged, read_listed
from pipeline.stages.outputs import plain, read_output, unpack_tree
from pipeline.stages.simulator import MODEL_STOPPED, Inputs, execute
from pipeline.stages.verilate import TREE
from verif.fit.trial import POWER_UP_SEED
from verif.jobs.fit import ANSWER

_STOPPED = {"wall": "S-001", "log": "S-002"}  # and S-003 for a model that stopped itself
_JOB_S, _SIMULATION_S = 120.0, 30.0
_MAX_STIMULUS = 256 << 20


class Fitter:
    """Runs the jobs of one search in new folders below `context.work`.

    Every method raises InfrastructureError: N-202 a job left no usable answer, P-301 the simulator left no record.
    """

    def __init__(self, context: StageContext, facts: Sequence[str]) -> None:
        self._context, self._facts = context, tuple(facts)
        self._model, self._jobs, self._until = b"", 0, 0.0
        self._lists: Path | None = None
        self._ended: tuple[str, Mapping[str, str]] = ("", {})

    def listed(self) -> Listed:
        """The readings."""
        work = self._job("list", "out")
        self._lists = work / "out"
        return read_listed(self._lists, ANSWER)

    def load(self, model: bytes, until: float) -> None:
        """Take the built executable; nothing is tried alone after `until`, of the monotonic clock."""
        self._model, self._until = model, until

    def tried(self, listed: Listed, chunk: int) -> dict[int, Trial]:
        """The trials of one chunk by number; one by one when the design ends the simulator, as long as there is time."""
        if self._lists is None:
            raise TypeError("list the readings first")
        numbers = listed.chunks[chunk]
        stimulus = read_output(self._lists, f"stimulus-{chunk}.bin", _MAX_STIMULUS)
        if stimulus is None:
            raise not_usable("stimulus")
        found = self._together(listed, numbers, stimulus)
        if found is None and len(numbers) > 1:
            found = {}
            for number in numbers:
                found |= self._alone(listed, number) if time.monotonic() < self._until else {}
        return found if found is not None else self._stopped(listed, numbers)

    def chosen(self, numbers: Sequence[int], works: int) -> tuple[bool, int, str | None]:
        """Whether these readings are alike, the one to take, and the manifest with it; None when it was not written."""
        work = self._job("choose", "chosen.json", _joined(numbers), str(works))
        return read_chosen(work, "chosen.json", numbers)

    def _alone(self, listed: Listed, number: int) -> dict[int, Trial]:
        work = self._job("send", "stimulus.bin", str(number), str(listed.works))
        stimulus = read_output(work, "stimulus.bin", _MAX_STIMULUS)
        if stimulus is None:
            raise not_usable("stimulus")
        return self._together(listed, (number,), stimulus) or self._stopped(listed, (number,))

    def _stopped(self, listed: Listed, numbers: Sequence[int]) -> dict[int, Trial]:
        rule, args = self._ended
        return {number: replace(listed.trials[number], state="differs", rule=rule, args=args) for number in numbers}

    def _together(self, listed: Listed, numbers: Sequence[int], stimulus: bytes) -> dict[int, Trial] | None:
        """Trials of readings in one process; None when the design ended it."""
        record = self._record(stimulus)
        if record is None:
            return None
        files = {"stimulus.bin": stimulus, "record.bin": record}
        work = self._job("judge", "judged.json", *files, _joined(numbers), files=files)
        return read_judged(work, "judged.json", listed, numbers)

    def _record(self, stimulus: bytes) -> bytes | None:
        folder = self._folder()
        folder.mkdir()
        inputs = Inputs(folder / "inputs")
        inputs.folder.mkdir()
        (inputs.folder / inputs.model).write_bytes(self._model)
        (inputs.folder / inputs.model).chmod(0o555)
        (inputs.folder / inputs.stimulus).write_bytes(stimulus)
        done = execute(self._context, inputs, folder / "run", POWER_UP_SEED, wall_s=_SIMULATION_S)
        if done.record is None:
            self._ended = _ended(done.result)
        return done.record

    def _folder(self) -> Path:
        self._jobs += 1
        return self._context.work / f"fit-{self._jobs}"

    def _job(self, action: str, out: str, *arguments: str, files: Mapping[str, bytes] | None = None) -> Path:
        """Run one action of the job; the folder with what it left."""
        context, work = self._context, self._folder()
        unpack_tree(context.read("intake", "tree"), work / TREE)
        for name, data in (files or {}).items():
            (work / name).write_bytes(data)
        tools = context.toolchain
        given = (action, f"{TREE}/{context.submission.manifest}", out, *arguments, "--", *self._facts)
        job = SandboxJob((tools.python, "-m", "verif.jobs.fit", *given), work, tools.reads, tools.env, wall_s=_JOB_S)
        result = context.sandbox.run(job, context.cancel)
        if not result.ok:
            raise InfrastructureError(NOT_USABLE, cause=result.cause, code=result.code, log=plain(result.log, 400))
        return work


def _joined(numbers: Sequence[int]) -> str:
    return ",".join(map(str, numbers))


def _ended(result: SandboxResult) -> tuple[str, Mapping[str, str]]:
    """The rule that a design breaks by ending the simulator, and its values; P-301 for every other end."""
    if result.cause not in CAPS and result.code != MODEL_STOPPED:
        raise InfrastructureError("P-301", cause=result.cause, code=result.code, log=plain(result.log))
    return _STOPPED.get(result.cause, "S-003"), {"wall_s": f"{_SIMULATION_S:.0f}", "log": plain(result.log, 300)}
