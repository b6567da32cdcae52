"""Makes the harness of one design: `python -m verif.jobs.harness TREE MANIFEST PORTS OUT`.

TREE is the unpacked submission, MANIFEST a path inside it, PORTS the gate's JSON {name: {dir, width}} (also `dims` of an
unpacked array; `interface` and `header` of a member of an interface port), OUT the new folder to write to. Writes what
`verif.tb.generate` makes, and adds the design's files, include folders and defines to `assay_build.json`.
Exit code 0 when the harness was written; the contract has been checked before, so anything else is our fault.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from verif.contract.model import Contract
from verif.contract.ports import Port, Ports
from verif.contract.read import read_manifest
from verif.tb.drivers import HarnessError
from verif.tb.files import design_files, include_folders, macro_definitions
from verif.tb.generate import BUILD_FILE, generate

ELEMENTS = frozenset({"logic", "logic signed", "bit", "bit signed"})


def read_ports(text: str) -> Ports:
    """Ports of the gate's JSON; raises KeyError, TypeError or ValueError on anything else."""
    raw: dict[str, Any] = json.loads(text)
    return {name: _port(name, entry) for name, entry in raw.items()}


def _port(name: str, entry: dict[str, Any]) -> Port:
    dims = tuple((int(left), int(right)) for left, right in entry.get("dims", ()))
    interface, header = str(entry.get("interface", "")), bool(entry.get("header", False))
    element = str(entry.get("element", "logic"))
    if element not in ELEMENTS:
        raise ValueError(element)
    return Port(name, entry["dir"], int(entry["width"]), dims, interface, header, element)


def harness(tree: Path, manifest: str, contract: Contract, ports: Ports) -> dict[str, str]:
    """File name -> text of everything that is compiled besides the design, and of the build description."""
    files = generate(contract, ports)
    base = PurePosixPath(manifest).parent
    build = json.loads(files[BUILD_FILE])
    build["files"] = design_files(tree, base, contract.design.files)
    build["include_dirs"] = include_folders(base, contract.design.include_dirs)
    build["defines"] = macro_definitions(contract.design.defines)
    return files | {BUILD_FILE: json.dumps(build, sort_keys=True)}


def main(argv: Sequence[str]) -> str:
    """Write the harness; empty, or the reason why the contract cannot be bound."""
    tree, manifest, ports, out = argv
    contract, _diagnostics = read_manifest((Path(tree) / manifest).read_text())
    if contract is None:
        return "the manifest cannot be read; it could when the run was planned"
    try:
        files = harness(Path(tree), manifest, contract, read_ports(Path(ports).read_text()))
    except HarnessError as error:
        return f"no harness: {error}"
    Path(out).mkdir()
    for name, text in files.items():
        (Path(out) / name).write_text(text)
    return ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]) or 0)
