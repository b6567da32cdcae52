"""What one operation brings under a variant, beside what it brings under the base contract. No simulation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from verif.contract.model import Contract, Operation
from verif.contract.nodes import ExprError
from verif.contract.pack import Beats, beats
from verif.contract.packing import tensors_of
from verif.contract.scope import input_tensors
from verif.contract.signals import channel_of
from verif.contract.syntax import parse_math
from verif.golden.evaluate import evaluate
from verif.stimulus.values import OperationValues
from verif.variants.decode import decoded
from verif.variants.model import Variant

Tensors = Mapping[str, NDArray[Any]]
_EXACT = 63  # bits up to which an int64 array holds the value itself and not only its bits
Answer = Mapping[int, Beats]
"""Output stream (by its number in the operation) -> its beats."""


@dataclass(slots=True)
class Asked:
    """One operation, with what the base contract says of it, computed once."""

    contract: Contract
    values: OperationValues
    _tensors: Tensors | None = field(default=None, init=False)
    _sent: list[Beats | None] | None = field(default=None, init=False)
    _base: dict[int, Beats] | None = field(default=None, init=False)

    @property
    def operation(self) -> Operation:
        """Its declaration in the base contract."""
        return self.contract.operations[self.values.kind_index]

    @property
    def tensors(self) -> Tensors:
        """All tensors under the base contract; raises ExprError."""
        if self._tensors is None:
            self._tensors = evaluate(self.contract, self.operation, self.values.variables, self.values.inputs)
        return self._tensors

    @property
    def base(self) -> Answer:
        """What the base contract expects."""
        if self._base is None:
            self._base = {number: self._packed(self.contract, number, self.tensors) for number in self._outputs()}
        return self._base

    def answer(self, variant: Variant) -> Answer | None:
        """What the variant expects: every output stream, those that cannot differ being the base's own.

        None when the variant says nothing of this operation: an index leaves its tensor, inputs cannot be read its way, or
        it is a matter of time.
        """
        if variant.kind == "timing" or variant.operation != self.values.kind_index:
            return None
        try:
            if variant.kind == "output":
                return {**self.base, variant.part: self._packed(variant.contract, variant.part, self.tensors)}
            tensors = self._calculated(variant) if variant.kind == "math" else self._read(variant)
            return None if tensors is None else self._repacked(variant.contract, tensors)
        except (ExprError, ValueError, KeyError):
            return None

    def _calculated(self, variant: Variant) -> Tensors:
        """The lines from the changed one on; what earlier lines gave stays as it is."""
        operation = variant.contract.operations[variant.operation]
        before, after = operation.math[: variant.part], operation.math[variant.part :]
        again = {parse_math(line.value).target for line in before} & {parse_math(line.value).target for line in after}
        wide = any(kind.bits > _EXACT for kind in operation.tensors.values())
        if again or wide:
            return evaluate(variant.contract, operation, self.values.variables, self.values.inputs)
        rest = replace(operation, math=after)
        return {**self.tensors, **evaluate(variant.contract, rest, self.values.variables, self.tensors)}

    def _read(self, variant: Variant) -> Tensors | None:
        """All tensors when the design reads its inputs the variant's way; those that nothing changed stay as they are."""
        operation = variant.contract.operations[variant.operation]
        found = decoded(variant.contract, operation, self.values.variables, self.sent, self._touched(variant))
        if found is None:
            return None
        if all(np.array_equal(array, self.values.inputs[name]) for name, array in found.items()):
            return self.tensors
        return evaluate(variant.contract, operation, self.values.variables, {**self.values.inputs, **found})

    def _touched(self, variant: Variant) -> set[str]:
        """Input tensors that the variant reads in another way."""
        changed, base = variant.contract.operations[variant.operation], self.operation
        if variant.part >= 0:
            return set(tensors_of(base.streams[variant.part])) & set(input_tensors(base))
        return {name for name in base.tensors if changed.tensors[name] != base.tensors[name]}

    @property
    def sent(self) -> list[Beats | None]:
        """What the base contract sends, by stream; None for outputs and for streams without tensors."""
        if self._sent is None:
            inputs, streams = set(input_tensors(self.operation)), self.operation.streams
            carried = [set(tensors_of(stream)) & inputs for stream in streams]
            outputs = self._outputs()
            self._sent = [
                self._packed(self.contract, number, self.values.inputs) if names and number not in outputs else None
                for number, names in enumerate(carried)
            ]
        return self._sent

    def _outputs(self) -> list[int]:
        streams = self.operation.streams
        return [i for i, stream in enumerate(streams) if channel_of(self.contract, stream.channel).dir == "out"]

    def _packed(self, contract: Contract, number: int, tensors: Tensors) -> Beats:
        operation = contract.operations[self.values.kind_index]
        return beats(contract, operation, operation.streams[number], self.values.variables, tensors)

    def _repacked(self, contract: Contract, tensors: Tensors) -> Answer:
        """Streams that carry a tensor which changed, packed again."""
        changed = {name for name, array in tensors.items() if not np.array_equal(array, self.tensors[name])}
        streams = self.operation.streams
        return {
            number: self._packed(contract, number, tensors) if changed & set(tensors_of(streams[number])) else packed
            for number, packed in self.base.items()
        }


def differs(base: Answer, other: Answer) -> bool:
    """Whether any beat differs in a bit that both care for."""
    return any(_apart(one, other[number]) for number, one in base.items() if one is not other[number])


def _apart(one: Beats, other: Beats) -> bool:
    return one.count != other.count or bool(((one.words ^ other.words) & one.care & other.care).any())
