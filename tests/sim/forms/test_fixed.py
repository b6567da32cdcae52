"""Channels without a handshake: beats cross at cycles counted from a pulse, a beat or an event."""

from __future__ import annotations

from typing import Any

import pytest

from verif.testplan.plan import Job

pytestmark = [pytest.mark.sim, pytest.mark.xdist_group("sim")]


@pytest.fixture(scope="module")
def seen(forms: Any) -> Any:
    return forms.run("serial")


def test_byte_serial_pins_are_judged_right(seen: Any) -> None:
    assert seen.rules == set()
    assert all(count.judged == count.executed == 2 for count in seen.judgement.counts.values())


def test_arrays_are_ports_with_their_ranges(forms: Any) -> None:
    ports = forms.model("serial")[2]
    assert ports["bias_i"] == {"dir": "in", "width": 16, "dims": [[0, 1]], "element": "logic"}
    assert ports["dout_o"] == {"dir": "out", "width": 16, "dims": [[1, 0]], "element": "logic"}


def test_beats_cross_exactly_when_they_are_due(seen: Any) -> None:
    lengths = set()
    for job in range(len(seen.stimulus.job)):
        into, out, total = (list(seen.operations(job, name)) for name in ("in", "out", "sum"))
        for op, (given, got, sums) in enumerate(zip(into, out, total, strict=True)):
            count = len(given)
            lengths.add(count)
            assert [cycle - given[0] for cycle in given] == [2 * beat for beat in range(count)]
            assert [cycle - given[-1] for cycle in got] == [2 + count + beat for beat in range(count)]
            assert len(sums) == 1
            started = int(seen.observed.record.op["start"][int(seen.stimulus.job["op_first"][job]) + op])
            assert given[0] - started == 1 + 1 + 1  # set, pulse, and `delay`
    assert len(lengths) > 2


def test_configuration_that_is_not_sampled_is_found(forms: Any) -> None:
    seen = forms.run("serial", ("* 16'(scale_q) +", "* 16'(scale_i) +"))
    assert {finding["divergence"]["channel"] for finding in seen.findings("J-002")} == {"out", "sum"}


@pytest.mark.parametrize(
    ("find", "put"),
    [
        ('delay = "2 + L"', 'delay = "1 + L"'),
        ("delay = 1\n", "delay = 3\n"),
        ("every = 2", "every = 3"),
        ("delay = 2\n", "delay = 3\n"),
    ],
)
def test_another_time_is_another_contract(forms: Any, find: str, put: str) -> None:
    """The same model: times are data."""
    manifest = forms.files("serial", (find, put))["assay.toml"].decode()
    assert "J-002" in forms.run("serial", manifest=manifest, jobs=[Job("FUN-04", 1)]).rules


def test_an_event_that_never_comes_is_named(forms: Any) -> None:
    seen = forms.run("serial", ("done_o <= 1'b1;", "done_o <= 1'b0;"), jobs=[Job("FUN-01", 1)])
    (hang,) = seen.findings("J-001")
    assert "(from done)" in hang["args"]["missing"]
    assert "out" not in hang["args"]["missing"].split("(from done)")[0]
