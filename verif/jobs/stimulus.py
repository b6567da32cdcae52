"""Makes the stimulus file of one batch: `python -m verif.jobs.stimulus MANIFEST PLAN BATCH OUT`.

MANIFEST is the path of assay.toml, PLAN the plan's JSON, BATCH an index into its batches. Exit code 0 when OUT was written;
`NO_SUCH_OPERATION` when a job is asked to keep operations that it does not have; the reason then goes to standard error.
Contract and plan have been checked before, so anything else is our fault.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from verif.contract.read import read_manifest
from verif.stimulus.encode import encode
from verif.stimulus.generate import OperationsError
from verif.testplan.plan import Plan

NO_SUCH_OPERATION = 4


def main(argv: Sequence[str]) -> str | int:
    """Write the stimulus; empty, or the reason why there is none, or `NO_SUCH_OPERATION`."""
    manifest, plan_file, batch, out = argv
    contract, _diagnostics = read_manifest(Path(manifest).read_text())
    if contract is None:
        return "the manifest cannot be read; it could when the run was planned"
    plan = Plan.from_json(Path(plan_file).read_bytes())
    try:
        made = encode(contract, plan, plan.batches[int(batch)])
    except OperationsError as error:
        sys.stderr.write(f"{error}\n")
        return NO_SUCH_OPERATION
    Path(out).write_bytes(made.pack())
    return ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]) or 0)
