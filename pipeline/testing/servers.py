"""Real servers for tests: PostgreSQL and Redis as the system packages them, on private sockets, gone afterwards."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import create_engine

from pipeline.adapters.process import PLAIN_ENV, Child, run, spawn

PASSWORD = "Canary-5f3c/9@b"  # noqa: S105 - invented
"""Of every server here. It must turn up in no output; some of its characters must be quoted in a URL."""
INSTALL = "apt-get update && apt-get install --yes postgresql redis-server"
_START_S = 30.0
# The order of names by this locale is not that of their bytes.
_LOCALE = ("--encoding=UTF8", "--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US")


def find_server(program: str) -> Path | None:
    """Where a server's program is, of several versions of PostgreSQL the newest; None when it is not installed."""
    versions = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: folder.parent.name.zfill(4), reverse=True
    )
    found = shutil.which(program, path=os.pathsep.join([*map(str, versions), PLAIN_ENV["PATH"]]))
    return Path(found) if found else None


class PostgresServer:
    """A server with data of its own. It survives kills, not power cuts. Not as root, which PostgreSQL refuses to be."""

    def __init__(self, program: Path) -> None:
        """Make the data directory; the server is not started. `program` is `postgres`, with `initdb` beside it."""
        self._home = Path(tempfile.mkdtemp(prefix="assay-pg-"))
        self._program = program
        self._user = self._other_user() if os.geteuid() == 0 else ()
        self._child: Child | None = None
        self._numbers = itertools.count(1)
        (self._home / "password").write_text(PASSWORD)
        access = ("--username=assay", f"--pwfile={self._home / 'password'}", "--auth=scram-sha-256")
        initdb = str(program.with_name("initdb"))
        result = run((*self._user, initdb, "--no-sync", *_LOCALE, *access, self._data), cwd=self._home, wall_s=120.0)
        if not result.ok:
            raise OSError(result.log.decode(errors="replace"))

    @property
    def _data(self) -> str:
        return str(self._home / "data")

    def start(self) -> None:
        """Return when it takes connections."""
        settings = ("listen_addresses=", f"unix_socket_directories={self._home}", "fsync=off", "max_connections=200")
        options = (word for setting in settings for word in ("-c", setting))
        argv = (*self._user, str(self._program), "-D", self._data, *options)
        self._child = spawn(argv, cwd=self._home, env=PLAIN_ENV, log=self._home / "log")
        _wait(self._ready, self._home / "log")

    def stop(self) -> None:
        """End it without waiting for its clients, and remove its data."""
        self._end(signal.SIGINT)
        shutil.rmtree(self._home, ignore_errors=True)

    def kill(self) -> None:
        """End it at once, as a crash would; its data stays and `start` recovers it."""
        self._end(signal.SIGKILL)

    def url(self, database: str, password: str = PASSWORD) -> str:
        """The SQLAlchemy URL of a database."""
        return f"postgresql+psycopg://assay:{quote(password, safe='')}@/{database}?host={self._home}"

    def new_database(self, template: str = "template1") -> str:
        """The name of a new database, a copy of `template`, to which nobody may be connected meanwhile."""
        name = f"assay_{next(self._numbers)}"
        admin = create_engine(self.url("postgres"), isolation_level="AUTOCOMMIT")
        try:
            with admin.connect() as connection:
                connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE {template}")
        finally:
            admin.dispose()
        return name

    def _other_user(self) -> tuple[str, ...]:
        user = pwd.getpwnam("postgres")
        os.chown(self._home, user.pw_uid, user.pw_gid)
        return ("setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", "--")

    def _ready(self) -> bool:
        if self._child is None or self._child.poll() is not None:
            raise OSError((self._home / "log").read_text(errors="replace")[-2000:])
        state = Path(self._data) / "postmaster.pid"
        # A killed server leaves this file: the first line tells whose it is.
        lines = state.read_text().splitlines() if state.exists() else []
        return lines[:1] == [str(self._child.pid)] and lines[-1].strip() == "ready"

    def _end(self, number: signal.Signals) -> None:
        if self._child is None:
            return
        os.kill(self._child.pid, number)
        self._child.wait(_START_S)
        self._child.kill()
        self._child.wait()
        self._child = None


class RedisServer:
    """A server on a port of 127.0.0.1, with a password and without persistence: the store is the truth."""

    def __init__(self, program: Path) -> None:
        self._home = Path(tempfile.mkdtemp(prefix="assay-redis-"))
        self._program = program
        self._child: Child | None = None
        self.port = _free_port()

    def start(self) -> None:
        """Return when it takes connections."""
        config = self._home / "redis.conf"
        lines = ("bind 127.0.0.1", f"port {self.port}", f'requirepass "{PASSWORD}"', 'save ""', f"dir {self._home}")
        config.write_text("\n".join(lines) + "\n")
        self._child = spawn((str(self._program), str(config)), cwd=self._home, env=PLAIN_ENV, log=self._home / "log")
        _wait(self._ready, self._home / "log")

    def stop(self) -> None:
        """End it, and remove its folder."""
        self.kill()
        shutil.rmtree(self._home, ignore_errors=True)

    def kill(self) -> None:
        """End it at once: it forgets everything."""
        if self._child is not None:
            self._child.kill()
            self._child.wait()
            self._child = None

    def url(self, password: str = PASSWORD) -> str:
        """Its URL."""
        return f"redis://:{quote(password, safe='')}@127.0.0.1:{self.port}/0"

    def _ready(self) -> bool:
        if self._child is None or self._child.poll() is not None:
            raise OSError((self._home / "log").read_text(errors="replace")[-2000:])
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", self.port)) == 0


def _wait(ready: Callable[[], bool], log: Path) -> None:
    end = time.monotonic() + _START_S
    while not ready():
        if time.monotonic() > end:
            raise OSError(f"too slow: {log.read_text(errors='replace')[-2000:]}")
        time.sleep(0.02)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
