"""What `assay doctor` looks at: tools, sandbox, home, database, broker, disk. Every probe answers; none raises."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from pipeline.adapters.broker import check_broker
from pipeline.adapters.redis_server import EmbeddedRedis, server_binary
from pipeline.adapters.sandbox import open_sandbox, sandbox_ladder
from pipeline.adapters.sql_store import open_store
from pipeline.adapters.toolchain import find_toolchain
from pipeline.errors import AssayError, InfrastructureError
from pipeline.settings import Settings

LEAST_FREE = 2 << 30
_SHORT = 16


@dataclass(frozen=True, slots=True)
class Probe:
    """One thing that was looked at. `detail` says what was found; a problem names the rule that says what to do."""

    name: str
    state: Literal["ok", "note", "problem"]
    detail: str = ""
    rule: str = ""
    values: Mapping[str, str] = field(default_factory=dict)


def diagnose(settings: Settings) -> tuple[Probe, ...]:
    """All probes, in the order in which a newcomer should repair what they find."""
    looks: dict[str, Callable[[Settings], Iterable[Probe]]] = {
        "home": _home,
        "disk": _disk,
        "tools": _tools,
        "sandbox": _sandbox,
        "database": _database,
        "redis": _redis,
    }
    return tuple(probe for name, look in looks.items() for probe in _answer(name, look, settings))


def _answer(name: str, look: Callable[[Settings], Iterable[Probe]], settings: Settings) -> list[Probe]:
    try:
        return list(look(settings))
    except AssayError as error:
        return [Probe(name, "problem", rule=error.rule, values=dict(error.values))]
    except OSError as error:
        values = {"path": str(settings.home), "reason": os.strerror(error.errno or 0)}
        return [Probe(name, "problem", rule="P-050", values=values)]


def _home(settings: Settings) -> Iterator[Probe]:
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryFile(dir=settings.home) as file:
        file.write(b"assay")
        file.flush()
    yield Probe("home", "ok", str(settings.home))


def _disk(settings: Settings) -> Iterator[Probe]:
    free = shutil.disk_usage(settings.home).free
    if free < LEAST_FREE:
        raise InfrastructureError("P-051", path=settings.home, free=_gib(free), least=_gib(LEAST_FREE))
    yield Probe("disk", "ok", f"{_gib(free)} free")


def _gib(size: int) -> str:
    return f"{size / (1 << 30):.1f} GiB"


def _tools(_settings: Settings) -> Iterator[Probe]:
    for tool, version in find_toolchain().versions.items():
        yield Probe(tool, "ok", version[:_SHORT])


def _sandbox(settings: Settings) -> Iterator[Probe]:
    for rung in sandbox_ladder():
        yield Probe(f"sandbox {rung.level}", "ok" if rung.available else "note", f"{rung.name}  {rung.detail}".strip())
    level = open_sandbox(settings.sandbox).level
    yield Probe("sandbox", "ok" if level else "note", f"{settings.sandbox}: level {level}")


def _database(settings: Settings) -> Iterator[Probe]:
    store, _maintenance = open_store(settings.database)
    store.close()
    yield Probe("database", "ok", settings.database.split(":", 1)[0])  # the rest may hold a password


def _redis(settings: Settings) -> Iterator[Probe]:
    if not settings.redis_url:
        server_binary()
        running = EmbeddedRedis(settings.home / "redis").answers()
        yield Probe("redis", "ok", "embedded, running" if running else "embedded, not running")
        return
    check_broker(settings.redis_url)
    yield Probe("redis", "ok", "answers")
