"""Driver of the stepper agent."""

from __future__ import annotations

from pyuvm import uvm_driver

from verif.base.dpi import BufferLayer


class StepperDriver(uvm_driver):
    """Hands the steps of operations to the stepper in the model."""

    layer: BufferLayer

    async def run_phase(self) -> None:
        """Item after item, for ever."""
        while True:
            item = await self.seq_item_port.get_next_item()
            self.layer.steps(item.op_first, item.count)
            self.seq_item_port.item_done()
