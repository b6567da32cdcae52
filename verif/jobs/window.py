"""Cuts a window out of a waveform: `python -m verif.jobs.window MANIFEST PORTS PLAN STIMULUS RECORD VCD CASE OUT`.

PORTS is the gate's JSON, PLAN the plan whose batch 0 was run, STIMULUS and RECORD its files, VCD the simulator's waveform.
CASE is JSON: `job`, a number in the batch, and `finding`, what was found of it. Writes to OUT what `verif.waves.window`
makes. Runs in the sandbox, because VCD was written beside a stranger's RTL. Exit code `UNREADABLE` when the window is not in
it; the reason then goes to standard error.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from verif.contract.read import read_manifest
from verif.jobs.harness import read_ports
from verif.judge.observed import Observed
from verif.records.record import Record
from verif.records.stimulus import Stimulus
from verif.testplan.plan import Plan
from verif.waves.vcd import VcdError
from verif.waves.window import Case, window

UNREADABLE = 3


def main(argv: Sequence[str]) -> str | int:
    """Write the window; empty, or the reason why there is none, or `UNREADABLE`."""
    manifest, ports, plan, stimulus, record, vcd, case, out = map(Path, argv)
    contract, _diagnostics = read_manifest(manifest.read_text())
    if contract is None:
        return "the manifest cannot be read; it could when the run was planned"
    asked = json.loads(case.read_bytes())
    number = int(asked["job"])
    found = Case(
        contract=contract,
        ports=read_ports(ports.read_text()),
        job=Plan.from_json(plan.read_bytes()).batches[0].jobs[number],
        number=number,
        observed=Observed(Stimulus.unpack(stimulus.read_bytes()), Record.unpack(record.read_bytes())),
        finding=asked["finding"],
    )
    try:
        with vcd.open("rb") as lines:
            made = window(found, lines)
    except VcdError as error:
        sys.stderr.write(f"{error}\n")
        return UNREADABLE
    out.write_text(json.dumps(made))
    return ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]) or 0)
