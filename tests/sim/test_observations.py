"""Each protocol observation, provoked by a design that deserves it."""

from typing import Any

import pytest

from verif.records.record import STATUS_DEADLINE, STATUS_DONE

pytestmark = [pytest.mark.sim, pytest.mark.xdist_group("sim")]
WORDS = [5, 6, 7, 8]
STALLS = [4, 4, 4, 4]


@pytest.fixture(scope="module")
def seen(bench: Any, model: Any, kit: Any) -> Any:
    faults = [0, 1 << 0, 1 << 1, 1 << 2, 1 << 3]
    jobs = [kit.Job([kit.Op(WORDS, ready=STALLS, fault=fault)], deadline=400) for fault in faults]
    return bench.run(model, jobs)


def test_valid_that_falls_without_ready_is_dropped(seen: Any, kit: Any) -> None:
    watch = seen.watch(1, kit.C)
    assert watch["dropped"] > 0
    assert seen.record.job["reset_end"][1] < watch["dropped_at"] < seen.record.job["end"][1]
    assert watch["changed"] == 0


def test_payload_that_changes_while_it_waits_is_changed(seen: Any, kit: Any) -> None:
    watch = seen.watch(2, kit.C)
    assert watch["changed"] > 0
    assert seen.record.job["reset_end"][2] < watch["changed_at"] < seen.record.job["end"][2]
    assert watch["dropped"] == 0


def test_surplus_beats_are_accepted_recorded_and_counted(seen: Any, kit: Any) -> None:
    assert seen.record.job["surplus"][0] == 0
    assert seen.record.job["status"][3] == STATUS_DONE
    assert seen.record.job["surplus"][3] == len(seen.words(3, kit.C)) - 4 > 0


def test_a_design_that_swallows_beats_meets_the_deadline(seen: Any, kit: Any) -> None:
    assert seen.record.job["status"][4] == STATUS_DEADLINE
    assert seen.words(4, kit.A) == WORDS
    assert seen.words(4, kit.C) == []


def test_valid_in_and_after_reset_is_counted(bench: Any, kit: Any) -> None:
    files = kit.faulty_files(("bit          BadReset = 1'b0", "bit          BadReset = 1'b1"))
    seen = bench.run(bench.model("bad reset", files), [kit.Job([kit.Op(WORDS)], reset=8), kit.Job([kit.Op(WORDS)], reset=8)])
    for job in range(2):
        assert seen.watch(job, kit.C)["in_reset"] == 8 - 2
        assert seen.watch(job, kit.C)["after_reset"] == 1
        assert seen.watch(job, kit.A)["in_reset"] == 0


def test_without_monitors_the_record_says_that_nobody_watched(bench: Any, model: Any, kit: Any) -> None:
    seen = bench.run(model, [kit.Job([kit.Op(WORDS)])], tests="blind_tests")
    assert seen.record.head["monitors"][0] == 0
    assert seen.record.job["status"][0] == STATUS_DONE
    assert len(seen.record.beat) == len(seen.record.word) == 0


def test_the_simulator_process_holds_no_answers_and_no_generator(bench: Any, model: Any, kit: Any) -> None:
    bench.run(model, [kit.Job([kit.Op(WORDS)])], tests="listing_tests")
    listed = sorted(bench.root.glob("work*/run/modules.txt"))
    modules = listed[-1].read_text().split("\n")
    assert "verif.base.recorder" in modules
    forbidden = ("verif.golden", "verif.judge", "verif.stimulus", "verif.contract", "verif.jobs", "pipeline")
    assert [name for name in modules if name.startswith(forbidden)] == []


def test_a_stimulus_of_another_shape_is_refused(bench: Any, model: Any, kit: Any) -> None:
    stimulus = kit.make_stimulus([kit.Job([kit.Op(WORDS)])])
    channel = stimulus.channel.copy()
    channel["width"][0] = 17
    assert bench.execute(model, kit.replace(stimulus, channel=channel)).record is None
    segment = stimulus.segment.copy()
    segment["word_first"][0] = 1000
    assert bench.execute(model, kit.replace(stimulus, segment=segment)).record is None


def test_throughput(bench: Any, model: Any, kit: Any, record_property: Any) -> None:
    words = list(range(200))
    jobs = [kit.Job([kit.Op(words, wait=True, quiet=5) for _ in range(10)]) for _ in range(300)]
    seen = bench.run(model, jobs)
    done = seen.execution
    record_property("cycles_per_cpu_second", round(done.cycles / done.result.cpu_s))
    assert seen.record.job["status"].max() == STATUS_DONE
    assert done.cycles / done.result.cpu_s > 100_000
