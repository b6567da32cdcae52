"""Fakes that ship as product: the engine runs in milliseconds without tools, for our tests and for people who extend it."""

from pipeline.testing.clock import FixedClock
from pipeline.testing.sandbox import FakeSandbox, fake_toolchain
from pipeline.testing.stage import ScriptedStage, sample_plan, scripted_intake, scripted_stages

__all__ = [
    "FakeSandbox",
    "FixedClock",
    "ScriptedStage",
    "fake_toolchain",
    "sample_plan",
    "scripted_intake",
    "scripted_stages",
]
