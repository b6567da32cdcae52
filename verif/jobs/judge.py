"""Judges one batch: `python -m verif.jobs.judge MANIFEST PLAN BATCH STIMULUS OUT SEED=RECORD ... [readings]`.

Writes JSON to OUT: {version, testpoints, findings}, or {version, refused: {rule, reason}} when a record cannot be believed.
With `readings`, and when nothing was wrong, it also says which near-miss readings of the contract it could tell apart.
Runs in the sandbox, because records are written beside a stranger's RTL. Exit code 0 when OUT was written.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from verif.contract.read import read_manifest
from verif.judge.fault import RecordError
from verif.judge.judge import judge
from verif.testplan.plan import Plan
from verif.variants.told import told_by

READINGS = "readings"


def main(argv: Sequence[str]) -> str:
    """Write the judgement; empty, or the reason why there is none."""
    manifest, plan_file, batch, stimulus, out, *named = argv
    contract, _diagnostics = read_manifest(Path(manifest).read_text())
    if contract is None:
        return "the manifest cannot be read; it could when the run was planned"
    plan = Plan.from_json(Path(plan_file).read_bytes())
    records = {
        int(seed): Path(file).read_bytes() for seed, _, file in (name.partition("=") for name in named if name != READINGS)
    }
    try:
        judged = judge(contract, plan, plan.batches[int(batch)], Path(stimulus).read_bytes(), records)
        found: dict[str, Any] = judged.to_json()
        if READINGS in named and not judged.findings:
            found["readings"] = told_by(contract, judged.crossed).to_json()
    except RecordError as error:
        found = {"version": 1, "refused": {"rule": error.rule, "reason": str(error)}}
    Path(out).write_text(json.dumps(found))
    return ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]) or 0)
