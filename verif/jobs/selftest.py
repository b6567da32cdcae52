"""Reads what self-tests reported: `python -m verif.jobs.selftest OUT FILE...`, each FILE one results.xml.

Writes to OUT a JSON list, one entry a file: {"cases": [{module, name, state, kind, message, trace}]} or {"refused": reason}.
Runs in the sandbox, because a stranger's code ran in the process that wrote the files. Exit code 0 when OUT was written.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from verif.selftest.results import ResultsError, read_results


def main(argv: Sequence[str]) -> int:
    """Write what the files say."""
    out, *files = argv
    Path(out).write_text(json.dumps([_read(Path(file)) for file in files]), encoding="utf-8")
    return 0


def _read(file: Path) -> Mapping[str, object]:
    try:
        return {"cases": [asdict(case) for case in read_results(file.read_bytes())]}
    except ResultsError as error:
        return {"refused": str(error)}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
