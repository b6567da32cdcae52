"""Monitor of a channel agent."""

from __future__ import annotations

from pyuvm import uvm_analysis_port, uvm_monitor

from verif.agents.channel.agent_cfg import ChannelAgentCfg
from verif.agents.channel.item import ChannelItem


class ChannelMonitor(uvm_monitor):
    """Turns what the channel's watch recorded into items, one per job, and publishes them."""

    cfg: ChannelAgentCfg

    def build_phase(self) -> None:
        """The analysis port."""
        self.ap = uvm_analysis_port("ap", self)
        self._collected = 0

    async def run_phase(self) -> None:
        """Collect whenever jobs have ended."""
        while True:
            await self.cfg.done.value_change
            self._collect()

    def extract_phase(self) -> None:
        """Collect what ended last."""
        self._collect()

    def _collect(self) -> None:
        for sequence in range(self._collected, self.cfg.layer.finished()):
            self.ap.write(ChannelItem(sequence, self.cfg.channel, self.cfg.layer.observed(sequence, self.cfg.channel)))
            self._collected = sequence + 1
