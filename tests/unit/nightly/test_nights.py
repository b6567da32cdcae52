"""Whole nights over scripted stages: who starts them, what they find, and what is said when they are missing."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from pipeline.domain.board import NightState
from pipeline.domain.night import Standing
from pipeline.domain.seed_bank import BankedSeed
from pipeline.engine.designs import register, withdraw
from pipeline.engine.nightly import keep_nights, start_night
from pipeline.engine.seeds import bank_of, export_seeds, import_seeds, retire_seed
from pipeline.engine.services import Services
from pipeline.engine.windows import Schedule
from pipeline.errors import AssayError, NotFoundError, UsageError
from verif.testplan.plan import Plan

TENANT = "acme"
Judge = Callable[..., Any]


def plan_of(center: Any, number: int) -> Plan:
    run = center.services.store.find_run(TENANT, str(number))
    (intake,) = [s for s in center.services.store.steps(TENANT, run.id) if s.spec.name == "intake"]
    (plan,) = [item for item in intake.result.evidence if item.role == "plan"]
    return Plan.from_json(center.services.blobs(TENANT).get(plan.digest))


def failures(shown: Any, standing: Standing) -> list[tuple[str, str, str]]:
    found = [(design.name, item) for design in shown.designs for item in design.of(standing)]
    return [(name, item.failure.place, item.failure.rule) for name, item in found]


def test_new_then_known_then_fixed(center: Any, judge: Judge) -> None:
    center.register()
    assert center.night("2026-11-21").exit_code == 0
    second = center.night("2026-11-22", judge=judge("J-001"))
    assert failures(second, Standing.NEW) == [("gemm", "FUN-01", "J-001")]
    assert (second.exit_code, center.only(second).state) == (1, NightState.NEW)
    third = center.night("2026-11-23", judge=judge("J-001", "J-002"))
    assert failures(third, Standing.KNOWN) == [("gemm", "FUN-01", "J-001")]
    assert failures(third, Standing.NEW) == [("gemm", "FUN-01", "J-002")]
    fourth = center.night("2026-11-24", judge=judge("J-001", "J-002"))
    assert (fourth.exit_code, fourth.count(Standing.NEW), fourth.count(Standing.KNOWN)) == (0, 0, 2)
    assert {item.first_seen for item in center.only(fourth).failures} == {"2026-11-22", "2026-11-23"}
    fifth = center.night("2026-11-25")
    assert (fifth.exit_code, fifth.count(Standing.FIXED), center.only(fifth).state) == (0, 2, NightState.FIXED)
    assert center.night("2026-11-26").count(Standing.FIXED) == 0
    strip = [cell.state.value for cell in center.only(center.board("2026-11-26T06:00:00")).strip]
    assert strip == ["absent"] * 8 + ["passed", "new", "new", "known", "fixed", "passed"]


def test_every_failure_has_the_line_that_shows_it_again(center: Any, judge: Judge) -> None:
    center.register()
    design = center.only(center.night("2026-11-21", judge=judge("J-001")))
    seed = design.failures[0].failure.seed
    line = f"assay repro {design.run.number} --testpoint FUN-01 --seed 0x{seed:016x}"
    assert [item.failure.again for item in design.failures] == [line]
    fixed = center.only(center.night("2026-11-22"))
    assert [item.failure.again for item in fixed.failures] == [line], "the run that showed it last still can"


def test_a_failure_known_before_a_broken_night_is_not_new_after_it(center: Any, judge: Judge, ours: Any) -> None:
    center.register()
    center.night("2026-11-21", judge=judge("J-001"))
    between = center.night("2026-11-22", judge=ours)
    assert (between.exit_code, center.only(between).state) == (3, NightState.BROKEN)
    assert (between.count(Standing.FIXED), between.count(Standing.OPEN)) == (0, 1), "nothing was judged, so nothing is fixed"
    assert center.only(between).run.result.troubles == (("judge.0", "P-401"), ("judge.1", "P-401"))
    after = center.night("2026-11-23", judge=judge("J-001"))
    assert (after.count(Standing.NEW), after.count(Standing.KNOWN)) == (0, 1)
    assert center.only(after).failures[0].first_seen == "2026-11-21"


def test_a_night_nobody_started_is_missed_and_not_the_green_of_before(center: Any) -> None:
    center.register()
    assert center.night("2026-11-21").exit_code == 0
    shown = center.board("2026-11-22T02:59:00")
    assert shown.window == "2026-11-21"
    shown = center.board("2026-11-22T03:00:00")
    assert (shown.window, shown.started_at, shown.fresh_at, shown.exit_code) == ("2026-11-22", "", "", 3)
    assert (center.only(shown).state, center.only(shown).last_result) == (NightState.MISSED, "2026-11-21")
    assert center.night("2026-11-23").exit_code == 0
    assert [cell.state.value for cell in center.only(center.board("2026-11-23T06:00:00")).strip[-3:]] == [
        "passed", "missed", "passed",
    ]  # fmt: skip


def test_a_run_without_a_verdict_is_missed_at_its_deadline_and_counts_when_it_comes(center: Any) -> None:
    center.register()
    center.at("2026-11-21T02:00:30")
    assert keep_nights(center.services, center.schedule) == 1
    assert center.only(center.board("2026-11-21T11:59:00")).state is NightState.RUNNING
    late = center.board("2026-11-21T12:00:00")
    assert (center.only(late).state, late.exit_code) == (NightState.MISSED, 3)
    center.work()
    assert center.only(center.board("2026-11-21T12:30:00")).state is NightState.PASSED


def test_a_night_started_late_has_its_hours(center: Any) -> None:
    center.register()
    center.at("2026-11-21T11:30:00")
    assert keep_nights(center.services, center.schedule) == 1
    assert center.only(center.board("2026-11-21T19:00:00")).state is NightState.RUNNING
    assert center.only(center.board("2026-11-21T19:30:00", "2026-11-21")).state is NightState.MISSED


def test_two_clocks_start_exactly_one_night(make_services: Callable[[], Services]) -> None:
    services = [make_services() for _ in range(6)]
    for name in ("gemm", "conv"):
        register(services[0], TENANT, b"rtl", name=name)
    ready, started = threading.Barrier(len(services)), []

    def clock(own: Services) -> None:
        ready.wait()
        started.append(start_night(own, TENANT, Schedule(), "2026-11-21"))

    threads = [threading.Thread(target=clock, args=(own,)) for own in services]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(started) == [False] * 5 + [True]
    assert [run.design for run in services[0].store.nights.runs(TENANT, "nightly")] == ["conv", "gemm"]
    assert len(services[0].store.runs(TENANT, 20)) == 2


def test_a_clock_looks_often_and_starts_once(center: Any) -> None:
    center.register()
    started = []
    for moment in ("21T01:59:59", "21T02:00:00", "21T02:01:00", "21T11:59:00", "21T12:00:00", "22T01:59:00", "22T02:00:00"):
        center.at(f"2026-11-{moment}")
        started.append(keep_nights(center.services, center.schedule))
    assert started == [0, 1, 0, 0, 0, 0, 1]


def test_no_clock_starts_nothing_but_collects(center: Any) -> None:
    center.register()
    off = Schedule("nightly", "", "UTC")
    center.at("2026-11-21T03:00:00")
    assert keep_nights(center.services, off) == 0
    assert start_night(center.services, TENANT, off, "2026-11-21")
    center.schedule = off
    center.work()
    assert center.only(center.board("2026-11-21T06:00:00")).state is NightState.PASSED


def test_every_night_has_an_epoch_of_its_own_and_no_design_no_night(center: Any) -> None:
    center.at("2026-11-20T02:00:30")
    assert keep_nights(center.services, center.schedule) == 0
    assert not start_night(center.services, TENANT, center.schedule, "2026-11-20")
    center.register()
    for day in ("2026-11-21", "2026-11-22", "2026-11-23"):
        center.night(day)
    runs = center.services.store.runs(TENANT, 9)
    assert len({run.epoch for run in runs}) == 3
    assert 0 not in {run.epoch for run in runs}
    assert len({plan_of(center, run.number).testpoints[0].seeds for run in runs}) == 3


def test_a_failing_seed_is_banked_and_replayed_in_every_later_night(center: Any, judge: Judge) -> None:
    center.register()
    center.night("2026-11-21", judge=judge("J-001"))
    (seed,) = bank_of(center.services, TENANT, "gemm")
    assert (seed.testpoint, seed.found, seed.rule, seed.reason) == ("FUN-01", "2026-11-21", "J-001", "")
    center.register(archive=b"another revision")
    for day in ("2026-11-22", "2026-11-23"):
        design = center.only(center.night(day))
        plan = plan_of(center, design.run.number)
        assert design.run.replayed == 1
        assert [(batch.banked, [job.seed for job in batch.jobs]) for batch in plan.batches][1:] == [(True, [seed.seed])]
        assert center.services.store.find_run(TENANT, str(design.run.number)).verdict == "ACCEPTED"
    assert design.revision == 2


def test_a_retired_seed_is_not_replayed_and_keeps_its_reason(center: Any, judge: Judge) -> None:
    center.register()
    center.night("2026-11-21", judge=judge("J-001"))
    (seed,) = bank_of(center.services, TENANT, "gemm")
    retire_seed(center.services, TENANT, "gemm", "FUN-01", seed.seed, "the stall pattern is no longer possible")
    design = center.only(center.night("2026-11-22"))
    assert design.run.replayed == 0
    assert not any(batch.banked for batch in plan_of(center, design.run.number).batches)
    (kept,) = bank_of(center.services, TENANT, "gemm")
    assert kept.reason == "the stall pattern is no longer possible"
    with pytest.raises(NotFoundError, match="U-946"):
        retire_seed(center.services, TENANT, "gemm", "FUN-01", seed.seed, "again")
    with pytest.raises(UsageError, match="U-947"):
        retire_seed(center.services, TENANT, "gemm", "FUN-01", seed.seed, " \n ")


def test_a_bank_survives_its_file(center: Any, judge: Judge) -> None:
    center.register()
    center.night("2026-11-21", judge=judge("J-001"))
    text = export_seeds(center.services, TENANT, "gemm")
    center.register("twin")
    assert import_seeds(center.services, TENANT, "twin", text) == 1
    assert import_seeds(center.services, TENANT, "twin", text) == 0
    assert bank_of(center.services, TENANT, "twin") == bank_of(center.services, TENANT, "gemm")
    retired = text.replace('rule = "J-001"\n', 'rule = "J-001"\nreason = "not ours any more"\n')
    assert import_seeds(center.services, TENANT, "twin", retired) == 1
    assert import_seeds(center.services, TENANT, "twin", text) == 0, "a file without the reason does not bring it back"
    assert [item.reason for item in bank_of(center.services, TENANT, "twin")] == ["not ours any more"]
    for bad in ("[[seed]]\ntestpoint = 'RST-01'\nseed = '0xffffffffffffffff'\nfound = '2026-11-21'\nrule = 'J-001'\n", "="):
        with pytest.raises(UsageError, match="U-944"):
            import_seeds(center.services, TENANT, "twin", bad)


def test_a_rejection_without_findings_is_still_a_failure(center: Any) -> None:
    from pipeline.domain.outcome import Outcome
    from pipeline.domain.run import StageResult, TestpointCount

    center.register()
    silent = StageResult(Outcome.FAILED, testpoints=(TestpointCount("FUN-01", 1, 1, 1, 64),))
    shown = center.night("2026-11-21", judge=lambda _context: silent)
    assert failures(shown, Standing.NEW) == [("gemm", "FUN-01", "N-001")]
    shown = center.night("2026-11-22")
    assert shown.exit_code == 0
    assert failures(shown, Standing.FIXED) == [("gemm", "FUN-01", "N-001")]
    refused = center.night("2026-11-23", build=lambda _context: StageResult(Outcome.FAILED))
    assert failures(refused, Standing.NEW) == [("gemm", "run", "N-001")]


def test_a_stage_that_refuses_is_a_failure_of_its_own(center: Any, judge: Judge) -> None:
    from pipeline.domain.finding import Finding
    from pipeline.domain.outcome import Outcome
    from pipeline.domain.run import StageResult

    center.register()
    center.night("2026-11-21", judge=judge("J-001"))
    refusal = StageResult(Outcome.FAILED, (Finding("B-003", Outcome.FAILED),))
    shown = center.night("2026-11-22", build=lambda _context: refusal)
    assert failures(shown, Standing.NEW) == [("gemm", "build", "B-003")]
    assert failures(shown, Standing.OPEN) == [("gemm", "FUN-01", "J-001")], "not simulated, so not fixed"
    assert center.only(shown).failures[0].failure.again == f"assay show {center.only(shown).run.number}"
    both = center.night("2026-11-23")
    assert both.count(Standing.FIXED) == 2


def test_one_designs_trouble_leaves_the_other_alone(center: Any, judge: Judge) -> None:
    center.register("gemm", b"bad")
    center.register("conv", b"good")

    def by_design(context: Any) -> Any:
        return judge(*(("J-001",) if context.submission.name == "gemm" else ()))(context)

    shown = center.night("2026-11-21", judge=by_design)
    assert {design.name: design.state.value for design in shown.designs} == {"conv": "passed", "gemm": "new"}
    withdraw(center.services, TENANT, "gemm")
    with pytest.raises(NotFoundError, match="U-941"):
        withdraw(center.services, TENANT, "gemm")
    shown = center.night("2026-11-22", judge=by_design)
    assert {design.name: design.state.value for design in shown.designs} == {"conv": "passed", "gemm": "absent"}
    assert shown.exit_code == 0
    assert [design.name for design in center.board("2026-11-24T06:00:00").state(NightState.MISSED)] == ["conv"]


def test_a_design_registered_in_the_morning_is_first_due_the_next_night(center: Any) -> None:
    center.at("2026-11-21T09:00:00")
    center.register()
    with pytest.raises(NotFoundError, match="U-942"):
        center.board("2026-11-21T13:00:00", "2026-11-21")
    assert center.only(center.board("2026-11-22T06:00:00")).state is NightState.MISSED


@pytest.mark.parametrize(("name", "rule"), [("../up", "U-940"), ("", "U-940"), ("a" * 64, "U-940")])
def test_names_that_could_be_no_file_are_refused(center: Any, name: str, rule: str) -> None:
    with pytest.raises(AssayError, match=rule):
        center.register(name)


def test_what_is_no_window_is_refused(center: Any) -> None:
    center.register()
    for text in ("20261121", "2026-13-01", "yesterday"):
        with pytest.raises(UsageError, match="U-943"):
            center.board("2026-11-21T06:00:00", text)


def test_nights_of_another_tenant_do_not_exist(center: Any, judge: Judge) -> None:
    center.register()
    center.night("2026-11-21", judge=judge("J-001"))
    nights = center.services.store.nights
    assert (list(nights.designs("other")), list(nights.runs("other", "nightly"))) == ([], [])
    assert (nights.night("other", "nightly", "2026-11-21"), nights.latest("other", "nightly")) == (None, "")
    assert (list(nights.bank("other", "gemm")), nights.withdraw("other", "gemm", "now")) == ([], False)
    with pytest.raises(NotFoundError, match="U-941"):
        bank_of(center.services, "other", "gemm")


def test_a_run_is_settled_once(center: Any, judge: Judge) -> None:
    center.register()
    center.night("2026-11-21", judge=judge("J-001"))
    nights = center.services.store.nights
    (run,) = nights.runs(TENANT, "nightly")
    extra = (BankedSeed("FUN-01", 7, "2026-11-21", "J-009"),)
    assert run.result is not None
    assert not nights.settle(TENANT, "nightly", run, run.result, extra, datetime.now().astimezone().isoformat())
    assert len(nights.bank(TENANT, "gemm")) == 1
