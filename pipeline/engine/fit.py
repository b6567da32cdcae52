"""Find the readings of a manifest that the RTL agrees with: build once, try fewer than a hundred, take one or none."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from pipeline.domain.fitting import Fitting, Trial, fitting_ones
from pipeline.engine.reproduce import prepared
from pipeline.engine.services import Services
from pipeline.errors import UsageError
from pipeline.stages.build import build_model
from pipeline.stages.fit import Fitter
from pipeline.stages.fit_answers import Listed

BUDGET_S = 300.0
"""Seconds from the end of the build after which nothing more is tried."""
Told = Callable[[int, int], None]


def fit(services: Services, tenant: str, archive: bytes, manifest: str, facts: Sequence[str], told: Told) -> Fitting:
    """Try the readings of the manifest in `archive`; `told` hears how many of how many were tried.

    `facts`: only these are searched, all when empty. Raises UsageError N-142 when there is nothing to search, N-143 for a
    fact that is not one, N-144 when intake, gate or build refuse the archive.
    """
    services.work.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(dir=services.work, prefix="fit-", ignore_cleanup_errors=True) as work:
        try:
            context = prepared(services, tenant, archive, manifest, Path(work))
        except UsageError as error:
            raise UsageError("N-144", **error.values) from None
        fitter = Fitter(context, facts)
        listed = _searchable(fitter.listed(), facts)
        built = build_model(context, context.work / "build")
        if built.findings:
            raise UsageError("N-144", stage="build", rule=built.findings[0].rule)
        fitter.load(built.model, time.monotonic() + BUDGET_S)
        return decided(fitter, listed, told)


def _searchable(listed: Listed, facts: Sequence[str]) -> Listed:
    for fact in facts:
        if fact not in listed.known:
            raise UsageError("N-143", fact=fact[:80], known=", ".join(listed.known[:20]) or "-")
    if not listed.searched:
        raise UsageError("N-142")
    return listed


class Tries(Protocol):
    """What a `Fitter` does with listed readings."""

    def tried(self, listed: Listed, chunk: int) -> dict[int, Trial]:
        """The trials of one chunk by number."""

    def chosen(self, numbers: Sequence[int], works: int) -> tuple[bool, int, str | None]:
        """Whether these readings are alike, the one to take, and the manifest with it if it was written."""


def decided(fitter: Tries, listed: Listed, told: Told, budget_s: float = BUDGET_S) -> Fitting:
    """Try everything, then take the one reading that fits; several that no pins tell apart count as one."""
    trials = _tried(fitter, listed, told, budget_s)
    late = any(trial.state == "open" for trial in trials)
    made = Fitting(listed.searched, trials, listed.left_off, "late" if late else "none")
    fits = fitting_ones(trials)
    if late or not fits:
        return made
    same, chosen, text = fitter.chosen(fits, listed.works)
    if not same:
        return replace(made, end="several")
    if chosen == 0:
        return replace(made, end="stated", chosen=0)
    return replace(made, end="fitted" if text else "unwritten", chosen=chosen, text=text or "")


def _tried(fitter: Tries, listed: Listed, told: Told, budget_s: float) -> tuple[Trial, ...]:
    """All trials; those that were not tried in time stay open."""
    begun, trials = time.monotonic(), list(listed.trials)
    total = sum(map(len, listed.chunks))
    for number in range(len(listed.chunks)):
        told(sum(map(len, listed.chunks[:number])), total)
        if time.monotonic() - begun > budget_s:
            break
        for at, trial in fitter.tried(listed, number).items():
            trials[at] = trial
    else:
        told(total, total)
    return tuple(trials)
