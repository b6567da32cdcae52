"""`assay seeds DESIGN`: the seeds that once failed, as a list or a file; and how one is retired."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from pipeline.cli.layout import line, table
from pipeline.cli.repro import read_seed
from pipeline.cli.terminal import Face
from pipeline.cli.world import Shell, shell_of
from pipeline.domain.seed_bank import BankedSeed
from pipeline.engine.seeds import bank_of, export_seeds, import_seeds, retire_seed
from pipeline.engine.services import Services
from pipeline.errors import UsageError
from pipeline.messages import text

LARGEST_FILE = 4 << 20


def seeds(
    ctx: typer.Context,
    design: Annotated[str, typer.Argument(metavar="DESIGN")],
    write_to: Annotated[Path | None, typer.Option("--export", metavar="DIR", show_default=False)] = None,
    read_from: Annotated[Path | None, typer.Option("--import", metavar="FILE", show_default=False)] = None,
    retire: Annotated[str, typer.Option(metavar="TESTPOINT:SEED", show_default=False)] = "",
    reason: Annotated[str, typer.Option(metavar="TEXT", show_default=False)] = "",
) -> int:
    """Import, retire, export, in this order; then the bank as it is."""
    shell = shell_of(ctx)
    with shell.world.open_center(shell.settings, "outbox") as center:
        services, said = center.services, []
        if read_from:
            changed = import_seeds(services, shell.tenant, design, _read(shell, read_from))
            said.append(text("night_seeds_taken", shell.lang, count=changed))
        if retire:
            testpoint, _, seed = retire.partition(":")
            retire_seed(services, shell.tenant, design, testpoint, read_seed(seed), reason)
        if write_to:
            said.append(text("night_seeds_written", shell.lang, file=_write(shell, services, design, write_to)))
        found = bank_of(services, shell.tenant, design)
    shell.terminal.emit({"design": design, "seeds": [_as_json(item) for item in found]})
    shell.terminal.say([*(line(words) for words in said), *seed_lines(found, shell.terminal.face)])
    return 0


def _read(shell: Shell, given: Path) -> str:
    """The file's text; UsageError U-921 when there is none that could be a seed bank."""
    path = shell.path(given)
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise UsageError("U-921", path=given, reason=f"> {LARGEST_FILE >> 20} MiB")
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise UsageError("U-921", path=given, reason="not UTF-8") from None
    except OSError as error:
        raise UsageError("U-921", path=given, reason=os.strerror(error.errno or 0)) from None


def _write(shell: Shell, services: Services, design: str, folder: Path) -> Path:
    """`DIR/<design>.toml`; UsageError U-922 when it cannot be written."""
    file = folder / f"{design}.toml"
    content = export_seeds(services, shell.tenant, design)
    try:
        shell.path(folder).mkdir(parents=True, exist_ok=True)
        shell.path(file).write_text(content, encoding="utf-8")
    except OSError as error:
        raise UsageError("U-922", path=file, reason=os.strerror(error.errno or 0)) from None
    return file


def _as_json(item: BankedSeed) -> dict[str, str]:
    seed = f"0x{item.seed:016x}"
    return {"testpoint": item.testpoint, "seed": seed, "found": item.found, "rule": item.rule, "reason": item.reason}


def seed_lines(found: Sequence[BankedSeed], face: Face) -> list[Text]:
    """One line a seed, those that are replayed first; why there are none, and what fills the bank."""
    if not found:
        return [line(text("night_no_seeds", face.lang))]
    ordered = sorted(found, key=lambda item: (bool(item.reason), item.testpoint, item.found, item.seed))
    rows = [[item.testpoint, f"0x{item.seed:016x}", item.found, item.rule, _state(item, face)] for item in ordered]
    return [line(row) for row in table(rows, words=5, gap=2)]


def _state(item: BankedSeed, face: Face) -> str:
    return text("night_seed_retired", face.lang, reason=item.reason) if item.reason else text("night_seed_kept", face.lang)
