"""The stepper agent."""

from __future__ import annotations

from cocotb.handle import LogicObject
from pyuvm import uvm_agent, uvm_sequencer

from verif.agents.stepper.driver import StepperDriver
from verif.agents.stepper.monitor import StepperMonitor
from verif.base.dpi import BufferLayer


class StepperAgent(uvm_agent):
    """Sequencer, driver and monitor of the stepper. `layer` and `done` are set by the environment before the build phase."""

    layer: BufferLayer
    done: LogicObject

    def build_phase(self) -> None:
        """Make the parts."""
        self.sequencer = uvm_sequencer("sequencer", self)
        self.driver = StepperDriver("driver", self)
        self.driver.layer = self.layer
        self.monitor = StepperMonitor("monitor", self)
        self.monitor.layer, self.monitor.done = self.layer, self.done

    def connect_phase(self) -> None:
        """Driver to sequencer."""
        self.driver.seq_item_port.connect(self.sequencer.seq_item_export)
