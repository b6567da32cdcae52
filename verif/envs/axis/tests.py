"""Tests of the `axis` profile. One test serves every testpoint: what is to be done stands in the stimulus file."""

from __future__ import annotations

import pyuvm

from verif.base.test import BaseTest
from verif.envs.axis.env import AxisEnv
from verif.envs.axis.seq_lib import JobSequence


@pyuvm.test()
class BatchTest(BaseTest):
    """Runs one batch and writes its record."""

    env: AxisEnv

    def make_env(self) -> AxisEnv:
        """The profile's environment."""
        return AxisEnv("env", self)

    def job_sequence(self, job: int) -> JobSequence:
        """All operations of one job."""
        return JobSequence("job", self.env, job)
