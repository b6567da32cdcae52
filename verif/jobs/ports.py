"""Checks the contract against the design's ports: `python -m verif.jobs.ports TREE MANIFEST PORTS OUT`.

TREE is the unpacked submission, MANIFEST a path inside it, PORTS the gate's JSON (see `verif.jobs.harness`). OUT receives a
JSON list of {rule, line, column, length, args, severity}, errors first, at most `MOST` of them.
Exit code 0 when OUT was written, whatever it says; the manifest was read before, so anything else is our fault.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from verif.contract.check_ports import check_ports
from verif.contract.diagnostic import Diagnostic
from verif.contract.read import read_manifest
from verif.jobs.harness import read_ports

MOST = 200


def main(argv: Sequence[str]) -> str:
    """Write what is wrong; empty, or the reason why nothing could be checked."""
    tree, manifest, ports, out = argv
    contract, _diagnostics = read_manifest((Path(tree) / manifest).read_text(encoding="utf-8"))
    if contract is None:
        return "the manifest cannot be read; it could when the run was planned"
    found = check_ports(contract, read_ports(Path(ports).read_text(encoding="utf-8")))
    errors_first = sorted(found, key=lambda diagnostic: diagnostic.severity != "error")
    Path(out).write_text(json.dumps([_entry(diagnostic) for diagnostic in errors_first[:MOST]]), encoding="utf-8")
    return ""


def _entry(diagnostic: Diagnostic) -> dict[str, object]:
    span = diagnostic.span
    place = {"line": span.line, "column": span.column, "length": span.length}
    return {"rule": diagnostic.rule, **place, "args": dict(diagnostic.args), "severity": diagnostic.severity}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]) or 0)
