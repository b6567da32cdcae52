"""Which variants a set of operations tells apart: covergroup cg_contract, a bin for every variant."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from verif.contract.model import Contract
from verif.contract.nodes import ExprError
from verif.stimulus.shapes import cost
from verif.stimulus.values import OperationValues
from verif.variants.answer import Asked, differs
from verif.variants.listing import readings
from verif.variants.model import Readings, Variant


class Separator:
    """Takes operations one by one; a variant that was told apart is not looked at again.

    `told`: ids of variants that expect another output than the base contract for at least one operation taken. `compared`:
    ids of those that gave an answer for an operation taken. `silent`: ids of those that gave none for another one.
    """

    def __init__(self, contract: Contract, found: Readings | None = None) -> None:
        self.contract = contract
        self.readings = found or readings(contract)
        self.told: set[str] = set()
        self.compared: set[str] = set()
        self.silent: set[str] = set()
        self.operations = 0
        self._left = [one for one in self.readings.variants if one.kind != "timing" and not one.equal]

    def left(self, kind_index: int) -> bool:
        """Whether operations of this kind could still tell a variant apart."""
        return any(one.operation == kind_index for one in self._left)

    def take(self, values: OperationValues) -> tuple[Variant, ...]:
        """The variants that this operation tells apart and none before it did."""
        asked = Asked(self.contract, values)
        try:
            base = asked.base
        except ExprError:  # the contract itself has no answer; the judge says so elsewhere
            return ()
        self.operations += 1
        found = []
        for variant in [one for one in self._left if one.operation == values.kind_index]:
            answer = asked.answer(variant)
            (self.silent if answer is None else self.compared).add(variant.id)
            found += [variant] if answer is not None and differs(base, answer) else []
        self.told |= {one.id for one in found}
        self._left = [one for one in self._left if one.id not in self.told]
        return tuple(found)

    def to_json(self) -> dict[str, Any]:
        """cg_contract as JSON: ids of bins told apart, and in words all others with what is known of them.

        `state`: open (the same output for every operation taken), equal (the same by types and ranges), time (only a
        simulation tells), silent (it has no answer of its own for some operation, so nothing is claimed).
        """
        found = self.readings.variants
        return {
            "version": 1,
            "operations": self.operations,
            "cut": self.readings.cut,
            "told": [one.id for one in found if one.id in self.told],
            "left": [one.to_json() | {"state": self._state(one)} for one in found if one.id not in self.told],
        }

    def _state(self, one: Variant) -> str:
        if one.kind == "timing":
            return "time"
        if one.equal:
            return "equal"
        return "open" if one.id in self.compared - self.silent else "silent"


def separate(contract: Contract, operations: Iterable[OperationValues], most: int | None = None) -> Separator:
    """Take operations, the cheapest first, until nothing is left to tell apart or `most` of them were taken."""
    separator = Separator(contract)
    for values in cheapest_first(contract, operations)[:most]:
        if separator.left(values.kind_index):
            separator.take(values)
    return separator


def cheapest_first(contract: Contract, operations: Iterable[OperationValues]) -> Sequence[OperationValues]:
    """Operations by beats and elements; those that cost the same keep their order."""
    return sorted(operations, key=lambda values: cost(contract, contract.operations[values.kind_index], values.variables))
