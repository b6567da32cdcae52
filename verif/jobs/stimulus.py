"""Makes the stimulus file of one batch: `python -m verif.jobs.stimulus MANIFEST PLAN BATCH OUT`.

MANIFEST is the path of assay.toml, PLAN the plan's JSON, BATCH an index into its batches. Exit code 0 when OUT was written;
contract and plan have been checked before, so anything else is our fault.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from verif.contract.read import read_manifest
from verif.stimulus.encode import encode
from verif.testplan.plan import Plan


def main(argv: Sequence[str]) -> str:
    """Write the stimulus; empty, or the reason why there is none."""
    manifest, plan_file, batch, out = argv
    contract, _diagnostics = read_manifest(Path(manifest).read_text())
    if contract is None:
        return "the manifest cannot be read; it could when the run was planned"
    plan = Plan.from_json(Path(plan_file).read_bytes())
    Path(out).write_bytes(encode(contract, plan, plan.batches[int(batch)]).pack())
    return ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]) or 0)
