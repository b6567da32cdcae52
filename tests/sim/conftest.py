"""Models built once per session, stimulus made by hand, and a scripted sandbox for decisions that need no simulator."""

from __future__ import annotations

import io
import json
import shutil
import sys
import tarfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from pipeline.adapters.sandbox import open_sandbox
from pipeline.adapters.toolchain import find_toolchain
from pipeline.domain.canonical import sha256
from pipeline.domain.evidence import Evidence
from pipeline.domain.run import Run, StageResult, Step, StepSpec, StepState, Submission
from pipeline.ports import Sandbox, SandboxJob, SandboxResult, StageContext
from pipeline.stages.build import BuildStage
from pipeline.stages.simulator import TESTS, Execution, Inputs, execute
from verif.records import stimulus as st
from verif.records.record import Record
from verif.records.stimulus import Stimulus

DATA = Path(__file__).resolve().parents[1] / "data" / "sim"
CACHE = Path(__file__).resolve().parents[2] / ".assay" / "tests"
PORTS = {
    "clk_i": ("in", 1), "rst_ni": ("in", 1), "a_data_i": ("in", 16), "a_valid_i": ("in", 1), "a_ready_o": ("out", 1),
    "c_data_o": ("out", 16), "c_valid_o": ("out", 1), "c_ready_i": ("in", 1), "plus_i": ("in", 8), "fault_i": ("in", 8),
    "start_i": ("in", 1), "done_o": ("out", 1), "t_valid_o": ("out", 1), "t_bit_o": ("out", 1),
}  # fmt: skip
CHANNELS = (("a", st.IN, 16), ("c", st.OUT, 16), ("t", st.OUT, 1))
A, C, T = 0, 1, 2


class MemoryBlobs:
    def __init__(self) -> None:
        self.data: dict[str, bytes] = {}

    def put(self, data: bytes) -> str:
        self.data[sha256(data)] = data
        return sha256(data)

    def get(self, digest: str) -> bytes:
        return self.data[digest]


class ScriptedSandbox:
    """Answers each job with the next function of the script; keeps the jobs."""

    level = 2

    def __init__(self, script: Sequence[Callable[[SandboxJob], SandboxResult]]) -> None:
        self.script, self.jobs = list(script), list[SandboxJob]()

    def run(self, job: SandboxJob, cancel: threading.Event | None = None) -> SandboxResult:  # noqa: ARG002
        self.jobs.append(job)
        return self.script.pop(0)(job)


@dataclass
class Op:
    """One operation by hand: words and gaps of the input, ready gaps of the output, and its steps."""

    words: Sequence[int]
    gaps: Sequence[int] = ()
    ready: Sequence[int] = ()
    mode: int = st.STALL_FROM_PREVIOUS
    plus: int = 0
    fault: int = 0
    wait: bool = False
    quiet: int = 0
    outputs: int | None = None
    steps: Sequence[tuple[int, int, int, tuple[int, ...]]] | None = None


@dataclass
class Job:
    ops: Sequence[Op]
    reset: int = 4
    deadline: int = 5000
    quiet: int = 20
    idle: int = st.IDLE_RANDOM


def hold(plus: int = 0, fault: int = 0, start: int = 0) -> tuple[int, ...]:
    return (plus, 0, fault, 0, start, 0)


RUN = (st.STEP_RUN, 0b111, 0, ())


class Tables:
    """Collects rows of a stimulus file."""

    def __init__(self) -> None:
        self.rows: dict[str, list[Any]] = {name: [] for name in st.SCHEMA}
        self.rows["head"] = [(b"plan", 0, 6)]
        self.rows["channel"] = [(name.encode(), way, 0, st.FROM_HANDSHAKE, 0, width, 1) for name, way, width in CHANNELS]

    def words(self, values: Sequence[int]) -> int:
        first = len(self.rows["word"])
        self.rows["word"] += [(int(value),) for value in values]
        return first

    def job(self, number: int, job: Job) -> None:
        first = len(self.rows["op"])
        for op in job.ops:
            self.op(number, op)
        self.rows["job"].append(
            (number, b"TEST", number, first, len(job.ops), job.reset, job.deadline, job.quiet, job.idle, 99 + number)
        )

    def op(self, job: int, op: Op) -> None:
        steps = [(st.STEP_SET, 0, 0, hold(op.plus, op.fault)), RUN] if op.steps is None else op.steps
        row = (len(self.rows["op"]), job, 0, op.wait, op.quiet, len(self.rows["step"]), len(steps))
        self.rows["op"].append(row)
        self.rows["step"] += [(kind, arg, within, self.words(words)) for kind, arg, within, words in steps]
        count = len(op.words)
        self.segment(op.gaps or [0] * count, st.STALL_FROM_PREVIOUS, self.words(op.words))
        outputs = count if op.outputs is None else op.outputs
        self.segment(list(op.ready) or [0] * outputs, op.mode, 0)
        self.segment([0] * count, st.STALL_FROM_PREVIOUS, 0)

    def segment(self, gaps: Sequence[int], mode: int, word_first: int) -> None:
        self.rows["segment"].append((len(self.rows["beat"]), len(gaps), word_first, 0, 0))
        self.rows["beat"] += [(gap, mode) for gap in gaps]

    def stimulus(self) -> Stimulus:
        return Stimulus(**{name: np.array(rows, st.SCHEMA[name]) for name, rows in self.rows.items()})


def make_stimulus(jobs: Sequence[Job]) -> Stimulus:
    tables = Tables()
    for number, job in enumerate(jobs):
        tables.job(number, job)
    return tables.stimulus()


@dataclass(frozen=True)
class Seen:
    """A record together with its stimulus, by job and channel."""

    stimulus: Stimulus
    record: Record
    execution: Execution

    def watch(self, job: int, channel: int) -> Any:
        return self.record.watch[job * len(CHANNELS) + channel]

    def cycles(self, job: int, channel: int) -> list[int]:
        row = self.watch(job, channel)
        return [int(c) for c in self.record.beat["cycle"][row["beat_first"] : row["beat_first"] + row["count"]]]

    def words(self, job: int, channel: int) -> list[int]:
        row = self.watch(job, channel)
        return [int(w) for w in self.record.word["value"][row["word_first"] : row["word_first"] + row["count"]]]


@dataclass
class Bench:
    """Builds and runs with the real tools; one folder for the whole session."""

    root: Path
    cache: Path
    sandbox: Sandbox
    count: int = 0
    models: dict[str, bytes] = field(default_factory=dict)

    def context(
        self,
        files: Mapping[str, bytes],
        stage: str = "build",
        sandbox: Sandbox | None = None,
        pins: Mapping[str, tuple[str, int]] = PORTS,
    ) -> StageContext:
        self.count += 1
        blobs = MemoryBlobs()
        ports = {name: {"dir": way, "width": width} for name, (way, width) in pins.items()}
        inputs = {("intake", "tree"): pack_tree(files), ("gate", "ports"): json.dumps(ports).encode()}
        evidence: dict[str, dict[str, Evidence]] = {}
        for (step, role), data in inputs.items():
            evidence.setdefault(step, {})[role] = Evidence(role, blobs.put(data), "", len(data))
        work = self.root / f"work{self.count}"
        work.mkdir()
        return StageContext(
            run=Run("run", "tenant", "submission", "core-1", 0, ""),
            submission=Submission("submission", "tenant", "name", "", "assay.toml", ""),
            step=Step("step", "run", "tenant", 0, StepSpec(stage), StepState.RUNNING, 1, 1),
            evidence=evidence,
            blobs=blobs,
            sandbox=sandbox or self.sandbox,
            toolchain=find_toolchain(),
            work=work,
            cache=self.cache,
            cancel=threading.Event(),
            progress=lambda _done, _total: None,
        )

    def build(
        self, files: Mapping[str, bytes], pins: Mapping[str, tuple[str, int]] = PORTS
    ) -> tuple[StageResult, StageContext]:
        context = self.context(files, pins=pins)
        return BuildStage().run(context), context

    def model(self, name: str, files: Mapping[str, bytes]) -> bytes:
        if name not in self.models:
            result, context = self.build(files)
            assert result.findings == ()
            self.models[name] = context.blobs.get(result.evidence[0].digest)
        return self.models[name]

    def run(self, model: bytes, jobs: Sequence[Job], *, powerup: int = 1, tests: str = TESTS) -> Seen:
        stimulus = make_stimulus(jobs)
        done = self.execute(model, stimulus, powerup=powerup, tests=tests)
        assert done.record is not None, done.result.log.decode(errors="replace")
        return Seen(stimulus, Record.unpack(done.record), done)

    def execute(
        self, model: bytes, stimulus: Stimulus, *, powerup: int = 1, tests: str = TESTS, wall_s: float = 60.0
    ) -> Execution:
        context = self.context({"assay.toml": b""})
        tools = context.toolchain
        env = dict(tools.env) | {"PYTHONPATH": f"{tools.env['PYTHONPATH']}:{DATA}"}
        context = replace(context, toolchain=replace(tools, env=env, reads=(*tools.reads, DATA)))
        inputs = Inputs(context.work / "inputs")
        inputs.folder.mkdir()
        (inputs.folder / inputs.model).write_bytes(model)
        (inputs.folder / inputs.model).chmod(0o555)
        (inputs.folder / inputs.stimulus).write_bytes(stimulus.pack())
        return execute(context, inputs, context.work / "run", powerup, wall_s=wall_s, tests=tests)


def pack_tree(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:") as tar:
        for name, data in sorted(files.items()):
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


def faulty_files(*edits: tuple[str, str]) -> dict[str, bytes]:
    """The design of these tests with exact edits of its source or manifest."""
    files = {"axis_faulty.sv": (DATA / "axis_faulty.sv").read_text(), "assay.toml": (DATA / "faulty.toml").read_text()}
    for find, put in edits:
        name = next(name for name, text in files.items() if text.count(find) == 1)
        files[name] = files[name].replace(find, put)
    return {name: text.encode() for name, text in files.items()}


@pytest.fixture(scope="session")
def kit() -> ModuleType:
    """This file's own names, for tests: files under tests/ cannot import each other."""
    return sys.modules[__name__]


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    root = tmp_path_factory.mktemp("sim")
    cache = CACHE / f"sim-{root.parent.name}-{root.name}"  # a tenant of its own; the runtime beside it is shared
    shutil.rmtree(cache, ignore_errors=True)
    cache.mkdir(parents=True)
    yield Bench(root, cache, open_sandbox("auto"))
    shutil.rmtree(cache)


@pytest.fixture(scope="session")
def model(bench: Bench) -> bytes:
    return bench.model("good", faulty_files())
