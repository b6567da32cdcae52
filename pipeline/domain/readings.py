"""Near-miss readings of a contract: which of them a run could tell apart, and which a failing design agrees with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

State = Literal["open", "equal", "time", "silent"]
MOST_READINGS, MOST_NAMED = 1000, 8
_TEXT, _ARGS, _NUMBER = 200, 8, 1 << 40


@dataclass(frozen=True, slots=True)
class Reading:
    """A contract with one clause changed: `word` is the catalogue's sentence about it, which `args` fill.

    `state` of one that was not told apart. open: the same results for everything tried. equal: the same for all that the
    types and ranges allow. time: only a simulation tells. silent: it says nothing of some operations, so nothing is claimed.
    """

    id: str
    word: str
    args: Mapping[str, str]
    state: State = "open"

    @staticmethod
    def from_json(raw: Mapping[str, Any]) -> Reading:
        """A reading of hostile JSON; raises ValueError, KeyError or TypeError on anything else."""
        state = raw.get("state", "open")
        if state not in get_args(State) or len(raw["args"]) > _ARGS:
            raise ValueError("a reading of no state, or with too many values")
        args = {_text(name): _text(value) for name, value in raw["args"].items()}
        return Reading(_text(raw["id"]), _text(raw["word"]), args, state)


@dataclass(frozen=True, slots=True)
class Explained:
    """`wrong` of `compared` beats in `jobs` jobs differ; all of them are right under each of `readings`.

    `more` further readings explain as much. Consistent with them is all that can be said.
    """

    wrong: int
    compared: int
    jobs: int
    readings: tuple[Reading, ...]
    more: int = 0

    @staticmethod
    def from_json(raw: Mapping[str, Any]) -> Explained:
        """What `Explanation.to_json` of the judge or `asdict` wrote; raises ValueError, KeyError or TypeError otherwise."""
        named = raw["variants"] if "variants" in raw else raw["readings"]
        if not 0 < len(named) <= MOST_NAMED:
            raise ValueError("too many readings, or none")
        wrong, compared, jobs = (_number(raw[name]) for name in ("wrong", "compared", "jobs"))
        return Explained(wrong, compared, jobs, tuple(Reading.from_json(one) for one in named), _number(raw["more"]))


@dataclass(frozen=True, slots=True)
class Readings:
    """Covergroup cg_contract of a whole run: `told` readings were told apart by at least one of `operations` operations.

    `left` are all others. `cut` more were never looked at.
    """

    told: int
    operations: int
    cut: int
    left: tuple[Reading, ...]

    @property
    def comparable(self) -> int:
        """Readings that results could tell apart, or could have."""
        return self.told + len(self.having("open"))

    def having(self, state: State) -> tuple[Reading, ...]:
        """Those left in one state."""
        return tuple(one for one in self.left if one.state == state)


def merged(parts: Iterable[Mapping[str, Any]]) -> Readings | None:
    """The readings of all batches together, from their JSON; None without any.

    What one batch told apart is told apart. Of the others the strongest doubt stands: one batch where a reading had no
    answer of its own is enough to claim nothing.

    Raises:
        ValueError, KeyError, TypeError: the JSON is something else.
    """
    told, operations, cut, left = set[str](), 0, 0, dict[str, Reading]()
    count = 0
    for raw in parts:
        if len(raw["told"]) + len(raw["left"]) > MOST_READINGS:
            raise ValueError("too many readings")
        count += 1
        told |= {_text(name) for name in raw["told"]}
        operations, cut = operations + _number(raw["operations"]), max(cut, _number(raw["cut"]))
        for one in map(Reading.from_json, raw["left"]):
            known = left.setdefault(one.id, one)
            left[one.id] = one if known.state == "open" and one.state == "silent" else known
    rest = tuple(one for name, one in left.items() if name not in told)
    return Readings(len(told), operations, cut, rest) if count else None


def _text(raw: Any) -> str:
    if not isinstance(raw, str) or len(raw) > _TEXT or not raw.isprintable():
        raise ValueError("a text that is none")
    return raw


def _number(raw: Any) -> int:
    if not isinstance(raw, int) or isinstance(raw, bool) or not 0 <= raw < _NUMBER:
        raise ValueError("a number that is none")
    return raw
