"""What `assay up` runs: embedded Redis, a Celery worker, sweep and clock. It may be killed: the store is the truth."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from pipeline.adapters.broker import check_broker
from pipeline.adapters.process import Child, spawn
from pipeline.bootstrap import Center, embedded_redis, open_center
from pipeline.cluster.app import QUEUE
from pipeline.cluster.lock import HomeLock
from pipeline.engine.nightly import keep_nights
from pipeline.engine.sweep import sweep
from pipeline.engine.windows import Schedule
from pipeline.errors import BrokerUnavailable, InfrastructureError
from pipeline.settings import Settings

Part = Literal["redis", "worker", "sweep", "night"]
Tell = Callable[[Part, str], None]
STOP_S = 20.0
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
LOOK_S = 5.0
"""How often the sweep looks at the nightly clock."""


def _open_center(settings: Settings) -> Center:
    return open_center(settings, "celery")


@dataclass(frozen=True, slots=True)
class Kind:
    """What a centre runs: the module that Celery loads in the worker, and how this process opens the store.

    The module may lie in `Settings.home`, which is the worker's working directory. Tests bring scripted stages this way.
    """

    application: str = "pipeline.cluster.worker"
    open_center: Callable[[Settings], Center] = _open_center


ORDINARY = Kind()


def worker_command(settings: Settings, application: str = "pipeline.cluster.worker") -> tuple[str, ...]:
    """The command line of a worker with `settings.slots` threads."""
    celery = (sys.executable, "-m", "celery", "--app", application, "worker", "--pool", "threads", "--queues", QUEUE)
    quiet = ("--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "WARNING")
    return (*celery, "--concurrency", str(settings.slots), *quiet)


class _Pause:
    """How long a part that ended stays down: twice as long every time, short again after it ran well for a while."""

    def __init__(self) -> None:
        self.pending = False
        self._pause = FIRST_PAUSE_S / 2
        self._due = 0.0

    def begin(self) -> None:
        now = time.monotonic()
        quiet = now - self._due > 2 * LONGEST_PAUSE_S
        self._pause = FIRST_PAUSE_S if quiet else min(2 * self._pause, LONGEST_PAUSE_S)
        self._due = now + self._pause
        self.pending = True

    def over(self) -> bool:
        if time.monotonic() < self._due:
            return False
        self.pending = False
        return True


class Supervisor:
    """The parts of one centre. `tell` hears (part, what): started, ended, gone, back."""

    def __init__(self, settings: Settings, tell: Tell = lambda _part, _what: None, kind: Kind = ORDINARY) -> None:
        self._settings = settings
        self._tell = tell
        self._kind = kind
        self._redis = embedded_redis(settings)
        self._worker: Child | None = None
        self._center: Center | None = None
        self._lock = HomeLock(settings.home)
        self._pauses: dict[Part, _Pause] = {"redis": _Pause(), "worker": _Pause()}
        self._broker_gone = False
        self._looked = -LOOK_S

    @property
    def center(self) -> Center:
        """The opened centre, to submit to and to look at."""
        if self._center is None:
            raise InfrastructureError("P-041")
        return self._center

    @property
    def pids(self) -> dict[Part, int]:
        """Process ids of the parts that run."""
        found = {"redis": self._redis.pid if self._redis else None, "worker": self._worker.pid if self._worker else None}
        return {part: pid for part, pid in found.items() if pid is not None}  # type: ignore[misc]  # keys are parts

    def start(self) -> None:
        """Start everything.

        Raises before anything runs when tools, sandbox, the database or the server of a Redis URL is missing, or another
        centre runs here.
        """
        self._lock.take()
        try:
            self._center = self._kind.open_center(self._settings)
            self._center.services.workshop()
            if self._settings.redis_url:
                check_broker(self._settings.redis_url)
            if self._redis:
                self._redis.start()
                self._tell("redis", "started")
            self._start_worker()
        except BaseException:
            self.stop()
            raise

    def tick(self) -> None:
        """Start again what ended, then sweep once, and now and then look at the nightly clock."""
        self._revive()
        self._sweep()
        self._look()

    def _sweep(self) -> None:
        try:
            sweep(self.center.services)
        except BrokerUnavailable:
            self._tell("sweep", "gone") if not self._broker_gone else None
            self._broker_gone = True
        else:
            self._tell("sweep", "back") if self._broker_gone else None
            self._broker_gone = False

    def _look(self) -> None:
        if time.monotonic() - self._looked < LOOK_S:
            return
        self._looked = time.monotonic()
        if keep_nights(self.center.services, Schedule.of(self._settings.nightly)):
            self._tell("night", "started")

    def run(self, stop: threading.Event) -> None:
        """Tick until `stop` is set."""
        while not stop.wait(self._settings.sweep_s):
            try:
                self.tick()
            except InfrastructureError as error:  # a busy or absent database: the next tick tries again
                self._tell("sweep", error.rule)

    def stop(self) -> None:
        """End everything in order: the worker gives its steps back, then the broker, then the store."""
        if self._worker:
            self._worker.terminate()
            self._worker.wait(STOP_S)
            self._worker.kill()
            self._worker.wait()
            self._worker = None
        if self._redis:
            self._redis.stop()
        if self._center:
            self._center.close()
            self._center = None
        self._lock.release()

    def _revive(self) -> None:
        if self._redis and self._redis.pid is None and self._may_start("redis"):
            self._redis.start()
            self._tell("redis", "started")
        if (self._worker is None or self._worker.poll() is not None) and self._may_start("worker"):
            self._start_worker()

    def _may_start(self, part: Part) -> bool:
        """True when its pause is over; the first call after an end begins the pause."""
        pause = self._pauses[part]
        if pause.pending:
            return pause.over()
        pause.begin()
        self._tell(part, "ended")
        return False

    def _start_worker(self) -> None:
        home = self._settings.home
        env = self._settings.child_environment()
        self._worker = spawn(
            worker_command(self._settings, self._kind.application), cwd=home, env=env, log=home / "worker.log"
        )
        self._tell("worker", "started")


@contextmanager
def running(settings: Settings, tell: Tell = lambda _part, _what: None, kind: Kind = ORDINARY) -> Iterator[Supervisor]:
    """A centre that runs beside the caller and is gone when the block ends."""
    supervisor = Supervisor(settings, tell, kind)
    supervisor.start()
    stop = threading.Event()
    thread = threading.Thread(target=supervisor.run, args=(stop,), name="sweep", daemon=True)
    thread.start()
    try:
        yield supervisor
    finally:
        stop.set()
        thread.join()
        supervisor.stop()


def run_until_signal(settings: Settings, tell: Tell, kind: Kind = ORDINARY) -> None:
    """`assay up`: run until SIGINT, SIGTERM or SIGHUP, then end everything. For the main thread."""
    stop = threading.Event()
    supervisor = Supervisor(settings, tell, kind)
    # Before anything starts: the parts live in sessions of their own and would outlive a centre that a signal ends.
    heard = [number for number in ENDING if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in heard}
    try:
        supervisor.start()
        supervisor.run(stop)
    finally:
        supervisor.stop()
        for number, handler in before.items():
            signal.signal(number, handler)
