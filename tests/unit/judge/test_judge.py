"""What the judge says of a spoiled record: each rule once, with the place named."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from verif.records.record import STATUS_DEADLINE, STATUS_NOT_RUN

FUN01, FUN04, PRO02 = 0, 1, 2


def rules(judgement: Any) -> list[tuple[str, str]]:
    return [(finding["testpoint"], finding["rule"]) for finding in judgement.findings]


def test_a_perfect_record_passes_and_every_output_beat_was_compared(gemm: Any) -> None:
    judgement = gemm.judge()
    assert judgement.findings == []
    for number, job in enumerate(gemm.batch.jobs):
        count = judgement.counts[job.testpoint]
        beats = int(gemm.watch(number, "c")["count"])
        assert (count.executed, count.judged, count.failed, count.checks) == (1, 1, 0, beats)
        assert beats > 0


def test_one_wrong_bit_is_named_down_to_the_element(gemm: Any) -> None:
    gemm.spoil_word(FUN04, "c", 3, 1 << 11)
    judgement = gemm.judge()
    assert rules(judgement) == [("FUN-04", "J-002")]
    divergence = judgement.findings[0]["divergence"]
    assert (divergence["beat"], divergence["lane"], divergence["element"]) == (3, 1, "C[3,1]")
    assert (divergence["expected"] ^ divergence["observed"]) & 0xFF == 1 << 3
    assert (divergence["wrong_beats"], divergence["compared_beats"]) == (1, int(gemm.watch(FUN04, "c")["count"]))
    assert divergence["cycle"] == int(gemm.first["beat"]["cycle"][int(gemm.watch(FUN04, "c")["beat_first"]) + 3])
    assert judgement.counts["FUN-04"].failed == 1
    assert judgement.counts["FUN-01"].failed == 0


def test_every_payload_bit_of_every_beat_is_compared(gemm: Any) -> None:
    """No care mask hides anything on this output: each bit alone is found, in the first beat and in the last."""
    width = int(gemm.stimulus.channel["width"][gemm.channel("c")])
    row, words = gemm.watch(FUN01, "c"), int(gemm.stimulus.channel["words"][gemm.channel("c")])
    value = gemm.first["word"]["value"]
    for beat in (0, int(row["count"]) - 1):
        for bit in range(width):
            at = int(row["word_first"]) + beat * words + bit // 32
            value[at] ^= np.uint32(1 << bit % 32)
            found = gemm.judge().findings
            value[at] ^= np.uint32(1 << bit % 32)
            assert len(found) == 1, (beat, bit)


def test_a_wrong_tlast_has_a_rule_of_its_own(gemm: Any) -> None:
    row = gemm.watch(FUN01, "c")
    words = int(gemm.stimulus.channel["words"][gemm.channel("c")])
    last = int(gemm.stimulus.channel["width"][gemm.channel("c")]) - 1
    gemm.first["word"]["value"][int(row["word_first"]) + last // 32] ^= np.uint32(1 << last % 32)
    assert words > last // 32
    assert rules(gemm.judge()) == [("FUN-01", "J-004")]


def test_surplus_beats_fail(gemm: Any) -> None:
    gemm.extend(FUN01, "c", 2)
    judgement = gemm.judge()
    assert rules(judgement) == [("FUN-01", "J-003")]
    assert judgement.findings[0]["args"]["extra"] == "2"


@pytest.mark.parametrize(
    ("field", "rule"),
    [("dropped", "J-005"), ("changed", "J-006"), ("in_reset", "J-007"), ("after_reset", "J-007")],
)
def test_protocol_marks_fail(gemm: Any, field: str, rule: str) -> None:
    gemm.watch(FUN04, "c")[field] = 1
    assert rules(gemm.judge()) == [("FUN-04", rule)]


def test_marks_on_inputs_are_not_the_designs_fault(gemm: Any) -> None:
    gemm.watch(FUN04, "a")["changed"] = 1
    assert gemm.judge().findings == []


def test_a_hang_names_what_is_missing(gemm: Any) -> None:
    whole = int(gemm.watch(FUN04, "c")["count"])
    gemm.cut(FUN04, "c", 2)
    gemm.first["job"]["status"][FUN04] = STATUS_DEADLINE
    gemm.first["job"]["ops_done"][FUN04] = 0
    judgement = gemm.judge()
    assert rules(judgement) == [("FUN-04", "J-001")]
    assert judgement.findings[0]["args"]["missing"] == f"c 2/{whole}"
    count = judgement.counts["FUN-04"]
    assert (count.executed, count.judged, count.failed) == (1, 1, 1)


def test_an_output_that_waits_for_ready_is_called_that(gemm: Any) -> None:
    gemm.cut(PRO02, "c", 0)
    gemm.watch(PRO02, "c")["first_valid"] = 0
    gemm.first["job"]["status"][PRO02] = STATUS_DEADLINE
    assert rules(gemm.judge()) == [("PRO-02", "J-009")]


def test_an_output_without_ready_waits_for_none(gemm: Any) -> None:
    """Nothing marks when such an output is valid, so that it never was says nothing."""
    gemm.contract = replace(
        gemm.contract, channels=tuple(replace(one, ready=None) if one.id == "c" else one for one in gemm.contract.channels)
    )
    gemm.cut(PRO02, "c", 0)
    gemm.watch(PRO02, "c")["first_valid"] = 0
    gemm.first["job"]["status"][PRO02] = STATUS_DEADLINE
    assert rules(gemm.judge()) == [("PRO-02", "J-001")]


def test_a_job_that_did_not_run_is_not_executed(gemm: Any) -> None:
    gemm.cut(PRO02, "a", 0)
    gemm.cut(PRO02, "b", 0)
    gemm.cut(PRO02, "q", 0)
    gemm.cut(PRO02, "c", 0)
    gemm.first["job"]["status"][PRO02] = STATUS_NOT_RUN
    judgement = gemm.judge()
    count = judgement.counts["PRO-02"]
    assert judgement.findings == []
    assert (count.executed, count.judged, count.checks) == (0, 0, 0)


def test_a_job_that_compared_nothing_is_not_judged(gemm: Any) -> None:
    """A record without a single output beat, said to have ended at its deadline, fails; it can never pass."""
    gemm.cut(FUN01, "c", 0)
    gemm.first["job"]["status"][FUN01] = STATUS_DEADLINE
    count = gemm.judge().counts["FUN-01"]
    assert (count.failed, count.checks) == (1, 0)


def test_power_up_states_must_agree(power: Any) -> None:
    judgement = power.judge()
    assert judgement.findings == []
    assert (judgement.counts["RST-01"].executed, judgement.counts["RST-01"].judged) == (3, 3)


def test_a_cycle_that_depends_on_power_up_fails(power: Any) -> None:
    row = power.watch(0, "c", 12)
    power.tables[12]["beat"]["cycle"][int(row["beat_first"])] += 1
    judgement = power.judge()
    assert rules(judgement) == [("RST-01", "J-008")]
    assert judgement.findings[0]["seed"] == 12
    assert judgement.findings[0]["args"]["what"] == "cycle of beat 0"


def test_data_that_depends_on_power_up_fails_twice_over(power: Any) -> None:
    power.spoil_word(0, "c", 1, 1, 13)
    assert rules(power.judge()) == [("RST-01", "J-002"), ("RST-01", "J-008")]


def test_the_judgement_is_json(gemm: Any) -> None:
    gemm.spoil_word(FUN04, "c", 0, 1)
    raw = json.loads(json.dumps(gemm.judge().to_json()))
    assert raw["version"] == 1
    assert raw["findings"][0]["divergence"]["operation_kind"] == "gemm_requant"
