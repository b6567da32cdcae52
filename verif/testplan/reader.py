"""Reads the standard testplan, `standard.toml`: testpoints and covergroups as frozen values."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any, Literal, get_args

Kind = Literal["static", "directed", "exhaustive", "random"]
PROFILES = ("vr", "axis", "mmio", "cfu", "opaque")
MILESTONES = ("V1", "V2", "V2S", "V3")


class TestplanError(ValueError):
    """The testplan's own file breaks its rules."""


@dataclass(frozen=True, slots=True)
class Testpoint:
    """One row. `needs` are features of the manifest; `seeds` counts the jobs of a row that is not random."""

    id: str
    title: str
    profiles: tuple[str, ...]
    milestone: str
    kind: Kind
    needs: tuple[str, ...]
    stimulus: str
    checker: str
    covergroups: tuple[str, ...]
    seeds: int = 1


@dataclass(frozen=True, slots=True)
class Covergroup:
    """One covergroup: coverpoints with their bins as text, and crosses."""

    id: str
    coverpoints: tuple[str, ...]
    crosses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Testplan:
    """The whole standard testplan in reading order."""

    version: str
    testpoints: tuple[Testpoint, ...]
    covergroups: tuple[Covergroup, ...]


@lru_cache(maxsize=1)
def standard_testplan() -> Testplan:
    """The testplan that ships with this package."""
    return parse(resources.files("verif.testplan").joinpath("standard.toml").read_text(encoding="utf-8"))


def parse(text: str) -> Testplan:
    """The testplan in `text`.

    Raises:
        TestplanError: an id twice, an unknown profile, milestone, kind or covergroup, or a key missing or unknown.
    """
    raw = tomllib.loads(text)
    try:
        groups = tuple(Covergroup(g["id"], tuple(g["coverpoints"]), tuple(g["crosses"])) for g in raw["covergroup"])
        points = tuple(Testpoint(**{key: _frozen(value) for key, value in row.items()}) for row in raw["testpoint"])
    except (KeyError, TypeError) as error:
        raise TestplanError(str(error)) from error
    _unique([group.id for group in groups])
    _unique([point.id for point in points])
    for point in points:
        _check(point, {group.id: group for group in groups})
    return Testplan(str(raw["version"]), points, groups)


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _unique(ids: list[str]) -> None:
    twice = sorted({name for name in ids if ids.count(name) > 1})
    if twice:
        raise TestplanError(f"ids used twice: {twice}")


def _check(point: Testpoint, groups: Mapping[str, Covergroup]) -> None:
    bad = [name for name in point.profiles if name not in PROFILES] + [g for g in point.covergroups if g not in groups]
    bad += [point.milestone] if point.milestone not in MILESTONES else []
    bad += [point.kind] if point.kind not in get_args(Kind) else []
    if bad or point.seeds < 1 or not point.profiles:
        raise TestplanError(f"{point.id}: {bad or 'no profile, or no seed'}")
