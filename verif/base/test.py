"""Base test: puts the configuration under its key, starts the jobs, and sleeps while the simulator runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import cocotb
from pyuvm import ConfigDB, uvm_sequence, uvm_test

from verif.base.config import KEY, BatchConfig, read_config
from verif.base.env import BaseEnv


class BaseTest(uvm_test):
    """Runs every job of one stimulus file. A profile names its environment and its sequence of one job."""

    env: BaseEnv

    def configure(self, config: BatchConfig) -> BatchConfig:
        """A hook for tests of this test bench; a certification run takes the configuration as it is."""
        return replace(config)

    def make_env(self) -> BaseEnv:
        """The profile's environment."""
        return BaseEnv("env", self)

    def job_sequence(self, job: int) -> uvm_sequence:
        """The profile's sequence that sends all operations of one job."""
        raise LookupError(f"{type(self).__name__} names no sequence for job {job}")

    def build_phase(self) -> None:
        """Configuration and environment."""
        top: Any = cocotb.top  # handles are found by name at run time
        self.config = self.configure(read_config(cocotb.plusargs, top.done_o))
        ConfigDB().set(None, "*", KEY, self.config)
        self.env = self.make_env()

    async def run_phase(self) -> None:
        """Jobs are handed over in groups; the simulator wakes Python once per group."""
        with self.objection():
            for group in self.groups():
                for job in group:
                    self.config.layer.begin(job)
                    await self.job_sequence(job).start()
                self.config.layer.start()
                await self.config.done.value_change

    def groups(self) -> Iterator[list[int]]:
        """Job row numbers, in groups of at least `ops_per_start` operations (the last may be smaller)."""
        group: list[int] = []
        operations = 0
        for job, count in enumerate(self.config.layer.stimulus.job["op_count"]):
            group.append(job)
            operations += int(count)
            if operations >= self.config.ops_per_start:
                yield group
                group, operations = [], 0
        if group:
            yield group
