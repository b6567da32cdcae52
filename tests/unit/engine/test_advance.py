from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.outcome import Outcome
from pipeline.domain.run import StepSpec, StepState
from pipeline.engine.advance import MOST_STEPS, StepNode, advance, check_specs
from pipeline.errors import InfrastructureError


def node(name: str, *needs: str, after: tuple[str, ...] = (), outcome: Outcome | None = None, reason: str = "") -> StepNode:
    state = StepState.DONE if outcome else StepState.BLOCKED
    return StepNode(f"id-{name}", name, needs, state, outcome, reason, after)


def done(one: StepNode, outcome: Outcome) -> StepNode:
    return replace(one, state=StepState.DONE, outcome=outcome, reason="told to" if outcome is Outcome.SKIPPED else "")


def test_a_step_starts_when_all_its_needs_passed() -> None:
    nodes = [node("a", outcome=Outcome.PASSED), node("b"), node("c", "a"), node("d", "a", "b")]
    assert advance(nodes).ready == ("id-b", "id-c")
    assert not advance(nodes).over


def test_what_never_can_start_is_skipped_for_its_root_cause() -> None:
    move = advance([node("gate", outcome=Outcome.FAILED), node("build", "gate"), node("sim", "build"), node("cov", "sim")])
    assert move.ready == ()
    assert move.skipped == (("id-build", "gate failed"), ("id-sim", "gate failed"), ("id-cov", "gate failed"))
    assert move.over


def test_the_order_of_steps_does_not_matter() -> None:
    move = advance([node("cov", "sim"), node("sim", "build"), node("build", outcome=Outcome.BROKEN)])
    assert dict(move.skipped) == {"id-cov": "build broken", "id-sim": "build broken"}


def test_a_stage_that_skips_itself_passes_its_reason_on() -> None:
    move = advance([node("toggle", outcome=Outcome.SKIPPED, reason="no budget"), node("rank", "toggle")])
    assert move.skipped == (("id-rank", "no budget"),)


def test_a_skipped_need_without_a_reason_blocks_nobody_for_ever() -> None:
    move = advance([node("toggle", outcome=Outcome.SKIPPED), node("rank", "toggle")])
    assert move.skipped == (("id-rank", "toggle skipped"),)
    assert move.over


@pytest.mark.parametrize("outcome", [Outcome.PASSED, Outcome.FAILED, Outcome.BROKEN])
def test_a_step_that_comes_after_others_takes_any_end(outcome: Outcome) -> None:
    judges = [node("judge.0", outcome=outcome), node("judge.1")]
    isolate = node("isolate", "build", after=("judge.0", "judge.1"))
    running = [*judges[:1], replace(judges[1], state=StepState.RUNNING), node("build", outcome=Outcome.PASSED), isolate]
    assert advance(running).ready == ()
    assert advance([*judges[:1], done(judges[1], Outcome.PASSED), *running[2:]]).ready == ("id-isolate",)


def test_a_step_that_comes_after_one_that_was_skipped_is_skipped_too() -> None:
    nodes = [node("build", outcome=Outcome.PASSED), node("judge.0", outcome=Outcome.SKIPPED, reason="simulate.0 failed")]
    move = advance([*nodes, node("isolate", "build", after=("judge.0",))])
    assert (move.skipped, move.over) == ((("id-isolate", "simulate.0 failed"),), True)


def test_a_run_with_work_under_way_is_not_over() -> None:
    for state in (StepState.READY, StepState.RUNNING):
        assert not advance([replace(node("a"), state=state)]).over


@st.composite
def graphs(draw: st.DrawFn) -> list[StepNode]:
    nodes = [node("s0")]
    for number in range(1, draw(st.integers(1, 9))):
        before = st.sets(st.sampled_from([f"s{j}" for j in range(number)]))
        nodes.append(node(f"s{number}", *draw(before), after=tuple(draw(before))))
    return draw(st.permutations(nodes))


@given(graphs(), st.data())
def test_every_graph_ends(nodes: list[StepNode], data: st.DataObject) -> None:
    """Whatever becomes of the steps: everything is done at last, started at most once, and skipped for a true cause."""
    known = {one.name: one for one in nodes}
    started: list[str] = []
    for _round in range(len(nodes) + 1):
        move = advance(list(known.values()))
        by_id = {one.id: one for one in known.values()}
        for step_id, reason in move.skipped:
            known[by_id[step_id].name] = replace(
                by_id[step_id], state=StepState.DONE, outcome=Outcome.SKIPPED, reason=reason
            )
        for step_id in move.ready:
            started.append(step_id)
            outcome = data.draw(st.sampled_from(Outcome))
            known[by_id[step_id].name] = done(by_id[step_id], outcome)
        if move.over:
            break
        assert move.ready
    assert all(one.state is StepState.DONE for one in known.values())
    assert len(set(started)) == len(started)
    for one in known.values():
        needs, after = ([known[name].outcome for name in names] for names in (one.needs, one.after))
        passed = all(outcome is Outcome.PASSED for outcome in needs)
        assert (one.id in started) == (passed and Outcome.SKIPPED not in after)
        if one.id not in started:
            roots = {f"{name} {known[name].outcome}" for name in known if known[name].id in started} | {"told to"}
            assert one.reason in roots


STAGES = {"intake": object(), "gate": object(), "simulate": object()}
INTAKE = node("intake")


def refused(*specs: StepSpec) -> str:
    with pytest.raises(InfrastructureError) as caught:
        check_specs([INTAKE], specs, STAGES)
    assert caught.value.rule == "P-004"
    return caught.value.values["reason"]


def test_a_sound_plan_is_taken() -> None:
    check_specs([INTAKE], [StepSpec("simulate", 0, ("gate",)), StepSpec("gate", needs=("intake",))], STAGES)
    check_specs([INTAKE], [StepSpec("simulate", index) for index in range(MOST_STEPS - 1)], STAGES)


def test_a_plan_that_could_never_end_is_refused() -> None:
    assert refused(StepSpec("fetch")) == "unknown: fetch"
    assert refused(StepSpec("gate", needs=("lint",))) == "unknown: lint"
    assert refused(StepSpec("gate", needs=("gate",))) == "circle: gate"
    assert refused(StepSpec("gate", after=("lint",))) == "unknown: lint"
    assert refused(StepSpec("gate", after=("gate",))) == "circle: gate"
    assert refused(StepSpec("gate", needs=("simulate.0",)), StepSpec("simulate", 0, ("gate",))) == "circle: gate, simulate.0"
    assert refused(StepSpec("intake")) == "2 steps, 1 names"
    assert refused(StepSpec("gate"), StepSpec("gate")) == "3 steps, 2 names"
    assert "4001 steps" in refused(*[StepSpec("simulate", index) for index in range(MOST_STEPS)])
