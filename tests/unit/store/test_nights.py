"""Nights over both databases: one clock starts a night whole, revisions and banks lose nothing when two write at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from pipeline.adapters.sql_store import SqlStore, open_store
from pipeline.adapters.sql_store.create import new_id
from pipeline.domain.night import Design, Failure, Night, NightResult
from pipeline.domain.outcome import Verdict
from pipeline.domain.run import Run, StepSpec, Submission
from pipeline.domain.seed_bank import BankedSeed
from pipeline.engine.nights import NightPlan

NOW = "2026-11-22T02:00:00.000+00:00"
FIRST = (StepSpec("intake"),)
CLOCKS = 4


@pytest.fixture
def stores(url: str) -> Iterator[list[SqlStore]]:
    opened = [open_store(url)[0] for _ in range(CLOCKS)]
    yield opened
    for store in opened:
        store.close()


def design(name: str = "gemm", archive: str = "a" * 64) -> Design:
    return Design("acme", name, 0, archive, "assay.toml", "core-1", NOW)


def night(window: str = "2026-11-22") -> Night:
    return Night("acme", "nightly", window, 9822, NOW, "2026-11-22T12:00:00+00:00")


def plan(kept: Design, bank: str = "") -> NightPlan:
    submission = Submission(new_id(), "acme", kept.name, kept.archive, kept.manifest, NOW)
    return NightPlan(kept, submission, Run(new_id(), "acme", submission.id, "core-1", 9822, NOW, bank=bank), 2)


def together(stores: list[SqlStore], work: Callable[[SqlStore], object]) -> list[object]:
    ready, found = threading.Barrier(len(stores)), list[object]()

    def one(store: SqlStore) -> None:
        ready.wait()
        found.append(work(store))

    threads = [threading.Thread(target=one, args=(store,)) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_of_clocks_that_start_at_once_one_starts_the_whole_night(stores: list[SqlStore]) -> None:
    kept = [stores[0].nights.register(design(name)) for name in ("gemm", "conv", "Zeta")]
    started = together(stores, lambda store: store.nights.start(night(), [plan(item, "b" * 64) for item in kept], FIRST))
    assert sorted(map(bool, started)) == [False] * (CLOCKS - 1) + [True]
    runs = stores[0].nights.runs("acme", "nightly")
    assert [(run.design, run.revision, run.replayed, run.result) for run in runs] == [
        ("Zeta", 1, 2, None), ("conv", 1, 2, None), ("gemm", 1, 2, None),
    ]  # fmt: skip
    assert {stores[0].run("acme", run.run_id).bank for run in runs} == {"b" * 64}
    assert {step.spec.name for run in runs for step in stores[0].steps("acme", run.run_id)} == {"intake"}
    assert len(stores[0].runs("acme", 20)) == 3
    assert stores[1].nights.night("acme", "nightly", "2026-11-22") == night()
    assert stores[1].nights.start(night("2026-11-23"), [], FIRST)
    assert stores[1].nights.latest("acme", "nightly") == "2026-11-23"


def test_registrations_at_once_get_a_revision_each(stores: list[SqlStore]) -> None:
    found = together(stores, lambda store: store.nights.register(design()).revision)
    assert sorted(map(str, found)) == ["1", "2", "3", "4"]
    (latest,) = stores[0].nights.designs("acme")
    assert (latest.revision, stores[0].nights.tenants()) == (CLOCKS, ["acme"])


def test_a_result_is_written_once_and_its_seeds_with_it(stores: list[SqlStore]) -> None:
    nights = stores[0].nights
    nights.start(night(), [plan(nights.register(design()))], FIRST)
    (run,) = nights.unsettled("acme", "nightly")
    failure = Failure("FUN-01", "J-001", (1 << 64) - 1, 2, "assay repro 1", {"channel": "c \u2028 한"})
    result = NightResult(Verdict.REJECTED, (failure,), ("gate",), (("simulate.0", "P-301"),))
    seeds = [BankedSeed("FUN-01", (1 << 64) - 1, "2026-11-22", "J-001"), BankedSeed("FUN-01", 0, "2026-11-22", "J-001")]
    done = together(stores, lambda store: store.nights.settle("acme", "nightly", run, result, seeds, NOW))
    assert sorted(map(bool, done)) == [False] * (CLOCKS - 1) + [True]
    (settled,) = nights.runs("acme", "nightly")
    assert (settled.result, settled.settled_at, nights.unsettled("acme", "nightly")) == (result, NOW, [])
    assert nights.bank("acme", "gemm") == seeds[::-1]


def test_a_night_is_whole_or_not_there(url: str) -> None:
    store, _ = open_store(url)
    with closing(store):
        good = plan(store.nights.register(design()))
        twice = NightPlan(good.design, good.submission, good.run, 0)
        with pytest.raises(Exception, match=r"(?i)unique|duplicate"):
            store.nights.start(night(), [good, twice], FIRST)
        assert store.nights.night("acme", "nightly", "2026-11-22") is None
        assert store.runs("acme", 20) == []
        assert store.nights.start(night(), [good], FIRST)
