"""The `isolate` stage: the first failure of a run, alone, as small as it gets, and the few cycles that show it.

It judges nothing anew. It shows what was found, and makes sure that it can be shown again: a failure that the same stimulus
does not bring a second time says something of us, and nothing of the design.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pipeline.domain.canonical import canonical_json
from pipeline.domain.finding import Finding
from pipeline.domain.isolated import Isolated, Window
from pipeline.domain.outcome import Outcome
from pipeline.domain.run import StageResult
from pipeline.domain.verdict import NOT_DETERMINISTIC
from pipeline.errors import InfrastructureError
from pipeline.ports import StageContext
from pipeline.stages.judge import read_judgement
from pipeline.stages.picture import NoPictureError, picture
from pipeline.stages.rerun import Failing, first_failing
from pipeline.stages.shrink import Shrunk, shrink
from pipeline.stages.trials import Again, Trials
from verif.testplan.plan import Plan

FAILURE = "failure"
SURVIVES_RESET, NOT_MINIMAL, NO_PICTURE = "S-004", "P-601", "P-603"
_PARTS = 3  # of the stage, for progress: shrinking, confirming, looking


class IsolateStage:
    """Takes the first failing job of the run apart; at once done when no job failed."""

    name = "isolate"

    def run(self, context: StageContext) -> StageResult:
        """PASSED, when a job failed with evidence `failure` (an `Isolated` as JSON) and notes on what it does not say.

        Raises:
            InfrastructureError: P-604 the failure does not show again; P-602 no window was cut; what other stages raise.
        """
        plan = Plan.from_json(context.read("intake", "plan"))
        failing = first_failing(plan, _findings(context, plan))
        return _Isolation(context, plan, failing).result() if failing else StageResult(Outcome.PASSED)


def _findings(context: StageContext, plan: Plan) -> Mapping[int, Sequence[Finding]]:
    """Index of a batch -> what its judge found."""
    steps = {batch.index: f"judge.{batch.index}" for batch in plan.batches}
    judged = {index: step for index, step in steps.items() if "judgement" in context.evidence.get(step, {})}
    return {index: read_judgement(context.read(step, "judgement"), {}).findings for index, step in judged.items()}


class _Isolation:
    """One failing job: what is known of it, and notes on what is not."""

    def __init__(self, context: StageContext, plan: Plan, failing: Failing) -> None:
        self.context, self.failing = context, failing
        self.trials = Trials(context, plan, failing)
        self.notes: list[Finding] = []

    def result(self) -> StageResult:
        """Shrink, confirm, look."""
        shrunk = shrink(
            self.trials.whole, self.trials.fail, suspect=_suspect(self.failing.finding), enough=self.trials.enough
        )
        self.context.progress(1, _PARTS)
        run, known = self._alone(shrunk) if shrunk else self._after_others()
        self.context.progress(2, _PARTS)
        finding = self.trials.finding(run) or self.failing.finding
        known = replace(known, divergence=finding.divergence, window=self._picture(run, finding))
        self.context.progress(_PARTS, _PARTS)
        kept = float(len(known.ops) or known.of_ops)
        metrics = {
            "isolate_trials": float(known.trials),
            "isolate_operations": kept,
            "isolate_of_operations": float(known.of_ops),
        }
        evidence = self.context.write(FAILURE, canonical_json(known.to_json()), "application/json")
        return StageResult(Outcome.PASSED, tuple(self.notes), (evidence,), metrics=metrics)

    def _alone(self, shrunk: Shrunk) -> tuple[Again, Isolated]:
        """The job by itself. Operations that fail only after other trials are no answer: then the whole job is."""
        whole = self.trials.whole
        for ops in dict.fromkeys((shrunk.ops, whole)):
            run = self.trials.again(ops)
            if run.shows(self.trials.rule):
                minimal = shrunk.minimal and ops == shrunk.ops and not self.trials.partial
                if not minimal:
                    self._note(NOT_MINIMAL, kept=str(len(ops)), of=str(len(whole)))
                known = self._known(alone=True, minimal=minimal, trials=shrunk.trials)
                return run, replace(known, ops=() if ops == whole else ops)
        raise self._contradiction()

    def _after_others(self) -> tuple[Again, Isolated]:
        """It passes alone: what ran before it matters. If it passes after that too, one stimulus gave two results."""
        before = self.failing.batch.jobs[: self.failing.number]
        run = self.trials.again(prefix=True)
        if not run.shows(self.trials.rule):
            raise self._contradiction()
        self._note(SURVIVES_RESET, broken=self.trials.rule, jobs=str(len(before)))
        known = self._known(alone=False, minimal=False, trials=1)
        return run, replace(known, prefix=tuple((job.testpoint, job.seed) for job in before))

    def _known(self, *, alone: bool, minimal: bool, trials: int) -> Isolated:
        failed, trial = self.failing.finding, self.trials
        count = len(trial.whole)
        return Isolated(failed.id, trial.rule, trial.testpoint, trial.seed, alone, (), (), count, minimal, trials)

    def _picture(self, run: Again, finding: Finding) -> Window | None:
        try:
            return picture(self.context, run, finding)
        except NoPictureError as error:
            self._note(NO_PICTURE, reason=str(error))
            return None

    def _note(self, rule: str, **args: str) -> None:
        where = {"testpoint": self.trials.testpoint, "seed": self.trials.seed}
        self.notes.append(Finding(rule, Outcome.PASSED, severity="note", args=args, **where))  # type: ignore[arg-type]

    def _contradiction(self) -> InfrastructureError:
        trial = self.trials
        return InfrastructureError(
            NOT_DETERMINISTIC, testpoint=trial.testpoint, seed=f"0x{trial.seed:016x}", broken=trial.rule
        )


def _suspect(finding: Finding) -> int | None:
    """The operation at which the failure shows, if the finding tells."""
    if finding.divergence:
        return finding.divergence.operation
    done = finding.args.get("done", "")
    return int(done) if done.isdecimal() else None
