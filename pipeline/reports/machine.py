"""What the files for other programs have in common: findings as plain text, paths below the submission, identity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.domain.dossier import Dossier
from pipeline.domain.finding import Finding, Location
from pipeline.messages import message, text
from pipeline.reports.units import count
from pipeline.reports.visible import short, visible

MOST_TOGETHER = 20
_TITLE, _TEXT, _COMMAND, _PATH = 160, 600, 300, 256


@dataclass(frozen=True, slots=True)
class Told:
    """A finding in one language: `title` in one line, `body` in several, the last one shows it again where one can."""

    title: str
    body: str


def clean(given: str, most: int = _TITLE) -> str:
    """One line of at most `most` characters before invisible ones are made visible; XML and JSON can hold all of it."""
    return visible(short(" ".join(given.split()), most))


def block(given: str, most: int = _TEXT) -> str:
    """The same for text of several lines."""
    return "\n".join(visible(line.rstrip()) for line in short(given, most).splitlines() if line.strip())


def relative_path(file: str) -> str:
    """A path below the submission: never absolute and never upwards; empty when nothing is left of it."""
    return "/".join(part for part in clean(file, _PATH).split("/") if part not in {"", ".", ".."})


def seed_of(seed: int) -> str:
    """A seed as commands take it: 0x and 16 hex digits."""
    return f"0x{seed:016x}"


def told(finding: Finding, dossier: Dossier, lang: str) -> Told:
    """What happened, what was expected, what to do next, where, and the line that shows it again."""
    known = message(finding.rule, finding.args, lang)
    parts = [
        block(known.what),
        text("export_expected", lang, expected=block(known.expected)),
        block(known.next),
        _place(finding.location, lang) if finding.location else "",
        text("export_seed", lang, seed=seed_of(finding.seed)) if finding.seed is not None else "",
        _again(finding, dossier, lang),
    ]
    return Told(clean(known.title), "\n".join(part for part in parts if part))


def _place(location: Location, lang: str) -> str:
    place = f"{relative_path(location.file)}:{location.line}:{location.column}"
    return text("export_place", lang, place=place, source=clean(location.source)).rstrip()


def _again(finding: Finding, dossier: Dossier, lang: str) -> str:
    line = dossier.reproduce.get(finding.id, "")
    return text("export_again", lang, line=clean(line, _COMMAND)) if line else ""


def told_together(findings: Sequence[Finding], dossier: Dossier, lang: str) -> str:
    """At most `MOST_TOGETHER` findings, each under its rule and title; how many more there are."""
    shown = [(finding, told(finding, dossier, lang)) for finding in findings[:MOST_TOGETHER]]
    blocks = [f"{clean(finding.rule, 20)} {told_.title}\n{told_.body}" for finding, told_ in shown]
    hidden = len(findings) - len(shown)
    return "\n\n".join([*blocks, text("export_more", lang, count=count(hidden))] if hidden else blocks)


def identity(dossier: Dossier) -> dict[str, str]:
    """What a file is of: verdict, policy, run, and every digest that the verdict rests on."""
    run, environment = dossier.run, dossier.environment
    found = {
        "verdict": dossier.decision.verdict.value,
        "policy": run.policy,
        "design": dossier.design,
        "profile": dossier.profile,
        "run": str(run.number),
        "run_id": run.id,
        "seed_epoch": str(run.epoch),
        "sandbox_level": str(environment.sandbox_level),
        "certifiable": "yes" if environment.sandbox_level > 0 else "no",
        "plan_version": environment.plan_version,
        "verdict_digest": dossier.verdict_digest,
        "archive_digest": dossier.submission.archive,
        "tree_digest": environment.tree_digest,
        "manifest_digest": environment.manifest_digest,
        "plan_digest": environment.plan_digest,
        "toolchain_digest": environment.toolchain_digest,
    }
    return {name: clean(value) for name, value in found.items()}
