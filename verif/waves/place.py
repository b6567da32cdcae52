"""Where in a run a fault shows: the channel to look at, and the cycle."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from verif.contract.model import Contract
from verif.judge.observed import Observed

_HANGS = frozenset({"J-001", "J-009"})
_BEAT = re.compile(r"(?:payload|cycle) of beat (\d{1,9})")


@dataclass(frozen=True, slots=True)
class Place:
    """`channel` is an index into the contract's channels. `hang`: nothing happens any more after `cycle`."""

    channel: int
    cycle: int
    hang: bool = False


def place_of(contract: Contract, observed: Observed, job: int, finding: Mapping[str, Any]) -> Place:
    """The place of a finding (its JSON) of job number `job`; a fault without a cycle shows where reset ends."""
    args, divergence = finding.get("args") or {}, finding.get("divergence") or {}
    released = int(observed.job(job)["reset_end"])
    if finding.get("rule") in _HANGS:
        return _hang(contract, observed, job, str(args.get("missing", args.get("channel", ""))))
    channel = _index(contract, str(divergence.get("channel") or args.get("channel", "")))
    cycle = divergence.get("cycle") or args.get("cycle") or _of_beat(observed, job, channel, str(args.get("what", "")))
    return Place(channel, int(cycle or released + 1))


def _hang(contract: Contract, observed: Observed, job: int, missing: str) -> Place:
    """The first output that is behind, else the first channel that is; the last cycle in which any beat crossed."""
    behind = [name.split()[0] for name in missing.split(", ") if name.strip()]
    outputs = [channel.id for channel in contract.channels if channel.dir == "out" and channel.id in behind]
    traces = [observed.trace(job, number).cycles for number in range(len(contract.channels))]
    last = max([int(observed.job(job)["reset_end"]) + 1, *(int(cycles[-1]) for cycles in traces if len(cycles))])
    return Place(_index(contract, next(iter([*outputs, *behind]), "")), last, hang=True)


def _index(contract: Contract, name: str) -> int:
    """Of the channel called so, else of the first output."""
    names = [channel.id for channel in contract.channels]
    outputs = [number for number, channel in enumerate(contract.channels) if channel.dir == "out"]
    return names.index(name) if name in names else next(iter(outputs), 0)


def _of_beat(observed: Observed, job: int, channel: int, what: str) -> int | None:
    """The cycle of the beat that a power-up difference names, or of the last beat when it names a count."""
    cycles = observed.trace(job, channel).cycles
    match = _BEAT.fullmatch(what)
    if not len(cycles) or not what:
        return None
    return int(cycles[min(int(match[1]), len(cycles) - 1)] if match else cycles[-1])
