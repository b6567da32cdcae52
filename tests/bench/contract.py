"""CPU seconds of checks with planning, and of telling readings apart: `python tests/bench/contract.py`, medians of five.

For gemm_axis with N = 16, checks and planning may take a second, as a whole process of their own; separating all readings
over the operations of one V1 plan may take five.
"""

from __future__ import annotations

import resource
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from pipeline.adapters.process import run
from verif.contract.read import read_manifest
from verif.stimulus.generate import operations
from verif.testplan.select import make_plan
from verif.variants.separate import separate

DESIGN = Path(__file__).resolve().parents[2] / "rtl" / "gemm_axis"
MANIFEST = "assay-n16.toml"
RUNS = 5
POLICY = ("core-1", "10", "0", "V1")
LIMITS = {"checks and planning": 1.0, "separation of all readings": 5.0}


def cpu_s() -> float:
    """CPU seconds of this process and of all it started and waited for."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def planned(folder: Path) -> None:
    """Read, check and plan in a process of its own, as intake does."""
    argv = (sys.executable, "-m", "verif.jobs.plan", str(DESIGN), MANIFEST, str(folder / "out"), *POLICY)
    if not run(argv, cwd=folder, wall_s=60.0).ok:
        raise ValueError(MANIFEST)


def median(work: Callable[[], object]) -> float:
    """CPU seconds of `work`."""
    taken = []
    for _ in range(RUNS):
        start = cpu_s()
        work()
        taken.append(cpu_s() - start)
    return statistics.median(taken)


def in_a_folder(work: Callable[[Path], object]) -> None:
    """Run `work` in a new folder."""
    with tempfile.TemporaryDirectory(prefix="assay-bench-") as folder:
        work(Path(folder))


def main() -> int:
    """Print both; 1 when one takes longer than it may."""
    contract, found = read_manifest((DESIGN / MANIFEST).read_text())
    if contract is None:
        raise ValueError(found)
    plan = make_plan(contract, "core-1", ("V1",), 10, 0)
    values = [one for batch in plan.batches for job in batch.jobs for one in operations(contract, job)]
    took = {
        "checks and planning": median(lambda: in_a_folder(planned)),
        "separation of all readings": median(lambda: separate(contract, values)),
    }
    for name, seconds in took.items():
        sys.stdout.write(f"{name}, gemm_axis N=16: {seconds:.3f} CPU s (median of {RUNS}, at most {LIMITS[name]:g})\n")
    return int(any(seconds > LIMITS[name] for name, seconds in took.items()))


if __name__ == "__main__":
    sys.exit(main())
