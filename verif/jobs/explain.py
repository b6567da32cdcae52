"""Explains a manifest: `python -m verif.jobs.explain TREE MANIFEST OUT POLICY SEEDS EPOCH MILESTONE...`.

Arguments as of `verif.jobs.plan`. OUT receives JSON: `diagnostics` (as that job writes them), and without an error:
`contract` (its summary), `testpoints` [{id, title, milestone, kind, state, reason, seeds}], `operations` [{id, formulas,
words: {en, ko}, shape, channels}] (`verif.waves.sketch`) and `pins` {undriven, unobserved, remark}. Nothing is simulated.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from verif.contract.check_ports import check_ports
from verif.contract.explain import explain
from verif.contract.model import Contract, Operation
from verif.contract.nodes import ExprError
from verif.contract.ports import Port
from verif.contract.read import read_manifest
from verif.contract.words import math_words
from verif.draft.elaborate import elaborate
from verif.draft.model import DraftError, Pin, Sources
from verif.jobs.plan import Request, examine
from verif.testplan.plan import Plan
from verif.waves.sketch import sketch

LANGUAGES = ("en", "ko")
MOST = 400
_UNDRIVEN, _UNOBSERVED = "E-MAN-089", "E-MAN-090"


def explained(tree: Path, manifest: str, request: Request) -> Mapping[str, Any]:
    """Everything as JSON-ready values."""
    found = examine(tree, manifest, request)
    said = [
        {**asdict(one.span), "rule": one.rule, "severity": one.severity, "args": dict(one.args)} for one in found.diagnostics
    ]
    said.sort(key=lambda one: one["severity"] != "error")
    if found.plan is None or found.contract is None:
        return {"diagnostics": said[:MOST]}
    contract, _ = read_manifest((tree / manifest).read_text(encoding="utf-8"))
    if contract is None:
        return {"diagnostics": said[:MOST]}
    return {
        "diagnostics": said[:MOST],
        "contract": found.contract,
        "testpoints": _testpoints(found.plan),
        "operations": [_operation(contract, operation) for operation in contract.operations],
        "pins": _pins(tree, contract, found.contract),
    }


def _testpoints(plan: Plan) -> Sequence[Mapping[str, Any]]:
    return [{**asdict(point), "seeds": len(point.seeds)} for point in plan.testpoints]


def _operation(contract: Contract, operation: Operation) -> Mapping[str, Any]:
    words = {lang: list(math_words(operation, lang)) for lang in LANGUAGES}
    try:
        drawn = sketch(contract, operation)
    except ExprError:
        drawn = {"shape": "", "channels": []}
    return {"id": operation.id, "formulas": list(explain(operation)), "words": words, **drawn}


def _pins(tree: Path, contract: Contract, summary: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the manifest leaves open, as far as an elaboration of the design alone tells. `remark`: why it tells nothing."""
    sources = Sources(
        files=tuple(summary["files"]),
        include_dirs=tuple(summary["include_dirs"]),
        defines=contract.design.defines,
        parameters=contract.design.parameters,
        top=contract.design.top,
        ordered=True,
    )
    if contract.profile == "opaque":
        return {"undriven": [], "unobserved": [], "remark": "opaque"}
    try:
        pins = elaborate(tree, sources, (contract.design.top,)).pins
    except DraftError as error:
        return {"undriven": [], "unobserved": [], "remark": error.faults[0].args.get("text", error.faults[0].rule)[:200]}
    ports = {port.name: port for port in map(_port, pins)}
    found = check_ports(contract, ports)
    named = {rule: [one.args["bits"] for one in found if one.rule == rule] for rule in (_UNDRIVEN, _UNOBSERVED)}
    return {"undriven": named[_UNDRIVEN], "unobserved": named[_UNOBSERVED], "remark": ""}


def _port(pin: Pin) -> Port:
    """As the gate reports it; of an array the width is all that is looked at."""
    array = pin.signal.endswith("[*]")
    return Port(pin.signal.removesuffix("[*]"), pin.dir, pin.width, dims=((0, 0),) if array else ())


def main(argv: Sequence[str]) -> int:
    """Write what was found."""
    tree, manifest, out, policy, seeds, epoch, *milestones = argv
    request = Request(policy, tuple(milestones), int(seeds), int(epoch))
    Path(out).write_text(json.dumps(explained(Path(tree), manifest, request)), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
