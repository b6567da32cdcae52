"""A job that met its deadline: who waits for whom, as far as the pins tell."""

from __future__ import annotations

from collections.abc import Mapping

from verif.contract.model import Channel, Contract
from verif.judge.fault import Fault
from verif.judge.observed import Observed, Trace

WAITS_FOR_READY = "PRO-02"


def hang(
    contract: Contract, observed: Observed, job: int, testpoint: str, traces: Mapping[str, Trace], planned: Mapping[str, int]
) -> Fault:
    """J-009 when an output never raised VALID although READY waits for it, else J-001 with the beats that are missing.

    Of a channel without a handshake it says what its beats count from: nothing else can have kept them.
    """
    row = observed.job(job)
    for channel in contract.channels:
        if testpoint == WAITS_FOR_READY and _silent(channel, traces) and planned[channel.id]:
            return Fault("J-009", {"channel": channel.id, "cycles": str(int(row["end"]) - int(row["reset_end"]))})
    origins = {channel.id: f" (from {channel.origin.value})" for channel in contract.channels if channel.origin}
    missing = [
        f"{name} {traces[name].count}/{count}{origins.get(name, '')}"
        for name, count in planned.items()
        if traces[name].count < count
    ]
    return Fault(
        "J-001",
        {
            "done": str(int(row["ops_done"])),
            "operations": str(int(observed.stimulus.job["op_count"][job])),
            "cycles": str(int(row["end"]) - int(row["reset_end"])),
            "missing": ", ".join(missing) or "-",
        },
    )


def _silent(channel: Channel, traces: Mapping[str, Trace]) -> bool:
    """An output whose READY waits for VALID, and that never raised it. Of one without READY nothing marks VALID."""
    may_wait = channel.dir == "out" and channel.ready is not None and channel.id in traces
    return may_wait and int(traces[channel.id].watch["first_valid"]) == 0
