"""The bench that every family works at: contract, seed, generator, and the common ways to make an operation and a job."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from verif.contract.model import Contract
from verif.records.stimulus import IDLE_HOLD, IDLE_RANDOM, IDLE_ZERO
from verif.stimulus import shapes
from verif.stimulus.anatomy import Anatomy, anatomy
from verif.stimulus.parameters import Scale, fixed_parameters, random_parameters
from verif.stimulus.rng import generator
from verif.stimulus.site import Site
from verif.stimulus.values import FULL_RATE, JobValues, OperationValues, Stalls, Tensors


@dataclass(frozen=True, slots=True)
class Bench:
    """One job in the making. `rng` is the job's own; budgets are beats over all channels of an operation."""

    contract: Contract
    testpoint: str
    seed: int
    rng: np.random.Generator

    @staticmethod
    def of(contract: Contract, testpoint: str, seed: int) -> Bench:
        """The bench of job (testpoint, seed)."""
        return Bench(contract, testpoint, seed, generator(testpoint, seed, "operations"))

    @property
    def kinds(self) -> range:
        """Indices of the contract's operations."""
        return range(len(self.contract.operations))

    def having(self, part: Callable[[Anatomy], object]) -> list[int]:
        """Indices of the operations whose anatomy has `part`."""
        return [kind for kind in self.kinds if part(anatomy(self.contract.operations[kind]))]

    def any_kind(self) -> int:
        """A random operation of the contract."""
        return int(self.rng.integers(len(self.contract.operations)))

    def smallest(self, kind: int) -> Site:
        """The shortest legal operation."""
        return self._site(kind, shapes.smallest(self.contract, self.contract.operations[kind], self.rng))

    def sampled(self, kind: int, budget: int) -> Site:
        """Random shapes."""
        return self._site(kind, shapes.sample(self.contract, self.contract.operations[kind], self.rng, budget))

    def unequal(self, kind: int, budget: int) -> Site:
        """Random shapes whose dimensions differ."""
        return self._site(kind, shapes.unequal(self.contract, self.contract.operations[kind], self.rng, budget))

    def deep(self, kind: int, budget: int, terms: int) -> Site:
        """Random shapes with at least `terms` terms in a sum, if the contract allows that many."""
        return self._site(kind, shapes.deep(self.contract, self.contract.operations[kind], self.rng, budget, terms))

    def largest(self, kind: int, budget: int) -> Site:
        """The largest of many shapes within the budget."""
        return self._site(kind, shapes.largest(self.contract, self.contract.operations[kind], self.rng, budget))

    def square(self, kind: int, budget: int) -> Site:
        """Random shapes whose dimensions are the same as far as the contract allows."""
        return self._site(kind, shapes.square(self.contract, self.contract.operations[kind], self.rng, budget))

    def nested(self, kind: int, budget: int) -> Site:
        """Random shapes under which as many loops as possible repeat."""
        return self._site(kind, shapes.nested(self.contract, self.contract.operations[kind], self.rng, budget))

    def _site(self, kind: int, variables: dict[str, int]) -> Site:
        return Site(self.contract, kind, variables, self.rng)

    def reset_cycles(self) -> int:
        """A legal reset length, up to three cycles longer than the shortest."""
        return self.shortest_reset + int(self.rng.integers(0, 4))

    @property
    def shortest_reset(self) -> int:
        """The shortest reset that every declared reset accepts, in cycles."""
        return max([reset.min_cycles for reset in self.contract.resets], default=1)

    def job(self, operations: Sequence[OperationValues], *, quiet: int = 64, reset_cycles: int | None = None) -> JobValues:
        """A job of these operations; they wait for each other where the contract allows no overlap."""
        waiting = tuple(
            replace(v, wait_previous=v.wait_previous or (i > 0 and not self._overlaps(operations[i - 1], v)))
            for i, v in enumerate(operations)
        )
        return JobValues(waiting, reset_cycles or self.reset_cycles(), quiet, self._idle())

    def _overlaps(self, before: OperationValues, after: OperationValues) -> bool:
        kinds = self.contract.operations
        return kinds[before.kind_index].overlap and kinds[after.kind_index].overlap

    def _idle(self) -> int:
        declared = {channel.idle for channel in self.contract.channels if channel.dir == "in"}
        return IDLE_HOLD if "hold" in declared else IDLE_ZERO if "0" in declared else IDLE_RANDOM


def random_operation(site: Site, source: Stalls = FULL_RATE, sink: Stalls = FULL_RATE) -> OperationValues:
    """Corner-biased operands, spread scales, random everything else."""
    operands = site.operand_values({})
    values = site.filled(dict(operands) | random_parameters(site, operands))
    return replace(values, source=source, sink=sink)


def directed_operation(site: Site, operands: Tensors, *scales: Scale) -> OperationValues:
    """Given operands (corner-biased where missing), scales drawn from `scales`, every other input neutral.

    Random inputs for an operation without a sum: with everything neutral it would do nothing.
    """
    if not site.anatomy.operands:
        return random_operation(site)
    return site.filled(dict(site.operand_values(operands)) | fixed_parameters(site, *scales))
