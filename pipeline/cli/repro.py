"""`assay repro TARGET`: run one testpoint under one seed again, of a run or of a package."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from pipeline.cli.errors import exit_line
from pipeline.cli.findings import finding_blocks, finding_json
from pipeline.cli.layout import line
from pipeline.cli.package import read_package
from pipeline.cli.screens import working
from pipeline.cli.stages import word
from pipeline.cli.terminal import Face
from pipeline.cli.world import shell_of
from pipeline.domain.outcome import Outcome
from pipeline.errors import UsageError
from pipeline.messages import text

if TYPE_CHECKING:
    from pipeline.engine.reproduce import Reproduction

EXIT = {Outcome.PASSED: 0, Outcome.FAILED: 1, Outcome.BROKEN: 3, Outcome.SKIPPED: 3}
SEED_BITS = 64
MOST_DIGITS = 6


def repro(
    ctx: typer.Context,
    target: Annotated[str, typer.Argument(metavar="TARGET")],
    testpoint: Annotated[str, typer.Option(metavar="ID")],
    seed: Annotated[str, typer.Option(metavar="HEX")],
    out: Annotated[Path, typer.Option(metavar="DIR")] = Path("assay-repro"),
    manifest: Annotated[str, typer.Option(metavar="FILE")] = "assay.toml",
    ops: Annotated[str, typer.Option(metavar="N,N,..", show_default=False)] = "",
    *,
    prefix: Annotated[bool, typer.Option("--prefix", show_default=False)] = False,
    waves: Annotated[bool, typer.Option("--waves", show_default=False)] = False,
) -> int:
    """0 passed this time, 1 failed again, 3 could not be run."""
    shell, number, kept = shell_of(ctx), read_seed(seed), read_ops(ops)
    is_path = not target.isdecimal() and shell.path(Path(target)).exists()
    archive = read_package(shell, Path(target)) if is_path else None
    with shell.world.open_center(shell.settings, "outbox" if archive is None else "local") as center:
        begun = text("cli_repro_begun", shell.lang, testpoint=testpoint, seed=f"0x{number:016x}")
        run_id = center.services.store.find_run(shell.tenant, target).id if archive is None else None
        with working(shell.terminal, begun):
            done = shell.world.reproduce(
                center.services,
                shell.tenant,
                run_id=run_id,
                archive=archive,
                manifest=manifest,
                testpoint=testpoint,
                seed=number,
                ops=kept,
                prefix=prefix,
                waves=waves,
                out=shell.path(out),
            )
    code = EXIT[done.outcome]
    shell.terminal.emit(_json(done, shell.lang) | {"exit_code": code})
    shell.terminal.say([*_lines(done, testpoint, number, shell.terminal.face), exit_line(code, shell.terminal.face)])
    return code


def read_seed(given: str) -> int:
    """A seed in hex, with or without 0x; UsageError U-923."""
    try:
        seed = int(given, 16)
    except ValueError:
        seed = -1
    if not 0 <= seed < 1 << SEED_BITS:
        raise UsageError("U-923", seed=given[:40])
    return seed


def read_ops(given: str) -> tuple[int, ...]:
    """Numbers of operations, ascending; none given means all. UsageError U-933."""
    words = given.replace(" ", "").split(",") if given.strip() else []
    if not all(word.isascii() and word.isdecimal() and len(word) <= MOST_DIGITS for word in words):
        raise UsageError("U-933", ops=given[:40])
    return tuple(sorted({int(word) for word in words}))


def _json(done: Reproduction, lang: str) -> dict[str, Any]:
    findings = [finding_json(finding, {}, lang) for finding in done.findings]
    waves = str(done.waves) if done.waves else None
    return {"outcome": done.outcome.value, "cycles": done.cycles, "waves": waves, "findings": findings}


def _lines(done: Reproduction, testpoint: str, seed: int, face: Face) -> list[Text]:
    outcome = word(done.outcome.value, face.lang)
    words = text("cli_repro_done", face.lang, testpoint=testpoint, seed=f"0x{seed:016x}", cycles=f"{done.cycles:,}")
    lines = [line(face.mark(done.outcome.value), f" {outcome}  ", words), *finding_blocks(done.findings, {}, face), Text()]
    return [*lines, line(text("cli_repro_waves", face.lang, file=done.waves))] if done.waves else lines
