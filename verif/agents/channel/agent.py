"""The channel agent."""

from __future__ import annotations

from pyuvm import uvm_agent

from verif.agents.channel.agent_cfg import ChannelAgentCfg
from verif.agents.channel.driver import ChannelDriver
from verif.agents.channel.monitor import ChannelMonitor
from verif.agents.channel.sequencer import ChannelSequencer


class ChannelAgent(uvm_agent):
    """Sequencer, driver and monitor of one channel. `cfg` is set by the environment before the build phase."""

    cfg: ChannelAgentCfg
    monitor: ChannelMonitor | None

    def build_phase(self) -> None:
        """Make the parts."""
        self.sequencer = ChannelSequencer("sequencer", self)
        self.driver = ChannelDriver("driver", self)
        self.driver.cfg = self.cfg
        self.monitor = None
        if self.cfg.has_monitor:
            self.monitor = ChannelMonitor("monitor", self)
            self.monitor.cfg = self.cfg

    def connect_phase(self) -> None:
        """Driver to sequencer."""
        self.driver.seq_item_port.connect(self.sequencer.seq_item_export)
