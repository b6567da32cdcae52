"""A record is believed only when it answers exactly this stimulus, whole and in order."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from verif.judge.fault import RecordError


def refused(case: Any) -> str:
    with pytest.raises(RecordError) as caught:
        case.judge()
    return caught.value.rule


def head_of_another_stimulus(case: Any) -> None:
    case.first["head"]["stimulus"] = b"0" * 64


def another_power_up_seed(case: Any) -> None:
    case.first["head"]["powerup_seed"] = 6


def job_missing(case: Any) -> None:
    case.first["job"] = case.first["job"][:-1]


def jobs_swapped(case: Any) -> None:
    case.first["job"]["job"][:2] = [1, 0]


def sequence_with_a_hole(case: Any) -> None:
    case.first["job"]["sequence"][2] = 7


def status_that_does_not_exist(case: Any) -> None:
    case.first["job"]["status"][0] = 9


def jobs_that_overlap(case: Any) -> None:
    case.first["job"]["reset_end"][1] = 0


def a_job_longer_than_its_deadline(case: Any) -> None:
    case.first["job"]["end"][2] = 1 << 60


def beats_that_overlap(case: Any) -> None:
    case.first["watch"]["beat_first"][1] = 0


def words_left_over(case: Any) -> None:
    case.first["word"] = np.concatenate([case.first["word"], case.first["word"][:1]])


def beat_before_its_job(case: Any) -> None:
    case.first["beat"]["cycle"][0] = 0


def beats_out_of_order(case: Any) -> None:
    row = int(case.watch(1, "c")["beat_first"])
    cycles = case.first["beat"]["cycle"]
    cycles[row], cycles[row + 1] = cycles[row + 1], int(cycles[row])


def done_with_beats_missing(case: Any) -> None:
    case.cut(1, "c", 3)


def too_many_beats(case: Any) -> None:
    case.extend(1, "c", 1025)
    case.first["job"]["end"] += np.uint64(2000) * np.arange(1, 4, dtype=np.uint64)


SPOILED = [
    head_of_another_stimulus, another_power_up_seed, job_missing, jobs_swapped, sequence_with_a_hole,
    status_that_does_not_exist, jobs_that_overlap, a_job_longer_than_its_deadline, beats_that_overlap, words_left_over,
    beat_before_its_job, beats_out_of_order, done_with_beats_missing, too_many_beats,
]  # fmt: skip


@pytest.mark.parametrize("spoil", SPOILED, ids=lambda spoil: spoil.__name__)
def test_what_does_not_fit_is_refused(gemm: Any, spoil: Any) -> None:
    spoil(gemm)
    assert refused(gemm) == "P-402"


def test_a_record_cut_short_is_refused(gemm: Any) -> None:
    from verif.judge.judge import judge

    data = gemm.records()[5][:-8]
    with pytest.raises(RecordError):
        judge(gemm.contract, gemm.plan, gemm.batch, gemm.packed, {5: data})


def test_a_missing_record_is_refused(gemm: Any) -> None:
    from verif.judge.judge import judge

    with pytest.raises(RecordError):
        judge(gemm.contract, gemm.plan, gemm.batch, gemm.packed, {})


def test_a_channel_that_nobody_watched_is_our_fault(gemm: Any) -> None:
    gemm.first["head"]["monitors"] = 3
    assert refused(gemm) == "P-404"


def test_a_source_that_lost_a_beat_is_our_fault(gemm: Any) -> None:
    gemm.cut(1, "a", int(gemm.watch(1, "a")["count"]) - 1)
    assert refused(gemm) == "P-403"


def test_a_source_that_sent_another_word_is_our_fault(gemm: Any) -> None:
    gemm.spoil_word(1, "b", 0, 1)
    assert refused(gemm) == "P-403"


def test_a_stimulus_of_another_plan_is_refused(gemm: Any) -> None:
    from dataclasses import replace

    gemm.plan = replace(gemm.plan, version="2")
    assert refused(gemm) == "P-402"
