"""`assay init PATH`: a first manifest from RTL, complete but for numbered questions; `--fit` works on one that is there."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path, PurePosixPath
from typing import Annotated

import typer
from rich.text import Text

from pipeline.cli.errors import USAGE, as_json, exit_line
from pipeline.cli.findings import finding_blocks
from pipeline.cli.init_fit import fit_manifest
from pipeline.cli.init_job import Draft, RefusedError, draft
from pipeline.cli.init_text import Question, manifest_text, questions
from pipeline.cli.layout import line, wrap
from pipeline.cli.terminal import Face
from pipeline.cli.world import Shell, shell_of
from pipeline.errors import UsageError
from pipeline.messages import message, text

LISTS = frozenset({".f", ".core"})
_DEFAULT = "assay.toml"
_SED = "sed --in-place 's/^#? //' {file}"


def init(
    ctx: typer.Context,
    sources: Annotated[Path, typer.Argument(metavar="PATH")] = Path(),
    top: Annotated[str, typer.Option(metavar="NAME", show_default=False)] = "",
    manifest: Annotated[str, typer.Option(metavar="FILE")] = _DEFAULT,
    facts: Annotated[list[str] | None, typer.Option("--fact", metavar="FACT", show_default=False)] = None,
    *,
    force: Annotated[bool, typer.Option("--force", show_default=False)] = False,
    fit: Annotated[bool, typer.Option("--fit", show_default=False)] = False,
) -> int:
    """0 when a manifest was written, or says what fits; 2 when the RTL does not allow one, or no single one."""
    shell = shell_of(ctx)
    folder, source = _source(shell, sources)
    if fit or facts:
        return _fit(shell, folder, manifest, facts or (), fresh=not fit or force or bool(top))
    target = _target(shell, folder, manifest, force=force)
    archive = shell.world.pack(shell.path(folder))
    try:
        with shell.world.open_center(shell.settings, "local") as center:
            found = draft(center, archive, source, top)
    except RefusedError as refused:
        return _refused(shell, refused)
    asked = questions(found.lines, shell.lang)
    _write(target, manifest_text(found.lines, shell.lang), force=force)
    told = {"file": str(target), "facts": found.facts, "remarks": found.remarks}
    shell.terminal.emit(told | {"questions": [asdict(question) for question in asked]})
    shell.terminal.say(_told(found, asked, folder / manifest, shell.terminal.face))
    return 0


def _fit(shell: Shell, folder: Path, manifest: str, facts: Sequence[str], *, fresh: bool) -> int:
    if fresh:
        raise typer.BadParameter("--fit [--fact FACT].. / [--top NAME] [--force]")
    _plain_name(manifest)
    return fit_manifest(shell, folder, manifest, facts)


def _source(shell: Shell, given: Path) -> tuple[Path, str]:
    """The folder, and what of it is read: all of it, or a list in it."""
    if given.suffix in LISTS and not shell.path(given).is_dir():
        return given.parent, given.name
    return given, "."


def _target(shell: Shell, folder: Path, manifest: str, *, force: bool) -> Path:
    """Where the manifest goes. UsageError N-140 when something is there, N-141 for a name that leads elsewhere."""
    target = shell.path(folder) / manifest
    _plain_name(manifest)
    if os.path.lexists(target) and not force:
        raise UsageError("N-140", path=folder / manifest)
    return target


def _plain_name(manifest: str) -> None:
    if len(PurePosixPath(manifest).parts) != 1 or manifest in {".", ".."}:
        raise UsageError("N-141", path=manifest, reason=os.strerror(22))


def _write(target: Path, content: str, *, force: bool) -> None:
    """The whole file or none; without `force` never over one that came meanwhile."""
    made = target.with_name(f".{target.name}.new")
    try:
        if not force:
            with target.open("x", encoding="utf-8") as file:
                file.write(content)
            return
        made.write_text(content, encoding="utf-8")
        made.replace(target)
    except FileExistsError:
        raise UsageError("N-140", path=target) from None
    except OSError as error:
        raise UsageError("N-141", path=target, reason=os.strerror(error.errno or 0)) from None


def _refused(shell: Shell, refused: RefusedError) -> int:
    told = [
        as_json(message(finding.rule, finding.args, shell.lang))
        | ({"file": finding.location.file, "line": finding.location.line} if finding.location else {})
        for finding in refused.findings
    ]
    shell.terminal.emit({"errors": told, "exit_code": USAGE})
    shell.terminal.warn(finding_blocks(refused.findings, {}, shell.terminal.face))
    shell.terminal.warn([Text(), exit_line(USAGE, shell.terminal.face)])
    return USAGE


def _told(found: Draft, asked: Sequence[Question], file: Path, face: Face) -> list[Text]:
    """What was written, the questions, and how to answer them."""
    channels = found.facts.get("channels", [])
    values = {"top": found.facts.get("top", ""), "profile": found.facts.get("profile", "")}
    head = text("init_written", face.lang, file=file, channels=len(channels), questions=len(asked), **values)
    lines = [line(face.mark("passed"), " ", (head, "bold"))]
    for remark in found.remarks:
        lines += wrap(text("init_remark", face.lang, text=remark), face.width, "   ")
    lines += [Text(), *wrap(text("init_questions", face.lang), face.width)]
    for question in asked:
        lines += wrap(f"{question.number}. {question.ask}", face.width, "  ")
    lines += [Text(), *wrap(text("init_how", face.lang), face.width)]
    lines.append(line("  ", (_SED.format(file=shlex.quote(str(file))), "bold")))
    check = shlex.join(["assay", "check", str(file.parent), *(["--manifest", file.name] if file.name != _DEFAULT else [])])
    return [*lines, *wrap(text("init_then", face.lang, command=check), face.width)]
