"""What the transactors drive and record, on a real model: exact to the cycle."""

from itertools import pairwise
from typing import Any

import pytest

from verif.records import stimulus as st
from verif.records.record import STATUS_DEADLINE, STATUS_DONE

pytestmark = [pytest.mark.sim, pytest.mark.xdist_group("sim")]


def steps(values: Any) -> Any:
    return [later - earlier for earlier, later in pairwise(values)]


@pytest.fixture(scope="module")
def seen(bench: Any, model: Any, kit: Any) -> Any:
    """One process for most tests: each job is one question."""
    words = [3, 500, 65535, 7, 1024, 9]
    free = {"words": words, "plus": 5}
    jobs = [
        kit.Job([kit.Op(**free)]),
        kit.Job([kit.Op(**free, gaps=[2, 0, 3, 1, 0, 4])]),
        kit.Job([kit.Op(**free, ready=[3, 0, 5, 1, 0, 2])]),
        kit.Job([kit.Op(**free, gaps=[9] * 6, ready=[0, 1, 2, 3, 4, 5], mode=st.STALL_FROM_VALID)]),
        kit.Job([kit.Op(words=words, steps=[kit.RUN]), kit.Op(words=words, steps=[kit.RUN])]),
        kit.Job([kit.Op(**free), kit.Op(**free, wait=True, quiet=13)]),
        kit.Job([kit.Op(words=words, outputs=7)], deadline=300),
        kit.Job([kit.Op(**free)], reset=9, quiet=31),
    ]
    return bench.run(model, jobs)


def test_every_planned_beat_crosses_in_order_and_is_recorded_on_both_sides(seen: Any, kit: Any) -> None:
    for job in range(6):
        planned = [3, 500, 65535, 7, 1024, 9] * (2 if job in {4, 5} else 1)
        plus = 0 if job == 4 else 5
        assert seen.words(job, kit.A) == planned
        assert seen.words(job, kit.C) == [(word + plus) % 65536 for word in planned]
        assert seen.words(job, kit.T) == [word.bit_count() % 2 for word in planned]
        assert seen.cycles(job, kit.T) == seen.cycles(job, kit.A)


def test_beats_stream_without_bubbles(seen: Any, kit: Any) -> None:
    assert steps(seen.cycles(0, kit.A)) == [1] * 5
    assert [out - into for into, out in zip(seen.cycles(0, kit.A), seen.cycles(0, kit.C), strict=True)] == [1] * 6


def test_gaps_of_a_source_are_exact(seen: Any, kit: Any) -> None:
    assert steps(seen.cycles(1, kit.A)) == [1, 4, 2, 1, 5]
    assert seen.cycles(1, kit.A)[0] - seen.cycles(0, kit.A)[0] == 2 + int(
        seen.record.job["reset_end"][1] - seen.record.job["reset_end"][0]
    )


def test_ready_stalls_counted_from_the_previous_beat_are_exact(seen: Any, kit: Any) -> None:
    assert steps(seen.cycles(2, kit.C)) == [1, 6, 2, 1, 3]


def test_ready_stalls_counted_from_valid_are_exact(seen: Any, kit: Any) -> None:
    waited = [out - into - 1 for into, out in zip(seen.cycles(3, kit.A), seen.cycles(3, kit.C), strict=True)]
    assert waited == [0, 1, 2, 3, 4, 5]


def test_overlapping_operations_leave_no_bubble(seen: Any, kit: Any) -> None:
    assert steps(seen.cycles(4, kit.A)) == [1] * 11
    first, second = seen.record.op[4:6]
    assert second["start"] == first["start"]
    assert first["end"] < second["end"]


def test_an_operation_that_waits_starts_after_the_quiet_window(seen: Any) -> None:
    first, second = seen.record.op[6:8]
    assert second["start"] - first["end"] == 13 + 1


def test_a_job_that_never_ends_meets_its_deadline_and_the_next_one_runs(seen: Any, kit: Any) -> None:
    missing, after = seen.record.job[6:8]
    assert (missing["status"], missing["ops_done"]) == (STATUS_DEADLINE, 0)
    assert missing["end"] - missing["reset_end"] == 300
    assert (after["status"], after["ops_done"]) == (STATUS_DONE, 1)
    assert len(seen.words(7, kit.C)) == 6
    assert seen.record.op["end"][8] == 0


def test_reset_and_quiet_windows_have_their_lengths(seen: Any) -> None:
    before, last = seen.record.job[6:8]
    assert last["reset_end"] - before["end"] == 9
    assert last["end"] - seen.record.op["end"][9] == 31 + 1


def test_a_healthy_design_leaves_no_protocol_observation(seen: Any) -> None:
    for name in ("dropped", "changed", "in_reset", "after_reset"):
        assert not seen.record.watch[name].any()
    assert not seen.record.job["surplus"].any()
    assert (seen.record.watch["first_ready"][:3] > seen.record.job["reset_end"][0]).all()


def test_head_names_stimulus_monitors_and_seed(seen: Any) -> None:
    head = seen.record.head[0]
    assert (head["monitors"], head["channels"], head["powerup_seed"]) == (3, 3, 1)
    assert len(head["stimulus"]) == 64


def test_pulse_and_wait_take_the_event_that_they_caused(bench: Any, model: Any, kit: Any) -> None:
    pulse = (st.STEP_PULSE, 2, 0, kit.hold(start=1))
    wait = (st.STEP_WAIT, 0, 50, ())
    configure = (st.STEP_SET, 0, 0, kit.hold(plus=9))
    idle = (st.STEP_IDLE, 17, 0, ())
    told = [configure, pulse, kit.RUN, wait, idle]
    silent = [(st.STEP_SET, 0, 0, kit.hold(fault=1 << 7)), pulse, kit.RUN, wait]
    jobs = [kit.Job([kit.Op([1, 2], steps=told), kit.Op([3], steps=told)]), kit.Job([kit.Op([1, 2], steps=silent)])]
    seen = bench.run(model, jobs)
    assert list(seen.record.job["status"]) == [STATUS_DONE, STATUS_DEADLINE]
    assert seen.words(0, kit.C) == [10, 11, 12]
    started, ended = seen.record.op["start"][0], seen.record.op["end"][0]
    assert seen.cycles(0, kit.A)[0] - started == 1 + 2 + 1  # set, pulse, then valid is seen one edge later
    assert ended - started >= 1 + 2 + 17
    assert seen.record.job["end"][1] - seen.record.job["reset_end"][1] < 100  # `within`, not the job's deadline


@pytest.mark.parametrize("mode", [st.IDLE_ZERO, st.IDLE_HOLD, st.IDLE_RANDOM])
def test_idle_payload_is_what_the_job_asks_for(bench: Any, model: Any, kit: Any, mode: Any) -> None:
    """The fault reads the payload one cycle late, so it shows what was driven in the gap."""
    words = [11, 22, 33, 44, 55]
    seen = bench.run(model, [kit.Job([kit.Op(words, gaps=[3] * 5, fault=1 << 4)], idle=mode)])
    stale = seen.words(0, kit.C)
    if mode == st.IDLE_ZERO:
        assert stale == [0] * 5
    elif mode == st.IDLE_HOLD:
        assert stale == [0, *words[:4]]
    else:
        assert len({*stale, *words, 0}) == 11


def test_power_up_state_follows_the_seed(bench: Any, model: Any, kit: Any) -> None:
    def first_word(seed: Any) -> Any:
        return bench.run(model, [kit.Job([kit.Op([1], fault=1 << 5)])], powerup=seed).words(0, kit.C)

    assert first_word(1) == first_word(1)
    assert len({tuple(first_word(seed)) for seed in (1, 2, 3)}) == 3
