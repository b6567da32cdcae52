"""The environment of the `axis` profile."""

from __future__ import annotations

from verif.agents.channel.agent import ChannelAgent
from verif.agents.channel.agent_cfg import ChannelAgentCfg
from verif.base.env import BaseEnv


class AxisEnv(BaseEnv):
    """One channel agent per channel of the stimulus, all monitors connected to the recorder."""

    def build_phase(self) -> None:
        """Make the agents."""
        super().build_phase()
        self.agents = [self._agent(number) for number in range(len(self.config.layer.stimulus.channel))]

    def _agent(self, number: int) -> ChannelAgent:
        agent = ChannelAgent(f"channel{number}", self)
        agent.cfg = ChannelAgentCfg(self.config.layer, self.config.done, number, has_monitor=self.config.has_monitors)
        return agent

    def connect_phase(self) -> None:
        """Monitors to the recorder."""
        super().connect_phase()
        for agent in self.agents:
            if agent.monitor:
                agent.monitor.ap.connect(self.recorder.channels.analysis_export)
