"""The checks: each takes the evidence of earlier ones and leaves its own. What a check finds is a value, never an exit."""

from __future__ import annotations

from pipeline.ports import Stage
from pipeline.stages.build import BuildStage
from pipeline.stages.coverage import CoverageStage
from pipeline.stages.gate import GateStage
from pipeline.stages.intake import IntakeStage
from pipeline.stages.isolate import IsolateStage
from pipeline.stages.judge import JudgeStage
from pipeline.stages.lint import LintStage
from pipeline.stages.selftest import SelfTestStage
from pipeline.stages.simulate import SimulateStage

STAGES: tuple[Stage, ...] = (
    IntakeStage(),
    GateStage(),
    LintStage(),
    BuildStage(),
    SimulateStage(),
    JudgeStage(),
    CoverageStage(),
    IsolateStage(),
    SelfTestStage(),
)
"""All stages in the order in which a run meets them."""
