"""What rtl/gemm_axis says of itself, measured on its model: N * N MAC in every cycle, operations that overlap."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from verif.contract.model import Contract
from verif.contract.read import read_manifest
from verif.records.record import STATUS_DONE, Record
from verif.stimulus.bench import Bench, directed_operation
from verif.stimulus.encode import encode
from verif.stimulus.site import Site
from verif.stimulus.values import JobValues
from verif.testplan.plan import Batch, Job, Plan

pytestmark = [pytest.mark.sim, pytest.mark.xdist_group("sim")]
RTL = Path(__file__).resolve().parents[2] / "rtl" / "gemm_axis"
SHAPES = ((3, 48, 3), (1, 17, 2), (2, 9, 1), (3, 48, 3))  # tiles of M, K, tiles of N
A, C = 0, 3


def pins(n: int, width: int) -> dict[str, tuple[str, int]]:
    found = {"clk_i": ("in", 1), "rst_ni": ("in", 1), "tlast_mismatch_o": ("out", 1)}
    for name, bits, way, back in (
        ("s_axis_a", 8 * n, "in", "out"),
        ("s_axis_b", 8 * n, "in", "out"),
        ("m_axis_c", width * n, "out", "in"),
    ):
        found |= {
            f"{name}_tvalid": (way, 1),
            f"{name}_tready": (back, 1),
            f"{name}_tdata": (way, bits),
            f"{name}_tlast": (way, 1),
        }
    return found | {"s_axis_q_tvalid": ("in", 1), "s_axis_q_tready": ("out", 1), "s_axis_q_tdata": ("in", 32 * n)}


def at_full_rate(n: int) -> Any:
    def values(contract: Contract, job: Job) -> JobValues:
        bench = Bench.of(contract, job.testpoint, job.seed)
        sites = [Site(contract, 0, {"M": m * n, "K": k, "N": c * n}, bench.rng) for m, k, c in SHAPES]
        return bench.job([directed_operation(site, {}, (1, 8)) for site in sites])

    return values


@pytest.fixture(scope="module")
def cycles(bench: Any) -> tuple[list[int], list[int]]:
    """Cycles of all beats of A and C: four operations back to back, no channel ever stalled."""
    n, files = 8, {path.relative_to(RTL).as_posix(): path.read_bytes() for path in RTL.rglob("*") if path.is_file()}
    result, context = bench.build(files, pins(n, 8))
    assert result.findings == ()
    contract, _ = read_manifest(files["assay.toml"].decode())
    assert contract is not None
    plan = Plan("1", "none", "gemm_axis", 0, (), (Batch(0, (Job("RATE", 1),), (1,)),))
    stimulus = encode(contract, plan, plan.batches[0], at_full_rate(n))
    done = bench.execute(context.blobs.get(result.evidence[0].digest), stimulus)
    assert done.record is not None
    record = Record.unpack(done.record)
    assert record.job["status"][0] == STATUS_DONE
    rows = [record.watch[channel] for channel in (A, C)]
    spans = [slice(int(row["beat_first"]), int(row["beat_first"]) + int(row["count"])) for row in rows]
    return tuple(record.beat["cycle"][span].astype(int).tolist() for span in spans)  # type: ignore[return-value]


def test_a_pair_is_taken_in_every_cycle(cycles: tuple[list[int], list[int]]) -> None:
    taken, _ = cycles
    assert len(taken) == sum(m * k * c for m, k, c in SHAPES)
    assert np.all(np.diff(taken) == 1)  # each pair feeds N * N multipliers, so N * N MAC in every cycle


def test_the_next_operation_enters_before_the_last_output_drains(cycles: tuple[list[int], list[int]]) -> None:
    taken, given = cycles
    ends_in = np.cumsum([m * k * c for m, k, c in SHAPES])
    ends_out = np.cumsum([m * c * 8 for m, _, c in SHAPES])
    for operation, _next in pairwise(range(len(SHAPES))):
        assert taken[ends_in[operation]] < given[ends_out[operation] - 1]
