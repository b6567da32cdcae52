"""`assay schema`: the JSON Schema of the manifest, for editors."""

from __future__ import annotations

import json

import typer

from pipeline.cli.world import shell_of
from verif.contract.json_schema import json_schema


def schema(ctx: typer.Context) -> int:
    """The same object with --json, in one line."""
    shell, found = shell_of(ctx), json_schema()
    if shell.terminal.json:
        shell.terminal.emit(found)
    else:
        shell.terminal.out.write(json.dumps(found, indent=2) + "\n")
        shell.terminal.out.flush()
    return 0
