"""`assay init --fit`: readings of the manifest that is there, tried against the RTL; the one that fits is written."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.live import Live
from rich.text import Text

from pipeline.cli.errors import USAGE, as_json, exit_line, message_lines
from pipeline.cli.fit_text import fit_lines, problem
from pipeline.cli.layout import bar, line
from pipeline.cli.terminal import Terminal
from pipeline.cli.world import Shell
from pipeline.domain.fitting import Fitting
from pipeline.errors import UsageError
from pipeline.messages import message, text


def fit_manifest(shell: Shell, folder: Path, manifest: str, facts: Sequence[str]) -> int:
    """0 when the manifest says what fits, as it stood or by now; 2 when no reading, or no single one, fits."""
    from pipeline.engine.fit import BUDGET_S, fit

    target = shell.path(folder) / manifest
    before = _read(target, folder / manifest)
    archive = shell.world.pack(shell.path(folder))
    with shell.world.open_center(shell.settings, "local") as center, _counting(shell.terminal) as told:
        found = fit(center.services, shell.tenant, archive, manifest, facts, told)
    if found.end == "fitted":
        write_fitted(target, before, found.text)
    return tell(shell.terminal, found, str(folder / manifest), BUDGET_S)


def tell(terminal: Terminal, found: Fitting, file: str, limit_s: float) -> int:
    """Print the search and its end; the exit code."""
    wrong = problem(found, limit_s)
    told = message(wrong.rule, wrong.values, terminal.face.lang) if wrong else None
    code = USAGE if told else 0
    terminal.emit({"file": file, **found.to_json(), "errors": [as_json(told)] if told else [], "exit_code": code})
    terminal.say(fit_lines(found, file, terminal.face))
    if told:
        terminal.warn([*message_lines(told, terminal.face), Text(), exit_line(code, terminal.face)])
    return code


def write_fitted(target: Path, before: bytes, content: str) -> None:
    """The whole file or none, with the line ends that it had; N-149 when it is no longer what was tried."""
    ends = "\r\n" if b"\r\n" in before else "\n"
    real = Path(os.path.realpath(target))
    made = real.with_name(f".{real.name}.new")
    try:
        if real.read_bytes() != before:
            raise UsageError("N-149", path=target)
        made.write_bytes(content.replace("\n", ends).encode())
        made.chmod(real.stat().st_mode & 0o777)
        made.replace(real)
    except OSError as error:
        raise UsageError("N-141", path=target, reason=os.strerror(error.errno or 0)) from None


def _read(target: Path, shown: Path) -> bytes:
    try:
        return target.read_bytes()
    except OSError as error:
        raise UsageError("U-921", path=shown, reason=os.strerror(error.errno or 0)) from None


@contextmanager
def _counting(terminal: Terminal) -> Iterator[Callable[[int, int], None]]:
    """Show how many readings were tried; a bar on a terminal, a line to begin with elsewhere."""
    building = text("fit_building", terminal.face.lang)
    if not terminal.live:
        terminal.warn([line((building, "dim"))])
        yield lambda _done, _total: None
        return
    with Live(line((building, "dim")), console=terminal.console(), auto_refresh=False, transient=True) as live:

        def told(done: int, total: int) -> None:
            words = text("fit_trying", terminal.face.lang, done=done, total=total)
            live.update(line(f"{bar(done, total)} ", (words, "dim")), refresh=True)

        live.refresh()
        yield told
