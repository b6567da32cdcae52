"""The batch test; it also writes the names of all loaded modules, for the test of the import rule."""

from __future__ import annotations

import sys
from pathlib import Path

import pyuvm

from verif.envs.axis.tests import BatchTest


@pyuvm.test()
class ListingTest(BatchTest):
    def final_phase(self) -> None:
        Path("modules.txt").write_text("\n".join(sorted(sys.modules)))
