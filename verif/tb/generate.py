"""The harness: contract + ports -> text. Binds transactors to the named pins and instantiates the design, unmodified.

Every module name of ours starts with `assay_`, a prefix that no module of a submission may use. Names from the manifest are
identifiers that the contract's reader has validated; nothing else of it reaches the text but integers.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from verif.contract.model import Contract
from verif.contract.ports import Ports
from verif.tb.drivers import MAX_CLOCKS, HarnessError
from verif.tb.harness import MAX_EVENTS, TOP, module

CONTROL_FILE = "assay_control.vlt"
BUILD_FILE = "assay_build.json"
MAX_CHANNELS = 64
_AGENTS = Path(__file__).resolve().parents[1] / "agents"
_CHANNEL = tuple(f"channel/assay_{name}.sv" for name in ("source", "sink", "watch", "fixed", "lag"))
TRANSACTORS = tuple(_AGENTS / name for name in ("stepper/assay_stepper.sv", *_CHANNEL))
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*")
# The folder is named too: a design's own file that is called assay_*.sv must not escape lint or coverage.
_CONTROL = """`verilator_config
public_flat_rd -module "assay_harness" -var "done_o"
lint_off -file "harness/assay_*.sv"
coverage_off -file "harness/assay_*.sv"
"""


def generate(contract: Contract, ports: Ports) -> dict[str, str]:
    """File name -> text: our SystemVerilog in compile order, the control file, and `assay_build.json` for who compiles.

    Raises:
        HarnessError: the contract does not fit these ports, or asks for more than the harness can bind.
    """
    _check(contract, ports)
    files = {path.name: path.read_text() for path in TRANSACTORS}
    files[f"{TOP}.sv"] = "\n".join(module(contract, ports)) + "\n"
    files[CONTROL_FILE] = _CONTROL
    files[BUILD_FILE] = json.dumps(_build(contract, [name for name in files if name.endswith(".sv")]), sort_keys=True)
    return files


def _build(contract: Contract, sources: list[str]) -> dict[str, object]:
    return {"trusted": sources, "periods_ps": [clock.period_ps for clock in contract.clocks], "top": contract.design.top}


def _check(contract: Contract, ports: Ports) -> None:
    if not 1 <= len(contract.clocks) <= MAX_CLOCKS:
        raise HarnessError(f"{len(contract.clocks)} clocks, 1 to {MAX_CLOCKS} can be bound")
    if len(contract.events) > MAX_EVENTS or len(contract.channels) > MAX_CHANNELS:
        raise HarnessError(f"more than {MAX_EVENTS} events or {MAX_CHANNELS} channels")
    inouts = [port.name for port in ports.values() if port.dir == "inout"]
    if inouts:
        raise HarnessError(f"bidirectional ports cannot be bound: {', '.join(inouts)}")
    parts = [part for port in ports.values() for part in (*port.name.split(".", 1), *filter(None, [port.interface]))]
    names = [contract.design.top, *contract.design.parameters, *parts]
    wrong = [name for name in names if not _NAME.fullmatch(name)]
    if wrong or contract.design.top.startswith("assay_"):
        raise HarnessError(f"names that cannot be bound: {', '.join(wrong) or contract.design.top}")
