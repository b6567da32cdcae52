"""The batch test without monitors: its record must say that nobody watched."""

from __future__ import annotations

from dataclasses import replace

import pyuvm

from verif.base.config import BatchConfig
from verif.envs.axis.tests import BatchTest


@pyuvm.test()
class BlindTest(BatchTest):
    def configure(self, config: BatchConfig) -> BatchConfig:
        return replace(config, has_monitors=False)
