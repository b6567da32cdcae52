"""Two clocks, requests and grants, fields that lag, beats in any order between two ids."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from verif.testplan.plan import Job

pytestmark = [pytest.mark.sim, pytest.mark.xdist_group("sim")]


@pytest.fixture(scope="module")
def seen(forms: Any) -> Any:
    return forms.run("crossing")


def test_it_is_judged_right(seen: Any) -> None:
    assert seen.rules == set()
    assert all(count.judged == count.executed == 2 for count in seen.judgement.counts.values())


def test_the_ids_really_came_in_another_order(seen: Any) -> None:
    swapped = [
        job
        for job in range(len(seen.stimulus.job))
        if [int(word) >> 8 for word in seen.observed.trace(job, 0).words[:, 0]]
        != [int(word) >> 8 for word in seen.observed.trace(job, 1).words[:, 0]]
    ]
    assert swapped


def test_without_match_the_order_is_a_fault(forms: Any) -> None:
    manifest = forms.files("crossing", ('match = "id"\n', ""))["assay.toml"].decode()
    assert "J-002" in forms.run("crossing", manifest=manifest).rules


def test_a_grant_is_never_given_at_the_edge_after_a_beat(seen: Any) -> None:
    """The request must be seen first: of clk2_i at least two cycles, 1.4 of clk_i, from beat to beat."""
    for job in range(len(seen.stimulus.job)):
        cycles = seen.observed.trace(job, 1).cycles.astype(int)
        assert all(later - earlier >= 1 for earlier, later in pairwise(cycles))
        assert all(later - earlier >= 2 for earlier, later in zip(cycles, cycles[2:], strict=False))


def test_a_wrong_word_is_named_by_its_element(forms: Any) -> None:
    seen = forms.run("crossing", ("8'd99 : 8'd1)}", "8'd99 : first ? 8'd2 : 8'd1)}"), jobs=[Job("FUN-04", 1)])
    (fault,) = seen.findings("J-002")
    operation, element = fault["divergence"]["operation"], fault["divergence"]["element"]
    assert fault["divergence"]["observed"] == (fault["divergence"]["expected"] + 1) % 256
    assert element.startswith("C[")
    assert operation >= 0


def test_a_lag_of_another_length_is_found(forms: Any) -> None:
    seen = forms.run(
        "crossing", ("{c_id_o, c_data_o} <= one_q;", "end end always_comb begin begin {c_id_o, c_data_o} = one_q;")
    )
    assert seen.rules >= {"J-002"}
