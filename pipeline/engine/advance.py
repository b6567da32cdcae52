"""What a commit sets in motion: pure, so that it can be tested without a store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pipeline.domain.outcome import Outcome
from pipeline.domain.run import StepSpec, StepState
from pipeline.errors import InfrastructureError

MOST_STEPS = 4000
"""A run with more steps is refused: its plan is ours and cannot be that large."""


@dataclass(frozen=True, slots=True)
class StepNode:
    """As much of a step as scheduling needs. `outcome` is None until it is DONE; `reason` says why it was skipped."""

    id: str
    name: str
    needs: tuple[str, ...]
    state: StepState
    outcome: Outcome | None = None
    reason: str = ""
    after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Move:
    """Step ids that become READY, (step id, reason) that become SKIPPED, and whether the run is over after that."""

    ready: tuple[str, ...]
    skipped: tuple[tuple[str, str], ...]
    over: bool


def advance(nodes: Sequence[StepNode]) -> Move:
    """Which BLOCKED steps may start, and which never will: a need did not pass, or what they come after was skipped."""
    known = {node.name: node for node in nodes}
    ready: list[str] = []
    skipped: list[tuple[str, str]] = []
    moving = True
    while moving:
        moving = False
        for node in [node for node in known.values() if node.state is StepState.BLOCKED]:
            reason = _obstacle(node, known)
            if reason:
                skipped.append((node.id, reason))
                known[node.name] = replace(node, state=StepState.DONE, outcome=Outcome.SKIPPED, reason=reason)
            elif _free(node, known):
                ready.append(node.id)
                known[node.name] = replace(node, state=StepState.READY)
            else:
                continue
            moving = True
    return Move(tuple(ready), tuple(skipped), all(node.state is StepState.DONE for node in known.values()))


def _free(node: StepNode, known: Mapping[str, StepNode]) -> bool:
    """Everything that the step needs has passed, and everything that it comes after is done."""
    done = all(known[name].state is StepState.DONE for name in node.after)
    return done and all(known[need].outcome is Outcome.PASSED for need in node.needs)


def _obstacle(node: StepNode, known: Mapping[str, StepNode]) -> str:
    """`gate failed`: the step at the root of it and what became of it; empty when nothing stands in the way.

    Never empty for a need that did not pass: a step without an obstacle and without its needs would wait for ever.
    """
    for need in (known[name] for name in node.needs):
        if need.outcome in {Outcome.FAILED, Outcome.BROKEN}:
            return f"{need.name} {need.outcome}"
        if need.outcome is Outcome.SKIPPED:
            return need.reason or f"{need.name} {need.outcome}"
    for before in (known[name] for name in node.after):
        if before.outcome is Outcome.SKIPPED:
            return before.reason or f"{before.name} {before.outcome}"
    return ""


def check_specs(existing: Sequence[StepNode], specs: Sequence[StepSpec], stages: Mapping[str, object]) -> None:
    """Refuse a plan that could never end (unknown stage or need, a name twice, a circle, too many): P-004."""
    needs = {node.name: (*node.needs, *node.after) for node in existing}
    needs |= {spec.name: (*spec.needs, *spec.after) for spec in specs}
    if len(needs) != len(existing) + len(specs) or len(needs) > MOST_STEPS:
        raise InfrastructureError("P-004", reason=f"{len(existing) + len(specs)} steps, {len(needs)} names")
    unknown = {spec.stage for spec in specs} - set(stages)
    unknown |= {need for spec in specs for need in (*spec.needs, *spec.after)} - set(needs)
    if unknown:
        raise InfrastructureError("P-004", reason=f"unknown: {', '.join(sorted(unknown))}")
    left = dict(needs)
    while ready := [name for name, wanted in left.items() if not set(wanted) & set(left)]:
        for name in ready:
            del left[name]
    if left:
        raise InfrastructureError("P-004", reason=f"circle: {', '.join(sorted(left))}")
