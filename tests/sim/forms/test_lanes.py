"""Interface ports; clocks inside them; loops of steps in any order; a barrier between beats and a pulse."""

from __future__ import annotations

from typing import Any

import pytest

from verif.records.stimulus import STEP_ALIGN, STEP_PULSE, STEP_SET
from verif.testplan.plan import Job

pytestmark = [pytest.mark.sim, pytest.mark.xdist_group("sim")]


@pytest.fixture(scope="module")
def seen(forms: Any) -> Any:
    return forms.run("lanes")


def test_it_is_judged_right(seen: Any) -> None:
    assert seen.rules == set()
    assert all(count.judged == count.executed == 2 for count in seen.judgement.counts.values())


def test_members_are_ports(forms: Any) -> None:
    ports = forms.model("lanes")[2]
    assert ports["a.clk"] == {"dir": "in", "width": 1, "interface": "lane_if", "header": True}
    assert ports["a.side"] == {"dir": "in", "width": 16, "dims": [[0, 1]], "interface": "lane_if", "element": "logic"}
    assert {name: ports[name]["dir"] for name in ("c.data", "c.valid", "c.ready", "a.ready")} == {
        "c.data": "out", "c.valid": "out", "c.ready": "in", "a.ready": "out",
    }  # fmt: skip


def test_rounds_come_in_an_order_of_the_seed(seen: Any) -> None:
    held = int(seen.stimulus.head["hold_words"][0])
    orders = set()
    for row in seen.stimulus.op:
        steps = seen.stimulus.step[int(row["step_first"]) : int(row["step_first"]) + int(row["step_count"])]
        kinds = list(steps["kind"])
        assert kinds.count(STEP_PULSE) == 5
        assert kinds[-2:] == [STEP_ALIGN, STEP_PULSE]
        before = [steps[at - 1] for at, kind in enumerate(kinds) if kind == STEP_PULSE][:4]
        assert {int(step["kind"]) for step in before} == {STEP_SET}
        orders.add(tuple(int(seen.stimulus.word["value"][int(step["word_first"])]) for step in before))
        assert held == 8
    assert {tuple(sorted(order)) for order in orders} == {(0, 1, 2, 3)}
    assert len(orders) > 3


def test_the_barrier_is_needed(forms: Any) -> None:
    manifest = forms.files("lanes", ('{ align = "all" }, ', ""))["assay.toml"].decode()
    assert "J-002" in forms.run("lanes", manifest=manifest, jobs=[Job("FUN-04", 1), Job("PRO-01", 1)]).rules


def test_a_swapped_member_is_found(forms: Any) -> None:
    seen = forms.run("lanes", ("{a.side[1], a.side[0]}", "{a.side[0], a.side[1]}"), jobs=[Job("FUN-04", 1)])
    assert seen.rules == {"J-002"}
