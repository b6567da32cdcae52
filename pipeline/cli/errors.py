"""The error boundary's words: what an AssayError says, and where the traceback of anything else was put."""

from __future__ import annotations

import secrets
import traceback
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from rich.text import Text

from pipeline.cli.layout import line, plain, wrap
from pipeline.cli.terminal import Face, Terminal
from pipeline.errors import AssayError
from pipeline.messages import Message, message, text

USAGE = 2
BROKEN = 3
EXIT_WORDS = {0: "cli_exit_0", 1: "cli_exit_1", 2: "cli_exit_2", 3: "cli_exit_3"}


def refuse(terminal: Terminal, error: AssayError) -> int:
    """Print everything the error has to say, to stderr or as JSON; its exit code."""
    told = [message(rule, values, terminal.face.lang) for rule, values in error.diagnostics()]
    terminal.emit({"errors": [as_json(one) for one in told], "exit_code": error.exit_code})
    terminal.warn([part for one in told for part in message_lines(one, terminal.face)])
    terminal.warn([exit_line(error.exit_code, terminal.face)])
    return error.exit_code


def crash(terminal: Terminal, error: BaseException, home: Path | None) -> int:
    """One line under rule P-001 and the traceback in a file: no traceback reaches a user. Exit code 3."""
    first = next(iter(str(error).splitlines()), "")
    told = message("P-001", {"reason": plain(f"{type(error).__name__}: {first}", 200)}, terminal.face.lang)
    file = _keep(error, home)
    terminal.emit({"errors": [as_json(told)], "traceback": str(file or ""), "exit_code": BROKEN})
    terminal.warn(message_lines(told, terminal.face))
    if file:
        terminal.warn([line("   ", text("cli_traceback", terminal.face.lang, file=file))])
    terminal.warn([exit_line(BROKEN, terminal.face)])
    return BROKEN


def message_lines(told: Message, face: Face) -> list[Text]:
    """Rule and title, what happened, what was expected, what to do next; values were bounded by whoever raised."""
    state = "failed" if told.rule.startswith(("U-", "I-", "N-1")) else "broken"
    expected = text("cli_expected", face.lang, expected=told.expected) if told.expected else ""
    body: Iterable[str] = (told.what, expected, told.next)
    lines = [line(face.mark(state), f" {told.rule}  ", (told.title, "bold"))]
    return lines + [row for part in body for row in wrap(part, face.width, "   ")]


def exit_line(code: int, face: Face) -> Text:
    """`exit 2 (usage)`."""
    return line((text(EXIT_WORDS[code], face.lang), "dim"))


def as_json(told: Message) -> dict[str, Any]:
    """A message as an object."""
    parts = {"title": told.title, "what": told.what, "expected": told.expected, "next": told.next}
    return {"rule": told.rule} | parts


def _keep(error: BaseException, home: Path | None) -> Path | None:
    """Where the traceback lies now; None when it could not be written."""
    if home is None:
        return None
    file = home / "errors" / f"{secrets.token_hex(6)}.txt"
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file.write_text("".join(traceback.format_exception(error)), encoding="utf-8", errors="backslashreplace")
        return file
    return None
