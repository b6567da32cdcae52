"""Driver of a channel agent."""

from __future__ import annotations

from pyuvm import uvm_driver

from verif.agents.channel.agent_cfg import ChannelAgentCfg


class ChannelDriver(uvm_driver):
    """Hands the beats of operations to the channel's transactor; it never waits for simulated time."""

    cfg: ChannelAgentCfg

    async def run_phase(self) -> None:
        """Item after item, for ever."""
        while True:
            item = await self.seq_item_port.get_next_item()
            self.cfg.layer.drive(self.cfg.channel, item.op_first, item.count)
            self.seq_item_port.item_done()
