"""One failing job run again and again: many trials in one simulator process, each after a reset of its own."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipeline.domain.finding import Finding
from pipeline.errors import InfrastructureError
from pipeline.ports import StageContext
from pipeline.stages.judge import Judged, judge_again
from pipeline.stages.rerun import Failing, rerun
from pipeline.stages.shrink import Ops
from pipeline.stages.simulate import Replay, replay
from verif.records.stimulus import Stimulus
from verif.testplan.plan import Batch, Plan
from verif.testplan.select import POWER_UP

BUDGET_S = 60.0
"""No round of trials is begun later, and no simulator process takes longer."""
_STOPPED = "P-304"


@dataclass(frozen=True, slots=True)
class Again:
    """Batch 0 of `plan`, simulated and judged; the job in question is its last."""

    plan: Plan
    replay: Replay
    judged: Judged

    def shows(self, rule: str) -> bool:
        """The job in question broke this rule."""
        return rule in self.judged.rules[-1]


class Trials:
    """Runs of one failing job. `whole`: all its operations. `partial`: some trials kept the simulator from ending."""

    def __init__(self, context: StageContext, plan: Plan, failing: Failing) -> None:
        self.rule, self.testpoint, self.seed = failing.finding.rule, failing.finding.testpoint, failing.finding.seed or 0
        self.partial = False
        self._context, self._plan = context, plan
        self._model = context.read("build", "model")
        self._rounds, self._begun = 0, time.monotonic()
        stimulus = Stimulus.unpack(context.read(f"simulate.{failing.batch.index}", "stimulus"))
        self.whole: Ops = tuple(range(int(stimulus.job["op_count"][failing.number])))

    def enough(self) -> bool:
        """No more rounds: the time is up, or trials cannot go on."""
        return self.partial or time.monotonic() - self._begun > BUDGET_S or self._context.cancel.is_set()

    def fail(self, lists: Sequence[Ops]) -> Sequence[bool]:
        """Whether the job breaks its rule with only these operations. A round that does not end says nothing of them."""
        try:
            return self._fail(lists)
        except InfrastructureError as error:
            if error.rule != _STOPPED or list(lists) == [self.whole]:
                raise
        self.partial = True
        return [ops == self.whole and self._fail([ops])[0] for ops in lists]

    def again(self, ops: Ops = (), *, prefix: bool = False) -> Again:
        """The job by itself, with these operations or all of them, or after the jobs before it in its batch."""
        return self._run(self._cut(ops, prefix=prefix))

    def finding(self, run: Again) -> Finding | None:
        """What a run found of the job; None when it found other things, or too much to list."""
        for finding in run.judged.findings:
            same = finding.seed == self.seed or self.testpoint == POWER_UP  # a difference is told of the other seed
            if finding.rule == self.rule and finding.testpoint == self.testpoint and same:
                return finding
        return None

    def _cut(self, ops: Ops, *, prefix: bool = False) -> Plan:
        return rerun(self._plan, self.testpoint, self.seed, () if ops == self.whole else ops, prefix=prefix)

    def _fail(self, lists: Sequence[Ops]) -> Sequence[bool]:
        cuts = [self._cut(ops).batches[0] for ops in lists]
        jobs = tuple(cut.jobs[-1] for cut in cuts)
        run = self._run(replace(self._plan, batches=(Batch(0, jobs, cuts[0].powerup_seeds),)))
        return [self.rule in rules for rules in run.judged.rules]

    def _run(self, plan: Plan) -> Again:
        """Simulate and judge, in one process for each power-up seed, in a new folder."""
        self._rounds += 1
        inside = replace(self._context, work=self._context.work / f"round{self._rounds}")
        inside.work.mkdir()
        again = replay(inside, plan, plan.batches[0], self._model, wall_s=BUDGET_S)
        return Again(plan, again, judge_again(inside, plan, plan.batches[0], again.stimulus, again.records))
