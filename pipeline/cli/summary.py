"""A run as `show`, `check` and the end of `watch` print it; and the same as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from rich.text import Text

from pipeline.cli.errors import exit_line
from pipeline.cli.findings import finding_blocks, finding_json
from pipeline.cli.layout import apart, duration, line, percent, plain, seconds_between, wrap
from pipeline.cli.look import Look, failed_testpoints
from pipeline.cli.readings import readings_lines
from pipeline.cli.stages import stage_lines, stage_rows
from pipeline.cli.terminal import Face
from pipeline.cli.testpoints import family_lines, state_of, tally
from pipeline.domain.outcome import Verdict
from pipeline.domain.verdict import own_oracle
from pipeline.messages import text

VERDICTS = {Verdict.ACCEPTED: "passed", Verdict.REJECTED: "failed", Verdict.INCONCLUSIVE: "broken"}
VERDICT_WORDS = {
    Verdict.ACCEPTED: "cli_accepted",
    Verdict.REJECTED: "cli_rejected",
    Verdict.INCONCLUSIVE: "cli_inconclusive",
}
_NAMED = 6


def summary_lines(look: Look, face: Face) -> list[Text]:
    """Everything: header, stages, families, findings, verdict, exit code."""
    return [*progress_lines(look, face), *end_lines(look, face)]


def progress_lines(look: Look, face: Face) -> list[Text]:
    """Header and stages: what changes while the run goes on."""
    return [header(look, face), Text(), *stage_lines(stage_rows(look, face.lang), face)]


def end_lines(look: Look, face: Face) -> list[Text]:
    """Families, findings, what could not be told apart, verdict and exit code."""
    families = family_lines(look, face)
    lines = [Text(), *families] if families else []
    lines += finding_blocks(look.view.findings, look.reproduce, face, look.isolated)
    lines += readings_lines(look.readings, face) if look.readings else []
    return [*lines, Text(), *verdict_lines(look, face), exit_line(look.exit_code, face)]


def header(look: Look, face: Face) -> Text:
    """Design, profile, policy, run; how long it has taken, at the right edge."""
    run = look.view.run
    seconds = seconds_between(run.created_at, run.finished_at or look.now) or 0.0
    time = text("cli_took" if look.finished else "cli_elapsed", face.lang, time=duration(seconds, face.lang))
    profile = f"  {plain(look.profile, 20)}" if look.profile else ""
    number = text("cli_run_number", face.lang, number=run.number)
    start = line((plain(look.design, 60), "bold"), f"{profile}  {run.policy}  {number}  ", (run.id, "dim"))
    return apart(start, time, face.width)


def verdict_lines(look: Look, face: Face) -> list[Text]:
    """The verdict with its reason, what it rests on, and whether it could ever certify."""
    verdict, policy = look.view.run.verdict, look.view.run.policy
    if verdict is None:
        return [line("  ", face.mark("running"), " ", text("cli_no_verdict", face.lang))]
    word = text(VERDICT_WORDS[verdict], face.lang)
    state = VERDICTS[verdict]
    lines = [line(face.mark(state), " ", (word, face.style(state)), "  ", _reason(look, face.lang, policy))]
    if own_oracle(look.decision.rows):
        lines += [line(face.mark("due"), row.plain) for row in wrap(text("cli_own_oracle", face.lang), face.width, " ")]
    if look.fitted:
        words = text("cli_fitted", face.lang, facts=", ".join(look.fitted))
        lines += [line(face.mark("due"), row.plain) for row in wrap(words, face.width, " ")]
    if look.level == 0:
        lines += [line(face.mark("due"), row.plain) for row in wrap(text("cli_level_0", face.lang), face.width, " ")]
    digest = (look.view.run.verdict_digest or "")[:12]
    level = look.level if look.level is not None else "-"
    return [
        *lines,
        line("  ", (text("cli_rests_on", face.lang, digest=digest, level=level, epoch=look.view.run.epoch), "dim")),
    ]


def _reason(look: Look, lang: str, policy: str) -> str:
    counts, failed = tally(look), failed_testpoints(look.decision)
    planned = sum(row.state == "planned" for row in look.decision.rows)
    checks = f"{sum(row.checks for row in look.decision.rows):,}"
    if look.view.run.verdict is Verdict.ACCEPTED:
        return text("cli_accepted_why", lang, policy=policy, passed=counts["passed"], planned=planned, checks=checks)
    if look.view.run.verdict is Verdict.REJECTED and failed:
        names = ", ".join(failed[:_NAMED]) + (", .." if len(failed) > _NAMED else "")
        return text("cli_rejected_why", lang, policy=policy, failed=len(failed), planned=planned, names=names)
    if look.view.run.verdict is Verdict.REJECTED:
        return text("cli_rejected_by", lang, policy=policy, stages=", ".join(_stages(look, "failed", lang)))
    return text("cli_inconclusive_why", lang, policy=policy, reasons="; ".join(_open(look, counts, lang)))


def _open(look: Look, counts: dict[str, int], lang: str) -> list[str]:
    """Why nothing can be said of the design."""
    reasons = [text("cli_open_stage", lang, stage=stage) for stage in _stages(look, "broken", lang)]
    if counts["broken"] or counts["skipped"]:
        reasons.append(text("cli_open_testpoints", lang, count=counts["broken"] + counts["skipped"]))
    for item in look.decision.criteria:
        if not item.met:
            measured = text("cli_not_measured", lang) if item.measured is None else percent(item.measured, item.required)
            reasons.append(text("cli_open_lines", lang, measured=measured, required=percent(item.required)))
    return reasons


def _stages(look: Look, state: str, lang: str) -> list[str]:
    return [row.stage for row in stage_rows(look, lang) if row.state == state]


def summary_json(look: Look, lang: str) -> dict[str, Any]:
    """The whole run as one object; keys are part of the command line's contract."""
    run = look.view.run
    rows = stage_rows(look, lang)
    return {
        "run": run.number,
        "id": run.id,
        "submission": look.view.submission.name,
        "design": look.design,
        "policy": run.policy,
        "epoch": run.epoch,
        "created_at": run.created_at,
        "finished_at": run.finished_at,
        "verdict": run.verdict.value if run.verdict else None,
        "digest": run.verdict_digest,
        "sandbox_level": look.level,
        "certifiable": look.certifiable,
        "own_oracle": own_oracle(look.decision.rows),
        "fitted": list(look.fitted),
        "stages": [{key: value for key, value in asdict(row).items() if key != "note"} for row in rows],
        "testpoints": [asdict(row) | {"state": state_of(row, look)} for row in look.decision.rows],
        "counts": tally(look),
        "criteria": [asdict(item) | {"met": item.met} for item in look.decision.criteria],
        "findings": [finding_json(finding, look.reproduce, lang) for finding in look.view.findings],
        "isolated": look.isolated.to_json() if look.isolated else None,
        "readings": asdict(look.readings) if look.readings else None,
        "exit_code": look.exit_code,
    }
