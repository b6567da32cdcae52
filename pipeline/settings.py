"""All settings, as one frozen value. The only reader of the environment."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pipeline.errors import UsageError

SANDBOXES = ("auto", "bubblewrap", "none")
LANGUAGES = ("en", "ko")
CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
TENANT = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ")
OF_A_TERMINAL = ("NO_COLOR", "TERM", "COLUMNS", "LC_ALL", "LC_CTYPE", "LANG")


@dataclass(frozen=True, slots=True)
class Settings:
    """Every field is read from `ASSAY_<FIELD>` in capitals; tests construct it directly.

    `home` holds everything Assay keeps. Empty `database_url`: a SQLite file in `home`. Empty `redis_url`: an embedded server
    on a private socket in `home`. `slots`: steps run at a time on this host, 1 to 256. Seconds: `lease_s` a worker keeps a
    step without a heartbeat (1 to 3600), `step_limit_s` the longest a step may take, `sweep_s` between two sweeps,
    `republish_s` until an unclaimed message is sent again, `retry_delay_s` before a broken step is tried again. `nightly`:
    when registered designs are tested, `02:00` by this host's clock or `02:00 Asia/Seoul`; empty for never.
    """

    home: Path
    database_url: str = ""
    redis_url: str = ""
    sandbox: str = "auto"
    lang: str = "en"
    tenant: str = "local"
    slots: int = 2
    lease_s: float = 60.0
    step_limit_s: float = 3600.0
    sweep_s: float = 0.5
    republish_s: float = 60.0
    retry_delay_s: float = 2.0
    nightly: str = ""

    @staticmethod
    def from_environment(environ: Mapping[str, str] | None = None) -> Settings:
        """The settings of this process; raises UsageError (U-901) naming the variable, its value and what was expected."""
        env = _environment() if environ is None else environ
        chosen = {name: _value(name, env[key]) for name, key in _variables().items() if env.get(key)}
        chosen.setdefault("lang", _language(env))
        chosen.setdefault("home", Path(env.get("HOME") or "/var/lib") / ".local" / "state" / "assay")
        return Settings(**chosen)

    @property
    def database(self) -> str:
        """The SQLAlchemy URL of the store."""
        return self.database_url or f"sqlite:///{self.home / 'assay.sqlite3'}"

    def laptop(self) -> Settings:
        """The same, for runs inside one process: a store of its own, so that no worker takes its steps; retries at once."""
        return replace(self, home=self.home / "check", database_url="", redis_url="", retry_delay_s=0.0)

    def child_environment(self) -> dict[str, str]:
        """The environment for our own child processes: these settings, and the few variables programs need. No more."""
        env = _environment()
        inherited = {key: env[key] for key in PASSED_ON if key in env}
        return inherited | {key: str(getattr(self, name)) for name, key in _variables().items()}


def terminal_environment() -> dict[str, str]:
    """What the environment says of the terminal: colour, kind, width, character set."""
    env = _environment()
    return {key: env[key] for key in OF_A_TERMINAL if key in env}


def _environment() -> Mapping[str, str]:
    return os.environ  # noqa: TID251 - the one place that reads it


def _variables() -> dict[str, str]:
    return {field.name: f"ASSAY_{field.name.upper()}" for field in fields(Settings)}


def _language(env: Mapping[str, str]) -> str:
    locale = env.get("LC_ALL") or env.get("LC_MESSAGES") or env.get("LANG") or ""
    return "ko" if locale.startswith("ko") else "en"


def _number(low: float, high: float, kind: Callable[[str], Any]) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        value = kind(text)
        if not low <= value <= high:
            raise ValueError
        return value

    return read


def _one_of(*words: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in words:
            raise ValueError
        return text

    return read


def _tenant(text: str) -> str:
    if not TENANT.fullmatch(text):
        raise ValueError
    return text


def _nightly(text: str) -> str:
    clock, _, zone = text.partition(" ")
    if not CLOCK.fullmatch(clock):
        raise ValueError
    if zone:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, OSError):
            raise ValueError from None
    return text


_READERS: dict[str, tuple[Callable[[str], Any], str]] = {
    "home": (lambda text: Path(text).absolute(), "a directory"),
    "database_url": (str, "a database URL"),
    "redis_url": (str, "a Redis URL"),
    "sandbox": (_one_of(*SANDBOXES), " | ".join(SANDBOXES)),
    "lang": (_one_of(*LANGUAGES), " | ".join(LANGUAGES)),
    "tenant": (_tenant, "a-z 0-9 -"),
    "slots": (_number(1, 256, int), "1 to 256"),
    "lease_s": (_number(1, 3600, float), "1 to 3600 (s)"),
    "step_limit_s": (_number(1, 86_400, float), "1 to 86400 (s)"),
    "sweep_s": (_number(0.05, 60, float), "0.05 to 60 (s)"),
    "republish_s": (_number(0.1, 3600, float), "0.1 to 3600 (s)"),
    "retry_delay_s": (_number(0, 3600, float), "0 to 3600 (s)"),
    "nightly": (_nightly, "HH:MM, or HH:MM Area/City"),
}


def _value(name: str, text: str) -> Any:
    read, expected = _READERS[name]
    try:
        return read(text)
    except ValueError:
        raise UsageError("U-901", variable=f"ASSAY_{name.upper()}", value=text[:80], expected=expected) from None
