"""`assay explain PATH`: what a manifest says, in words and pictures, and what will be tested. Nothing is simulated."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from pipeline.cli.errors import exit_line
from pipeline.cli.explain_job import Explained, explain_package
from pipeline.cli.explain_text import explained_lines, sections
from pipeline.cli.findings import finding_blocks, finding_json
from pipeline.cli.layout import line
from pipeline.cli.package import read_package
from pipeline.cli.world import Shell, shell_of
from pipeline.domain.policy import POLICIES
from pipeline.errors import InfrastructureError, UsageError
from pipeline.messages import text
from pipeline.reports.beats import page, svg

REFUSED = 1


def explain(
    ctx: typer.Context,
    path: Annotated[Path, typer.Argument(metavar="PATH")] = Path(),
    policy: Annotated[str, typer.Option(metavar="NAME")] = "core-1",
    manifest: Annotated[str, typer.Option(metavar="FILE")] = "assay.toml",
    html: Annotated[Path | None, typer.Option(metavar="FILE", show_default=False)] = None,
    svg_file: Annotated[Path | None, typer.Option("--svg", metavar="FILE", show_default=False)] = None,
) -> int:
    """0 when the manifest is in order, 1 when it is not."""
    shell = shell_of(ctx)
    if policy not in POLICIES:
        raise UsageError("U-903", policy=policy[:40], known=", ".join(sorted(POLICIES)))
    archive = read_package(shell, path)
    with shell.world.open_center(shell.settings, "local") as center:
        found = explain_package(center, archive, manifest, POLICIES[policy])
    code = 0 if found.facts else REFUSED
    findings = [finding_json(one, {}, shell.lang) for one in found.findings]
    shell.terminal.emit({**found.facts, "policy": policy, "findings": findings, "exit_code": code})
    if found.facts:
        written = _draw(shell, found, html, svg_file)
        shell.terminal.say(_lines(shell, found))
        shell.terminal.say([line(text("explain_written", shell.lang, file=name)) for name in written])
    if found.findings:
        shell.terminal.say([*finding_blocks(found.findings, {}, shell.terminal.face), Text()])
    if code:
        shell.terminal.say([exit_line(code, shell.terminal.face)])
    return code


def _lines(shell: Shell, found: Explained) -> Sequence[Text]:
    try:
        return explained_lines(found.facts, shell.terminal.face)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InfrastructureError("J-020", cause="answer", code=0, log=type(error).__name__) from None


def _draw(shell: Shell, found: Explained, html: Path | None, svg_file: Path | None) -> Sequence[str]:
    """Write what was asked for; the names."""
    try:
        parts = sections(found.facts, shell.lang)
        title = text("explain_title", shell.lang, design=found.facts["contract"]["design"])
        drawn = [window for _, _, windows in parts for window in windows]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InfrastructureError("J-020", cause="answer", code=0, log=type(error).__name__) from None
    files = {html: page(title, parts, shell.lang), svg_file: svg(drawn, shell.lang)}
    for name, content in files.items():
        if name is not None:
            _write(shell.path(name), name, content)
    return [str(name) for name in files if name is not None]


def _write(path: Path, name: Path, content: str) -> None:
    try:
        path.write_text(content, encoding="utf-8")
    except OSError as error:
        raise UsageError("J-021", path=name, reason=os.strerror(error.errno or 0)) from None
