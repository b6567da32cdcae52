"""A design's own $readmem tables are there when it runs; nothing else of the submission takes part."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.stages.simulator import Inputs, execute
from verif.records.record import STATUS_DONE, Record

pytestmark = [pytest.mark.sim, pytest.mark.xdist_group("sim")]
WORDS = [5, 6, 7]
ROM = '  logic [W-1:0] rom [2];\n  initial $readmemh("data/table.hex", rom);\n\n  logic         full_q, hidden_q;'
SHADOWS = ("pyuvm.py", "cocotb.py", "numpy.py", "verif.py", "sitecustomize.py", "encodings.py", "record.bin", "coverage.dat")


def test_tables_load_and_shadowing_modules_do_not(bench: Any, kit: Any) -> None:
    files = kit.faulty_files(("  logic         full_q, hidden_q;", ROM), (" + W'(plus_i);", " + rom[1];"))
    files |= {"data/table.hex": b"0001\n0100\n"} | dict.fromkeys(SHADOWS, b"raise SystemExit('shadowed')\n")
    result, context = bench.build(files)
    assert result.findings == ()
    inputs = Inputs(context.work / "inputs")
    inputs.folder.mkdir()
    (inputs.folder / inputs.model).write_bytes(context.blobs.get(result.evidence[0].digest))
    (inputs.folder / inputs.model).chmod(0o555)
    (inputs.folder / inputs.stimulus).write_bytes(kit.make_stimulus([kit.Job([kit.Op(WORDS)])]).pack())
    done = execute(context, inputs, context.work / "run", 1, wall_s=60.0)
    assert done.record is not None, done.result.log.decode(errors="replace")
    record = Record.unpack(done.record)
    assert record.job["status"][0] == STATUS_DONE
    row = record.watch[kit.C]
    seen = record.word["value"][int(row["word_first"]) : int(row["word_first"]) + int(row["count"])]
    assert seen.tolist() == [word + 0x100 for word in WORDS]
