"""Scripted stages in real workers: `celery --app scripted_app worker`, with this file in the worker's directory.

What happens is told by files in the home. A worker that takes a file out of `kill-claimed` dies between claim and commit,
out of `kill-publishing` between commit and publish. A step waits as long as `hold/<step name>` is there.
"""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from dataclasses import replace

from pipeline.bootstrap import Center, make_celery, open_center
from pipeline.cluster.task import register
from pipeline.domain.run import StageResult
from pipeline.engine.services import Workshop
from pipeline.ports import Dispatcher, Stage, StageContext
from pipeline.settings import Settings
from pipeline.testing import FakeSandbox, ScriptedStage, fake_toolchain, scripted_stages

settings = Settings.from_environment()


def die_if_told(kind: str) -> None:
    for token in (settings.home / kind).glob("*"):
        with suppress(FileNotFoundError):  # another worker took it
            token.unlink()
            os.kill(os.getpid(), signal.SIGKILL)


class Deadly:
    def __init__(self, inner: Dispatcher) -> None:
        self._inner = inner

    def publish(self, run_id: str, step_id: str) -> None:
        die_if_told("kill-publishing")
        self._inner.publish(run_id, step_id)


def hooked(stage: Stage) -> Stage:
    def script(context: StageContext) -> StageResult:
        if context.step.attempt == 1:
            die_if_told("kill-claimed")
        (settings.home / "began").mkdir(exist_ok=True)
        (settings.home / "began" / context.step.spec.name).touch()
        while (settings.home / "hold" / context.step.spec.name).exists():
            if context.cancel.wait(0.02):
                raise InterruptedError
        return stage.run(context)

    return ScriptedStage(stage.name, script)


def open_scripted(chosen: Settings) -> Center:
    center = open_center(chosen, "celery")
    stages = {name: hooked(stage) for name, stage in scripted_stages().items()}
    workshop = Workshop(FakeSandbox(), fake_toolchain(), stages)
    services = replace(center.services, workshop=lambda: workshop, dispatcher=Deadly(center.dispatcher))
    return replace(center, services=services)


app = register(make_celery(settings), lambda: open_scripted(settings).services, settings.home)
