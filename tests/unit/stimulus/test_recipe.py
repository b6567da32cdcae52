"""Steps as micro-steps: loops taken, values overwritten when a design needs them no longer."""

from __future__ import annotations

from pathlib import Path

import pytest

from verif.contract.model import Contract
from verif.contract.read import read_manifest
from verif.records import stimulus as file
from verif.stimulus.recipe import MicroStep, Recipe
from verif.testplan.plan import Job

FAULTY = (Path(__file__).resolve().parents[2] / "data/sim/faulty.toml").read_text()
STEPS = FAULTY[FAULTY.index("steps = [") : FAULTY.index("[[operation.stream]]")]
JOB = Job("FUN-01", 5)
PLUS, FAULT, START = range(3)  # places of the signals in the hold vector


def contract(steps: str) -> Contract:
    found, wrong = read_manifest(FAULTY.replace(STEPS, f"steps = [{steps}]\n"))
    assert found is not None, wrong
    return found


def made(steps: str, job: Job = JOB, op: int = 0) -> list[MicroStep]:
    whole = contract(steps)
    return Recipe(whole).of(job, op).steps(whole.operations[0], {"L": 4, "p": 200, "f": 0})


def held(step: MicroStep, signal: int) -> int:
    return step.words[2 * signal] | step.words[2 * signal + 1] << 32


def kinds(steps: list[MicroStep]) -> list[int]:
    return [step.kind for step in steps]


SET = '{ set = { plus_i = "p", fault_i = "7" }UNTIL }, '


@pytest.mark.parametrize(
    ("until", "expected"),
    [
        ("", [file.STEP_SET, file.STEP_PULSE, file.STEP_RUN, file.STEP_WAIT]),
        (', until = "next"', [file.STEP_SET, file.STEP_PULSE, file.STEP_RUN, file.STEP_WAIT]),
        (', until = "start"', [file.STEP_SET, file.STEP_PULSE, file.STEP_SET, file.STEP_RUN, file.STEP_WAIT]),
        (', until = "done"', [file.STEP_SET, file.STEP_PULSE, file.STEP_RUN, file.STEP_WAIT, file.STEP_SET]),
    ],
)
def test_values_end_with_until(until: str, expected: list[int]) -> None:
    steps = made(SET.replace("UNTIL", until) + '{ pulse = "start_i" }, { run = ["a", "c", "t"] }, { wait = "done" }')
    assert kinds(steps) == expected
    sets = [step for step in steps if step.kind == file.STEP_SET]
    assert held(sets[0], PLUS) == 200
    for other in sets[1:]:
        assert (held(other, PLUS) ^ 200) & 1
        assert (held(other, FAULT) ^ 7) & 1
        assert held(other, START) == 0


def test_a_later_set_keeps_its_values() -> None:
    again = '{ set = { plus_i = "1" }, until = "start" }, { set = { plus_i = "9" } }, { pulse = "start_i" }'
    assert kinds(made(again)) == [file.STEP_SET, file.STEP_SET, file.STEP_PULSE]


def test_a_pulsed_signal_is_not_overwritten() -> None:
    steps = made('{ set = { start_i = "0" }, until = "start" }, { pulse = "start_i" }, { run = ["a", "c", "t"] }')
    assert kinds(steps) == [file.STEP_SET, file.STEP_PULSE, file.STEP_RUN]


DO = '[{ set = { plus_i = "8*i + j", fault_i = "f" } }, { idle = 3 }]'
LOOP = f'{{ for = ["i: 2", "j: i + 2"]ORDER, do = {DO} }}, {{ align = "all" }}'


def rounds(job: Job, op: int = 0, order: str = ', order = "any"') -> list[int]:
    steps = made(LOOP.replace("ORDER", order), job, op)
    assert kinds(steps) == [file.STEP_SET, file.STEP_IDLE] * 5 + [file.STEP_ALIGN]
    return [held(step, PLUS) for step in steps[:-1:2]]


def test_loops_are_taken_as_written() -> None:
    assert rounds(JOB, order="") == [0, 1, 8, 9, 10]


def test_any_order_is_drawn_by_job_and_operation() -> None:
    assert rounds(JOB) == rounds(JOB)
    drawn = [tuple(rounds(Job("FUN-01", seed), op)) for seed in range(4) for op in range(2)]
    assert len(set(drawn)) > 4
    assert {tuple(sorted(order)) for order in drawn} == {(0, 1, 8, 9, 10)}
