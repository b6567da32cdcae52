"""Monitor of the stepper agent."""

from __future__ import annotations

from dataclasses import dataclass

from cocotb.handle import LogicObject
from pyuvm import uvm_analysis_port, uvm_monitor

from verif.base.dpi import BufferLayer
from verif.records.container import Table


@dataclass(frozen=True, slots=True)
class JobItem:
    """The `job` row of a job that ended; `sequence` counts jobs from 0 in the order they ran."""

    sequence: int
    row: Table


class StepperMonitor(uvm_monitor):
    """Publishes how each job ended."""

    layer: BufferLayer
    done: LogicObject

    def build_phase(self) -> None:
        """The analysis port."""
        self.ap = uvm_analysis_port("ap", self)
        self._collected = 0

    async def run_phase(self) -> None:
        """Collect whenever jobs have ended."""
        while True:
            await self.done.value_change
            self._collect()

    def extract_phase(self) -> None:
        """Collect what ended last."""
        self._collect()

    def _collect(self) -> None:
        for sequence in range(self._collected, self.layer.finished()):
            self.ap.write(JobItem(sequence, self.layer.job(sequence)))
            self._collected = sequence + 1
