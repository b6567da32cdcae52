"""Clocks far slower than the first: one that no channel runs on, one that an output with a lag runs on."""

from __future__ import annotations

from typing import Any

import pytest

from verif.testplan.plan import Job

pytestmark = [pytest.mark.sim, pytest.mark.xdist_group("sim")]
JOBS = [Job("FUN-01", 1)]


def test_every_clock_sees_the_reset_for_as_long_as_it_must_be_held(forms: Any) -> None:
    seen = forms.run("twoclk", jobs=JOBS)
    assert seen.rules == set()
    ratio, least = 20, 4
    assert int(seen.observed.job(0)["reset_end"]) >= ratio * (least - 1)


def test_the_last_beats_fields_are_waited_for_on_their_own_clock(forms: Any) -> None:
    seen = forms.run("crossing", ("period_ps = 700", "period_ps = 40000"), ('"200 + 16*L"', '"200 + 200*L"'), jobs=JOBS)
    assert seen.rules == set()
    assert all(count.judged == 1 for count in seen.judgement.counts.values())
