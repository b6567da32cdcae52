"""A run that ends with taking its first failure apart: what comes of it, and of its trouble."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from pipeline.domain.finding import Finding
from pipeline.domain.isolated import Isolated
from pipeline.domain.outcome import Outcome, Verdict
from pipeline.domain.run import Run, StageResult, StepSpec
from pipeline.domain.run import TestpointCount as Count
from pipeline.engine.dossier import assemble, reproduce_lines
from pipeline.engine.local import complete
from pipeline.engine.services import Services
from pipeline.engine.submit import submit
from pipeline.errors import InfrastructureError
from pipeline.ports import StageContext
from pipeline.testing import scripted_intake, scripted_stages

Make = Callable[..., Services]
FOUND = Finding("J-002", Outcome.FAILED, testpoint="FUN-01", seed=0)
KNOWN = Isolated(FOUND.id, "J-002", "FUN-01", 0, True, (), (2, 5), 9, True, 12)


def intake(context: StageContext) -> StageResult:
    result = scripted_intake()(context)
    isolate = StepSpec("isolate", needs=("build",), after=("judge.0", "judge.1"))
    return replace(result, next_steps=(*result.next_steps, isolate))


def judge(context: StageContext) -> StageResult:
    failed = context.step.spec.index == 0
    counts = (Count("FUN-01", 1, 1, int(failed), 64),)
    return StageResult(Outcome.FAILED if failed else Outcome.PASSED, (FOUND,) if failed else (), testpoints=counts)


def run_with(make_services: Make, isolate: Callable[[StageContext], StageResult]) -> tuple[Services, Run]:
    services = make_services(scripted_stages(intake=intake, judge=judge, isolate=isolate))
    run = submit(services, "acme", b"bytes", name="npu8.tar")
    return services, complete(services, services.dispatcher, "acme", run.id)  # type: ignore[arg-type]


def leaving(value: object) -> Callable[[StageContext], StageResult]:
    def script(context: StageContext) -> StageResult:
        return StageResult(Outcome.PASSED, evidence=(context.write("failure", json.dumps(value).encode()),))

    return script


def attempts(services: Services, run: Run) -> int:
    (step,) = [step for step in services.store.steps("acme", run.id) if step.spec.name == "isolate"]
    return step.attempt


def test_the_dossier_holds_what_was_learned_and_the_smallest_line(make_services: Make) -> None:
    services, run = run_with(make_services, leaving(KNOWN.to_json()))
    dossier = assemble(services, "acme", run.id)
    assert (run.verdict, dossier.isolated) == (Verdict.REJECTED, KNOWN)
    line = f"assay repro {run.number} --testpoint FUN-01 --seed 0x0000000000000000"
    assert dossier.reproduce == {FOUND.id: f"{line} --ops 2,5"}
    assert dossier.to_json()["isolated"]["ops"] == (2, 5)


GARBAGE: dict[str, Any] = {
    "nothing": {},
    "a list": [1],
    "null": None,
    "ops": KNOWN.to_json() | {"ops": ["2"]},
    "negative": KNOWN.to_json() | {"seed": -1},
    "a control byte": KNOWN.to_json() | {"testpoint": "FUN\x1b[31m"},
    "a window": KNOWN.to_json() | {"window": {"cycles": []}},
    "a divergence": KNOWN.to_json() | {"divergence": {"beat": 1}},
    "too much": KNOWN.to_json() | {"prefix": [["FUN-01", 1]] * 20_000},
}


@pytest.mark.parametrize("what", GARBAGE)
def test_garbage_counts_as_nothing_learned(make_services: Make, what: str) -> None:
    services, run = run_with(make_services, leaving(GARBAGE[what]))
    dossier = assemble(services, "acme", run.id)
    assert dossier.isolated is None
    assert not dossier.reproduce[FOUND.id].endswith("--ops 2,5")


def test_two_results_of_one_stimulus_are_not_tried_again_and_leave_it_open(make_services: Make) -> None:
    def contradicting(_context: StageContext) -> StageResult:
        raise InfrastructureError("P-604", testpoint="FUN-01", seed="0x0", broken="J-002")

    services, run = run_with(make_services, contradicting)
    assert (run.verdict, attempts(services, run)) == (Verdict.INCONCLUSIVE, 1)


def test_other_trouble_is_tried_again_and_takes_nothing_back(make_services: Make) -> None:
    def broken(_context: StageContext) -> StageResult:
        raise InfrastructureError("P-602", cause="exited", code=1, log="")

    services, run = run_with(make_services, broken)
    assert (run.verdict, attempts(services, run)) == (Verdict.REJECTED, 3)


def test_only_the_isolated_finding_and_notes_on_it_get_the_smaller_line() -> None:
    note = Finding("S-004", Outcome.PASSED, severity="note", testpoint="FUN-01", seed=0)
    others = [replace(FOUND, rule="J-001"), replace(FOUND, seed=1), replace(note, seed=1)]
    after = replace(KNOWN, alone=False, ops=(), prefix=(("PRO-01", 4),))
    lines = reproduce_lines("a b.tar", [FOUND, note, *others], after)
    start = "assay repro 'a b.tar' --testpoint FUN-01 --seed 0x000000000000000"
    assert lines[FOUND.id] == lines[note.id] == f"{start}0 --prefix"
    assert [lines[other.id] for other in others] == [f"{start}0", f"{start}1", f"{start}1"]
