"""What the verdict was decided by: the policy's criteria, and the bound that the seeds give on the rate of failure."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.domain.dossier import Dossier
from pipeline.domain.policy import POLICIES
from pipeline.domain.statistics import percent_up, upper_bound
from pipeline.domain.verdict import Criterion
from pipeline.messages import text
from pipeline.reports.banner import criterion_name
from pipeline.reports.figures import BAR, bar
from pipeline.reports.units import THIN, count, percent
from pipeline.reports.visible import short
from pipeline.reports.words import Mark


@dataclass(frozen=True, slots=True)
class CriterionRow:
    """One criterion; `width` of `whole` is the measured bar, `gate` where the threshold stands."""

    name: str
    required: str
    measured: str
    mark: Mark
    width: float
    gate: float
    whole: int
    sentence: str


@dataclass(frozen=True, slots=True)
class BoundRow:
    """Random testpoints with the same counts, and what those counts say."""

    names: tuple[str, ...]
    failed: str
    seeds: str
    bound: str
    width: float
    whole: int


@dataclass(frozen=True, slots=True)
class Rule:
    """The decision rule as it was applied. `policy` says what the policy asks for, `seeds` which seeds they were."""

    policy: str
    seeds: str
    criteria: tuple[CriterionRow, ...]
    bounds: tuple[BoundRow, ...]
    unmeasured: tuple[str, ...]


def rule(dossier: Dossier, lang: str) -> Rule:
    """Criteria and bounds; only fresh seeds of random testpoints count towards a bound, never replayed ones of the bank."""
    rows = [row for row in dossier.decision.rows if row.kind == "random" and row.state == "planned"]
    groups: dict[tuple[int, int], list[str]] = {}
    for row in rows:
        failed, judged = row.fresh
        if 0 <= failed <= judged and judged:
            groups.setdefault((failed, judged), []).append(short(row.id, 20))
    ordered = sorted(groups.items(), key=lambda item: -upper_bound(*item[0]))
    return Rule(
        _policy(dossier, lang),
        text("report_seeds_epoch", lang, epoch=dossier.run.epoch),
        tuple(_criterion(item, lang) for item in dossier.decision.criteria),
        tuple(_bound(failed, seeds, names) for (failed, seeds), names in ordered),
        tuple(short(row.id, 20) for row in rows if not row.fresh[1] or row.fresh[0] > row.fresh[1]),
    )


def _policy(dossier: Dossier, lang: str) -> str:
    policy = POLICIES.get(dossier.run.policy)
    if policy is None:
        return ""
    required = percent(policy.line_percent)
    milestones = ", ".join(policy.milestones)
    return text(
        "report_policy", lang, policy=policy.name, milestones=milestones, seeds=count(policy.random_seeds), lines=required
    )


def _bound(failed: int, seeds: int, names: list[str]) -> BoundRow:
    rate = upper_bound(failed, seeds)
    return BoundRow(tuple(names), count(failed), count(seeds), f"{percent_up(rate)}{THIN}%", bar(rate, 1.0), BAR)


def _criterion(item: Criterion, lang: str) -> CriterionRow:
    name, required = criterion_name(item, lang), percent(item.required)
    measured = text("report_not_measured", lang) if item.measured is None else percent(item.measured, item.required)
    word = text("report_met" if item.met else "report_not_met", lang)
    sentence = text("report_criterion_sentence", lang, name=name, measured=measured, required=required, word=word)
    return CriterionRow(
        name,
        required,
        measured,
        Mark("passed" if item.met else "note", word) if item.measured is not None else Mark("skipped", word),
        bar(item.measured or 0.0, 100.0),
        bar(item.required, 100.0),
        BAR,
        sentence,
    )
