"""The `selftest` stage: the submitter's own cocotb tests, each alone in a sandboxed process.

Their oracle is the submitter's. Of an opaque design this is all there is, and its row of the plan is counted here. Beside a
contract it decides nothing: everything it finds is a note.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pipeline.domain.evidence import Evidence
from pipeline.domain.finding import Finding, Location
from pipeline.domain.outcome import Outcome
from pipeline.domain.run import StageResult, TestpointCount
from pipeline.errors import InfrastructureError
from pipeline.ports import SandboxJob, StageContext
from pipeline.stages.archive import tree_files
from pipeline.stages.outputs import plain, read_output
from pipeline.stages.planned import source_line
from pipeline.stages.selftest_hollow import hollow
from pipeline.stages.selftest_run import Ran, RefusedError, Simulator
from pipeline.stages.selftest_score import Score, score
from verif.testplan.plan import SELF_TEST, Plan, development_seed

_CASES = "cases.json"
_MAX_CASES = 64 << 20
_READ_S = 120.0
_MAX_LOG = 16 << 10  # of one test
_NOT_COUNTED = {"unchecked": "O-011", "expects": "O-012", "skipped": "O-013", "meddles": "O-014"}


@dataclass(frozen=True, slots=True)
class _Done:
    """One counted test: the number of its seed, what ran last, and what that means."""

    test: Mapping[str, Any]
    seed: int
    ran: Ran
    score: Score


class SelfTestStage:
    """Runs every test that counts, once, under its seed of the plan."""

    name = "selftest"

    def run(self, context: StageContext) -> StageResult:
        """PASSED or FAILED with the count of `SELF-01`, evidence `log` and, per test, `coverage-<number>`.

        Raises:
            InfrastructureError: P-202, P-203, P-204 no model; P-530 what the tests reported could not be read.
        """
        contract: dict[str, Any] = json.loads(context.read("intake", "contract"))
        tree = context.read("intake", "tree")
        plan = Plan.from_json(context.read("intake", "plan"))
        judged = _SelfTest(context, contract, tree, plan.epoch).result()
        return judged if contract["profile"] == "opaque" else _apart(judged)


def _apart(result: StageResult) -> StageResult:
    """Reported, and no more than that: no count, no coverage, nothing but notes."""
    notes = tuple(replace(finding, severity="note") for finding in result.findings)
    kept = tuple(item for item in result.evidence if item.role == "log")
    return StageResult(Outcome.PASSED, notes, kept, metrics=result.metrics)


class _SelfTest:
    def __init__(self, context: StageContext, contract: Mapping[str, Any], tree: bytes, epoch: int) -> None:
        self.context, self.plan, self.epoch = context, contract["selftest"], epoch
        self.contract, self.tree = contract, tree
        self.sources = tree_files(tree)
        self.simulator = Simulator(context, contract, tree)
        self.counted = [test for test in self.plan["tests"] if not test["why"]]

    def result(self) -> StageResult:
        """Build, run, count."""
        notes = (*self._old(), *self._not_counted())
        if not self.counted:
            nothing = Finding("O-010", Outcome.FAILED, args={"tests": str(len(self.plan["tests"]))})
            return StageResult(Outcome.FAILED, (nothing, *notes), testpoints=(TestpointCount(SELF_TEST, 0, 0, 0, 0),))
        try:
            self.simulator.build()
        except RefusedError as refused:
            return StageResult(Outcome.FAILED, (*refused.findings, *notes), metrics=self._costs())
        ran = done = self._all()
        evidence = (self._log(done), *self._coverage(done))
        findings = tuple(found for one in done for found in self._finding(one))
        if all(one.score.state == "passed" for one in done):
            done, findings = self._hollow(done)
        failed = any(finding.severity == "error" for finding in findings)
        outcome = Outcome.FAILED if failed else Outcome.PASSED
        return StageResult(
            outcome, (*findings, self._summary(done), *notes), evidence, (_count(ran, done),), self._metrics(done)
        )

    def _all(self) -> Sequence[_Done]:
        ran = []
        for number, test in enumerate(self.counted):
            self.context.progress(number, len(self.counted))
            seed = development_seed(SELF_TEST, number, self.epoch)
            ran.append((test, seed, self._twice(test, seed, number)))
        cases = self._read("results", [one.results for _, _, one in ran])
        silent = any(site["found"] == "<=" for site in self.plan["drift"])
        return [_Done(*one, score(one[0], one[2], read, silent=silent)) for one, read in zip(ran, cases, strict=True)]

    def _hollow(self, done: Sequence[_Done]) -> tuple[Sequence[_Done], tuple[Finding, ...]]:
        """The tests once more, on a design that does nothing: those that mind, and what is said of the others."""
        design = hollow(self.contract, self.tree, json.loads(self.context.read("gate", "ports")))
        if design is None:
            return done, (Finding("O-016", Outcome.FAILED, "note"),)
        simulator = Simulator(self.context, *design, "hollow")
        simulator.build()
        ran = [simulator.run(one.test, one.seed, f"test-{number}") for number, one in enumerate(done)]
        read = self._read("hollow-results", [one.results for one in ran])
        minds = [score(*it, silent=False).state != "passed" for it in zip((o.test for o in done), ran, read, strict=True)]
        if not any(minds):
            return done, (Finding("O-015", Outcome.FAILED, args={"counted": str(len(done))}),)
        idle = [one.test for one, minded in zip(done, minds, strict=True) if not minded]
        return [one for one, minded in zip(done, minds, strict=True) if minded], tuple(map(self._idle, idle))

    def _idle(self, test: Mapping[str, Any]) -> Finding:
        """That a test does not count: it passes a design that does nothing."""
        where = self._place(test["file"], int(test["line"]))
        return Finding("O-017", Outcome.FAILED, "note", {"test": test["name"]}, where)

    def _twice(self, test: Mapping[str, Any], seed: int, number: int) -> Ran:
        """Run, and once more when the process did not come to its own end: only what repeats is held against the tests."""
        ran = self.simulator.run(test, seed, f"test-{number}-0")
        return ran if ran.sealed else self.simulator.run(test, seed, f"test-{number}-1")

    def _read(self, name: str, results: Sequence[bytes | None]) -> Sequence[Mapping[str, Any]]:
        """What each file says, read in a sandbox of its own in the new folder `name`."""
        work = self.context.work / name
        work.mkdir()
        names = []
        for number, data in enumerate(results):
            names.append(f"{number}.xml")
            (work / names[-1]).write_bytes(data or b"")
        tools = self.context.toolchain
        argv = (tools.python, "-m", "verif.jobs.selftest", _CASES, *names)
        result = self.context.sandbox.run(
            SandboxJob(argv, work, tools.reads, tools.env, wall_s=_READ_S), self.context.cancel
        )
        data = read_output(work, _CASES, _MAX_CASES)
        if not result.ok or data is None:
            raise InfrastructureError("P-530", cause=result.cause, code=result.code, log=plain(result.log))
        found: list[Mapping[str, Any]] = json.loads(data)
        return found

    def _finding(self, done: _Done) -> Iterator[Finding]:
        if done.score.rule:
            args = {"test": done.test["name"], "seed": f"0x{done.seed & 0xFFFFFFFF:08x}", **done.score.args}
            severity = "note" if done.score.state == "unjudged" else "error"
            where = self._place(done.test["file"], int(done.test["line"]))
            yield Finding(done.score.rule, Outcome.FAILED, severity, args, where, testpoint=SELF_TEST)  # type: ignore[arg-type]

    def _old(self) -> Iterator[Finding]:
        """What was written for cocotb 1, one note a place."""
        for site in self.plan["drift"]:
            where = self._place(site["file"], int(site["line"]), int(site["column"]))
            args = {"found": site["found"], "instead": site["instead"]}
            yield Finding("O-020", Outcome.FAILED, "note", args, where)

    def _not_counted(self) -> Iterator[Finding]:
        for test in self.plan["tests"]:
            if test["why"]:
                where = self._place(test["file"], int(test["line"]))
                args = {"test": test["name"], "found": test["detail"]}
                yield Finding(_NOT_COUNTED[test["why"]], Outcome.FAILED, "note", args, where)

    def _place(self, file: str, line: int, column: int = 1) -> Location:
        lines = self.sources.get(file, b"").split(b"\n")
        return Location(file, line, column, 1, source_line(lines[line - 1]) if 0 < line <= len(lines) else "")

    def _summary(self, done: Sequence[_Done]) -> Finding:
        """Always there: whoever reads the verdict reads whose oracle it rests on."""
        passed = sum(one.score.state == "passed" for one in done)
        args = {"passed": str(passed), "counted": str(len(done)), "tests": str(len(self.plan["tests"]))}
        return Finding("O-001", Outcome.FAILED, "note", args)

    def _log(self, done: Sequence[_Done]) -> Evidence:
        parts = (f"==== {one.test['module']}.{one.test['name']}\n{plain(one.ran.result.log, _MAX_LOG)}\n" for one in done)
        return self.context.write("log", "".join(parts).encode(), "text/plain")

    def _coverage(self, done: Sequence[_Done]) -> Iterator[Evidence]:
        for number, one in enumerate(done):
            if one.ran.sealed and one.ran.coverage is not None:
                yield self.context.write(f"coverage-{number}", one.ran.coverage, "text/plain")

    def _costs(self) -> dict[str, float]:
        return {"selftest_wall_s": self.simulator.wall_s, "selftest_cpu_s": self.simulator.cpu_s}

    def _metrics(self, done: Sequence[_Done]) -> dict[str, float]:
        states = [one.score.state for one in done]
        named = {f"selftest_{state}": float(states.count(state)) for state in ("passed", "failed", "unjudged")}
        return self._costs() | named | {"selftest_tests": float(len(self.plan["tests"]))}


def _count(ran: Sequence[_Done], done: Sequence[_Done]) -> TestpointCount:
    """All that were planned ran; judged are those of which something can be said, and checks are those of `done` alone."""
    judged = [one.score for one in ran if one.score.state != "unjudged"]
    failed = sum(one.state == "failed" for one in judged)
    return TestpointCount(SELF_TEST, len(ran), len(judged), failed, sum(one.score.cases for one in done))
