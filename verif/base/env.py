"""Base environment: reads the configuration, makes the recorder and the stepper agent."""

from __future__ import annotations

from pyuvm import ConfigDB, uvm_env

from verif.agents.stepper.agent import StepperAgent
from verif.base.config import KEY, BatchConfig
from verif.base.recorder import Recorder


class BaseEnv(uvm_env):
    """What every profile's environment has."""

    def build_phase(self) -> None:
        """Make the recorder and the stepper agent."""
        self.config: BatchConfig = ConfigDB().get(self, "", KEY)
        self.recorder = Recorder("recorder", self)
        self.recorder.config = self.config
        self.stepper = StepperAgent("stepper", self)
        self.stepper.layer, self.stepper.done = self.config.layer, self.config.done

    def connect_phase(self) -> None:
        """The stepper's monitor to the recorder."""
        self.stepper.monitor.ap.connect(self.recorder.jobs.analysis_export)
