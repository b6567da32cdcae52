"""Virtual sequences of the `axis` profile."""

from __future__ import annotations

from pyuvm import uvm_sequence

from verif.agents.channel.seq_lib import OperationsSequence
from verif.envs.axis.env import AxisEnv


class JobSequence(uvm_sequence):
    """Sends all operations of one job to every channel that carries beats of them, and to the stepper."""

    def __init__(self, name: str, env: AxisEnv, job: int) -> None:
        super().__init__(name)
        self.env, self.job = env, job

    async def body(self) -> None:
        """Takes no simulated time."""
        row = self.env.config.layer.stimulus.job[self.job]
        first, count, per_item = int(row["op_first"]), int(row["op_count"]), self.env.config.ops_per_item
        for sequencer in (*(agent.sequencer for agent in self.env.agents), self.env.stepper.sequencer):
            await OperationsSequence("operations", first, count, per_item).start(sequencer)
