"""Families of the protocol, robustness and reset rows: what happens around the data."""

from __future__ import annotations

from dataclasses import replace

from verif.contract.steps import written
from verif.stimulus.bench import Bench, random_operation
from verif.stimulus.function import MEDIUM, SMALL
from verif.stimulus.values import FULL_RATE, JobValues, Stalls

PROFILES = (FULL_RATE, Stalls(percent=25), Stalls(percent=50), Stalls(percent=90), Stalls(burst=True))


def ready_gaps(bench: Bench) -> JobValues:
    """PRO-01: READY comes and goes at random while VALID waits."""
    sinks = (Stalls(percent=40), Stalls(percent=70), Stalls(percent=20, burst=True))
    return bench.job([random_operation(bench.sampled(bench.any_kind(), MEDIUM), FULL_RATE, sink) for sink in sinks])


def ready_after_valid(bench: Bench) -> JobValues:
    """PRO-02: READY stays low until VALID was seen; a source that waits for READY never moves."""
    sinks = [Stalls(percent=30, least=int(bench.rng.integers(0, 9)), from_valid=True) for _ in range(3)]
    return bench.job([random_operation(bench.sampled(bench.any_kind(), SMALL), FULL_RATE, sink) for sink in sinks])


def reset_lengths(bench: Bench) -> JobValues:
    """PRO-03: the shortest reset, one cycle more, twice as long, or long."""
    least = bench.shortest_reset
    length = int(bench.rng.choice([least, least + 1, 2 * least, 16 + least + int(bench.rng.integers(0, 16))]))
    return bench.job([random_operation(bench.smallest(bench.any_kind()))], reset_cycles=length)


def packets(bench: Bench) -> JobValues:
    """PRO-05: packets of many lengths, the shortest among them."""
    sites = [bench.smallest(kind) for kind in bench.kinds]
    sites += [bench.sampled(bench.any_kind(), budget) for budget in (SMALL,) * 6 + (MEDIUM,) * 2]
    return bench.job([random_operation(site, FULL_RATE, Stalls(percent=25)) for site in sites])


def input_gaps(bench: Bench) -> JobValues:
    """PRO-30: inputs pause inside an operation; neighbouring beats differ and idle payload is random."""
    sources = (Stalls(percent=30), Stalls(least=1), Stalls(percent=60), Stalls(percent=15, burst=True))
    return bench.job([random_operation(bench.unequal(bench.any_kind(), SMALL + 20), source) for source in sources])


def event_order(bench: Bench) -> JobValues:
    """PRO-31: an event that is waited for, early or late against the last output beat."""
    waiting = [k for k in bench.kinds if any(s.kind == "wait" for s in written(bench.contract.operations[k].steps))]
    sinks = (FULL_RATE, Stalls(percent=80), Stalls(burst=True))
    return bench.job([random_operation(bench.sampled(kind, SMALL), FULL_RATE, sink) for kind in waiting for sink in sinks])


def responses(bench: Bench) -> JobValues:
    """PRO-26: commands at full rate while responses are taken at once, late, in bursts, or only after they were seen."""
    sinks = (FULL_RATE, Stalls(percent=50), Stalls(percent=20, burst=True), Stalls(percent=40, least=2, from_valid=True))
    made = [random_operation(bench.sampled(kind, MEDIUM), FULL_RATE, sink) for sink in sinks for kind in bench.kinds]
    return bench.job(made)


def scrambled_configuration(bench: Bench) -> JobValues:
    """PRO-32: operations of other configurations one after another, stalled so that each is long past its sampling."""
    kinds = bench.contract.operations
    held = [k for k in bench.kinds if any(step.kind == "set" and step.until for step in written(kinds[k].steps))]
    sources = (Stalls(percent=40), Stalls(percent=20, burst=True), FULL_RATE)
    sinks = (FULL_RATE, Stalls(percent=30), Stalls(percent=60))
    pairs = [(kind, source, sink) for kind in held for source, sink in zip(sources, sinks, strict=True)]
    return bench.job([random_operation(bench.sampled(kind, SMALL), source, sink) for kind, source, sink in pairs])


def back_pressure(bench: Bench) -> JobValues:
    """ROB-01: one operation under five stall profiles on all channels; its results may not depend on them."""
    values = random_operation(bench.unequal(bench.any_kind(), SMALL + 20))
    return bench.job([replace(values, source=profile, sink=profile) for profile in PROFILES])


def power_up(bench: Bench) -> JobValues:
    """RST-01: a few operations, the same under every power-up state."""
    sites = [bench.smallest(kind) for kind in bench.kinds] + [bench.sampled(bench.any_kind(), MEDIUM) for _ in range(3)]
    return bench.job([random_operation(site, Stalls(percent=20), Stalls(percent=20)) for site in sites])


def idle_payload(bench: Bench) -> JobValues:
    """RST-06: long idle phases with random payload between few beats."""
    stalls = (Stalls(percent=60), Stalls(percent=30, burst=True))
    return bench.job([random_operation(bench.sampled(bench.any_kind(), SMALL), s, Stalls(percent=15)) for s in stalls])
