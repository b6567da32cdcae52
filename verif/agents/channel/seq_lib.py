"""Sequences of a single channel or stepper."""

from __future__ import annotations

from pyuvm import uvm_sequence

from verif.agents.channel.item import OperationItem


class OperationsSequence(uvm_sequence):
    """Sends consecutive operations, `per_item` of them in an item."""

    def __init__(self, name: str, op_first: int, count: int, per_item: int) -> None:
        super().__init__(name)
        self.op_first, self.count, self.per_item = op_first, count, per_item

    async def body(self) -> None:
        """Item after item; returns when the driver has handed the last one over."""
        end = self.op_first + self.count
        for first in range(self.op_first, end, self.per_item):
            item = OperationItem("operations", first, min(self.per_item, end - first))
            await self.start_item(item)
            await self.finish_item(item)
