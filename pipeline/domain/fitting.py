"""What trying the readings of a manifest against the RTL came to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

State = Literal["fits", "differs", "same", "senseless", "open"]
End = Literal["stated", "fitted", "unwritten", "none", "several", "late"]


@dataclass(frozen=True, slots=True)
class Searched:
    """A fact that was searched, what the manifest says of it, and how many other values there are."""

    fact: str
    declared: str
    values: int


@dataclass(frozen=True, slots=True)
class Trial:
    """One reading; `changes` is fact -> value, empty for the manifest as it stands, which is number 0.

    fits: all `beats` compared agree. differs: not so, `rule` and `args` say what came first. same: it sends and expects
    what reading `same_as` does. senseless: it has no meaning, or cannot be driven. open: it was not tried.
    """

    number: int
    changes: Mapping[str, str]
    state: State = "open"
    same_as: int | None = None
    beats: int = 0
    rule: str = ""
    args: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Fitting:
    """`left_off` readings beyond the bound were not looked at. `chosen` is the reading to take, `text` the manifest with it.

    end: stated (the manifest fits as it stands), fitted (another reading does, and `text` says so), unwritten (it has no
    sure place in the text), none and several (so many fit), late (time ran out before all were tried).
    """

    searched: tuple[Searched, ...]
    trials: tuple[Trial, ...]
    left_off: int
    end: End
    chosen: int | None = None
    text: str = ""

    @property
    def changes(self) -> Mapping[str, str]:
        """What the chosen reading changes."""
        return self.trials[self.chosen].changes if self.chosen else {}

    def to_json(self) -> dict[str, Any]:
        """A JSON object; the manifest's text is left out."""
        raw = asdict(self)
        del raw["text"]
        return raw | {"changes": dict(self.changes)}


def fitting_ones(trials: Sequence[Trial]) -> tuple[int, ...]:
    """Numbers of the readings that fit, each once for all that are the same."""
    return tuple(trial.number for trial in trials if trial.state == "fits")
