"""What was tested, with what, and what it cost: labels and values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pipeline.domain.dossier import Dossier
from pipeline.messages import text
from pipeline.reports.units import count, duration, moment, percent, size
from pipeline.reports.visible import short

_MOST = 32
_TIMES = {
    "gate_wall_s": "report_metric_gate_wall_s",
    "gate_cpu_s": "report_metric_gate_cpu_s",
    "lint_wall_s": "report_metric_lint_wall_s",
    "lint_cpu_s": "report_metric_lint_cpu_s",
    "build_wall_s": "report_metric_build_wall_s",
    "build_cpu_s": "report_metric_build_cpu_s",
    "sim_wall_s": "report_metric_sim_wall_s",
    "sim_cpu_s": "report_metric_sim_cpu_s",
    "judge_wall_s": "report_metric_judge_wall_s",
    "judge_cpu_s": "report_metric_judge_cpu_s",
}
_SIZES = {"model_bytes": "report_metric_model_bytes", "submitted_bytes": "report_metric_submitted_bytes"}
_COUNTS = {
    "cycles": "report_metric_cycles",
    "submitted_files": "report_metric_submitted_files",
    "lint_waivers": "report_metric_lint_waivers",
    "files_without_lines": "report_metric_files_without_lines",
    "lines_hit": "report_metric_lines_hit",
    "lines_total": "report_metric_lines_total",
    "branches_hit": "report_metric_branches_hit",
    "branches_total": "report_metric_branches_total",
    "isolate_trials": "report_metric_isolate_trials",
    "isolate_operations": "report_metric_isolate_operations",
    "isolate_of_operations": "report_metric_isolate_of_operations",
}
_PERCENTS = {"line_percent": "report_line_coverage", "branch_percent": "report_branch_coverage"}
_LEVELS = ("report_level_0", "report_level_1", "report_level_2", "report_level_3")


@dataclass(frozen=True, slots=True)
class Fact:
    """A label and its value. `form`: words, machine (mono), digest (64 digits) or time (`machine` is ISO 8601)."""

    label: str
    value: str
    form: Literal["words", "machine", "digest", "time"] = "words"
    machine: str = ""


def item_facts(dossier: Dossier, lang: str) -> tuple[Fact, ...]:
    """The item under test: what was received, when, and which bytes it was."""
    submission, run, environment = dossier.submission, dossier.run, dossier.environment
    received, finished = moment(submission.received_at), moment(run.finished_at)
    fitted = "  ".join(short(fact, 80) for fact in dossier.fitted[:_MOST])
    parameters = "  ".join(f"{short(name, 40)}={value}" for name, value in list(dossier.parameters.items())[:_MOST])
    return (
        Fact(text("report_submission", lang), short(submission.name), "machine"),
        Fact(text("report_design", lang), short(dossier.design), "machine"),
        Fact(text("report_profile", lang), short(dossier.profile, 40) or "\u2013", "machine"),
        Fact(text("report_parameters", lang), parameters or "\u2013", "machine"),
        Fact(text("report_manifest_name", lang), short(submission.manifest), "machine"),
        *((Fact(text("report_fitted", lang), fitted, "machine"),) if fitted else ()),
        Fact(text("report_tenant", lang), short(submission.tenant, 80), "machine"),
        Fact(text("report_run", lang), f"{run.number} · {short(run.id, 64)}", "machine"),
        Fact(text("report_submission_id", lang), short(submission.id, 64), "machine"),
        Fact(text("report_received", lang), received.shown, "time", received.machine),
        Fact(text("report_finished", lang), finished.shown, "time", finished.machine),
        Fact(text("report_archive_digest", lang), submission.archive or "\u2013", "digest"),
        Fact(text("report_tree_digest", lang), environment.tree_digest or "\u2013", "digest"),
        Fact(text("report_manifest_digest", lang), environment.manifest_digest or "\u2013", "digest"),
    )


def environment_facts(dossier: Dossier, lang: str) -> tuple[Fact, ...]:
    """The plan, the seeds, the tools and the sandbox."""
    environment = dossier.environment
    return (
        Fact(text("report_policy_name", lang), dossier.run.policy, "machine"),
        Fact(text("report_plan_version", lang), environment.plan_version or "\u2013"),
        Fact(text("report_plan_digest", lang), environment.plan_digest or "\u2013", "digest"),
        Fact(text("report_epoch", lang), count(dossier.run.epoch)),
        Fact(text("report_sandbox", lang), sandbox_words(environment.sandbox_level, lang)),
        Fact(text("report_toolchain_digest", lang), environment.toolchain_digest or "\u2013", "digest"),
    )


def sandbox_words(level: int, lang: str) -> str:
    """The level of the sandbox and what it means."""
    return text(_LEVELS[level], lang) if 0 <= level < len(_LEVELS) else str(level)


def versions(dossier: Dossier) -> tuple[Fact, ...]:
    """Every tool with its version, by name."""
    found = sorted(dossier.environment.versions.items())[:_MOST]
    return tuple(Fact(short(name, 40), short(value, 80), "machine") for name, value in found)


def metric_facts(metrics: Mapping[str, float], lang: str) -> tuple[Fact, ...]:
    """Everything measured that has words, in their order; then the rest by the names their stages gave."""
    facts = [_cached(metrics, lang)] if "cached" in metrics else []
    for labels, shown in ((_COUNTS, count), (_PERCENTS, percent), (_SIZES, size)):
        facts += [Fact(text(key, lang), shown(metrics[name])) for name, key in labels.items() if name in metrics]
    facts += [Fact(text(key, lang), duration(metrics[name], lang)) for name, key in _TIMES.items() if name in metrics]
    known = {"cached", *_COUNTS, *_PERCENTS, *_SIZES, *_TIMES}
    others = sorted(name for name in metrics if name not in known)[:_MOST]
    return (*facts, *(Fact(short(name, 40), count(metrics[name])) for name in others))


def _cached(metrics: Mapping[str, float], lang: str) -> Fact:
    return Fact(text("report_metric_model", lang), text("report_cached" if metrics["cached"] else "report_built", lang))
