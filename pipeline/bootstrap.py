"""The one place that knows every adapter."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal, Self

from pipeline.adapters.blob_store import BlobStore
from pipeline.adapters.clock import SystemClock
from pipeline.adapters.local_dispatcher import LocalDispatcher, NoDispatcher
from pipeline.adapters.redis_server import EmbeddedRedis
from pipeline.adapters.sql_store import open_store
from pipeline.adapters.sql_store.create import new_id
from pipeline.adapters.sql_store.store import SqlStore
from pipeline.engine.services import Limits, Services, Workshop
from pipeline.ports import Blobs, Dispatcher, Sandbox, Toolchain
from pipeline.settings import Settings

if TYPE_CHECKING:
    from celery import Celery

    from pipeline.adapters.diagnosis import Probe

Kind = Literal["local", "celery", "outbox"]


@dataclass(frozen=True, slots=True)
class Center:
    """An opened centre: what the engine's use cases take is `services`. Close it, or use it as a context manager."""

    settings: Settings
    services: Services
    store: SqlStore
    dispatcher: Dispatcher

    @property
    def sandbox(self) -> Sandbox:
        """The sandbox; opening it may refuse, with what to install."""
        return self.services.workshop().sandbox

    @property
    def toolchain(self) -> Toolchain:
        """The tools; finding them may refuse, with what to install."""
        return self.services.workshop().toolchain

    @property
    def local(self) -> LocalDispatcher:
        """The queue of a `local` centre, for `engine.local.complete`; TypeError on any other."""
        if not isinstance(self.dispatcher, LocalDispatcher):
            raise TypeError("not a local centre")
        return self.dispatcher

    def blobs(self, tenant: str) -> Blobs:
        """A tenant's blobs."""
        return self.services.blobs(tenant)

    def close(self) -> None:
        """Close what is open."""
        self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_center(settings: Settings, dispatcher: Kind = "outbox") -> Center:
    """Open store and blobs; tools and sandbox only when a step is run.

    `local` runs steps in this process over a store of its own (`Settings.laptop`), `celery` sends them to workers, `outbox`
    leaves them to the sweep of `assay up`. Raises InfrastructureError when the store cannot be opened.
    """
    chosen = settings.laptop() if dispatcher == "local" else settings
    chosen.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    store, maintenance = open_store(chosen.database)
    sender = _dispatcher(chosen, dispatcher)
    services = Services(
        store=store,
        maintenance=maintenance,
        blobs=lambda tenant: BlobStore(chosen.home / "blobs" / tenant),
        clock=SystemClock(),
        dispatcher=sender,
        workshop=cache(lambda: open_workshop(chosen)),
        work=chosen.home / "work",
        cache=settings.home / "cache",
        worker=f"{socket.gethostname()}:{os.getpid()}",
        new_id=new_id,
        limits=Limits(chosen.slots, chosen.lease_s, chosen.step_limit_s, chosen.republish_s, chosen.retry_delay_s),
    )
    return Center(chosen, services, store, sender)


def open_workshop(settings: Settings) -> Workshop:
    """Sandbox, tools and stages; raises InfrastructureError saying what to install."""
    from pipeline.adapters.sandbox import open_sandbox
    from pipeline.adapters.toolchain import find_toolchain
    from pipeline.stages import STAGES

    return Workshop(open_sandbox(settings.sandbox), find_toolchain(), {stage.name: stage for stage in STAGES})


def diagnose(settings: Settings) -> tuple[Probe, ...]:
    """What is in place and what is not, with the rule that says what to do. Never raises for what is missing."""
    from pipeline.adapters import diagnosis

    return diagnosis.diagnose(settings)


def embedded_redis(settings: Settings) -> EmbeddedRedis | None:
    """The server of this centre, not started; None when a Redis URL is set."""
    return None if settings.redis_url else EmbeddedRedis(settings.home / "redis")


def make_celery(settings: Settings) -> Celery:
    """The Celery application on this centre's broker."""
    from pipeline.cluster.app import make_app

    server = embedded_redis(settings)
    return make_app(server.url if server else settings.redis_url, settings.step_limit_s + 2 * settings.lease_s)


def _dispatcher(settings: Settings, kind: Kind) -> Dispatcher:
    if kind == "local":
        return LocalDispatcher()
    if kind == "outbox":
        return NoDispatcher()
    from pipeline.cluster.dispatcher import CeleryDispatcher

    return CeleryDispatcher(make_celery(settings))
