"""CPU seconds of the judge beside the simulation's: `python tests/bench/judge.py` runs gemm_axis with N = 16 five times.

Both are whole processes in the sandbox, their start included, as the steps of a run count them.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path

from pipeline.bootstrap import Center, open_center
from pipeline.engine.local import complete
from pipeline.engine.submit import submit
from pipeline.settings import Settings
from pipeline.stages.archive import pack_folder

DESIGN = Path(__file__).resolve().parents[2] / "rtl" / "gemm_axis"
MOST = 0.25
RUNS = 5
KEYS = {"simulate": "sim_cpu_s", "judge": "judge_cpu_s"}


def shares(center: Center, epoch: int) -> dict[str, float]:
    """CPU seconds of both stages in one run; the first one builds the simulator."""
    services, tenant = center.services, center.settings.tenant
    run = submit(services, tenant, pack_folder(DESIGN), name="bench", manifest="assay-n16.toml", epoch=epoch)
    complete(services, center.local, tenant, run.id)
    steps = services.store.steps(tenant, run.id)
    return {
        stage: sum(step.result.metrics[KEYS[stage]] for step in steps if step.spec.stage == stage and step.result)
        for stage in ("simulate", "judge")
    }


def main() -> int:
    """Print the medians and their ratio; 1 when the judge takes more than its share."""
    with tempfile.TemporaryDirectory(prefix="assay-bench-") as home, open_center(Settings(Path(home)), "local") as center:
        found = [shares(center, epoch) for epoch in range(RUNS)]
    ratios = [one["judge"] / one["simulate"] for one in found]
    simulate, judge = (statistics.median(one[stage] for one in found) for stage in ("simulate", "judge"))
    ratio = statistics.median(ratios)
    sys.stdout.write(
        f"judge beside simulation, gemm_axis N=16: {judge:.2f} and {simulate:.2f} CPU s, ratio {ratio:.2f} "
        f"({min(ratios):.2f} to {max(ratios):.2f}; median of {RUNS}, at most {MOST})\n"
    )
    return int(ratio > MOST)


if __name__ == "__main__":
    sys.exit(main())
