"""Everything the commands take from outside, in one value, so that tests hand in another world instead of patching ours."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TextIO

import typer

from pipeline.bootstrap import Center, Kind, diagnose, open_center
from pipeline.cli.terminal import Terminal
from pipeline.domain.dossier import Dossier
from pipeline.engine.services import Services
from pipeline.settings import Settings, terminal_environment

if TYPE_CHECKING:
    from pipeline.adapters.diagnosis import Probe
    from pipeline.engine.reproduce import Reproduction

Tell = Callable[[str, str], None]


class Running(Protocol):
    """A centre that works beside us."""

    @property
    def center(self) -> Center:
        """To submit to and to look at."""


@dataclass(frozen=True, slots=True)
class World:
    """The real one is `real_world()`. `cwd` is where relative paths begin."""

    settings: Callable[[], Settings]
    open_center: Callable[[Settings, Kind], Center]
    run_until_signal: Callable[[Settings, Tell], None]
    running: Callable[[Settings, Tell], AbstractContextManager[Running]]
    render: Callable[[Dossier, str], Mapping[str, bytes]]
    pack: Callable[[Path], bytes]
    reproduce: Callable[..., Reproduction]
    diagnose: Callable[[Settings], tuple[Probe, ...]]
    terminal: Mapping[str, str]
    out: TextIO
    err: TextIO
    cwd: Path


@dataclass(frozen=True, slots=True)
class Shell:
    """What one command works with: the world, the settings with its options applied, and the terminal."""

    world: World
    settings: Settings
    terminal: Terminal

    @property
    def lang(self) -> str:
        """The language of everything that is printed."""
        return self.terminal.face.lang

    @property
    def tenant(self) -> str:
        """Whose runs these are."""
        return self.settings.tenant

    def path(self, given: Path) -> Path:
        """A path as the user meant it."""
        return self.world.cwd / given.expanduser()


def shell_of(context: typer.Context) -> Shell:
    """The shell that `main` gave to the command."""
    shell = context.obj
    if not isinstance(shell, Shell):
        raise TypeError("the command was started without its shell")
    return shell


def real_world() -> World:
    """This process's streams, environment and folder. Heavy parts load when they are first used."""
    return World(
        settings=Settings.from_environment,
        open_center=open_center,
        run_until_signal=_run_until_signal,
        running=_running,
        render=_render,
        pack=_pack,
        reproduce=_reproduce,
        diagnose=diagnose,
        terminal=terminal_environment(),
        out=sys.stdout,
        err=sys.stderr,
        cwd=Path.cwd(),
    )


def _run_until_signal(settings: Settings, tell: Tell) -> None:
    from pipeline.cluster.supervisor import run_until_signal

    run_until_signal(settings, tell)


def _running(settings: Settings, tell: Tell) -> AbstractContextManager[Running]:
    from pipeline.cluster.supervisor import running

    return running(settings, tell)


def _render(dossier: Dossier, lang: str) -> Mapping[str, bytes]:
    from pipeline.reports import render

    return render(dossier, lang)


def _pack(folder: Path) -> bytes:
    from pipeline.stages.archive import pack_folder

    return pack_folder(folder)


def _reproduce(
    services: Services,
    tenant: str,
    *,
    run_id: str | None,
    archive: bytes | None,
    manifest: str,
    testpoint: str,
    seed: int,
    ops: tuple[int, ...],
    prefix: bool,
    waves: bool,
    out: Path,
) -> Reproduction:
    from pipeline.engine.reproduce import reproduce

    return reproduce(
        services,
        tenant,
        run_id=run_id,
        archive=archive,
        manifest=manifest,
        testpoint=testpoint,
        seed=seed,
        ops=ops,
        prefix=prefix,
        waves=waves,
        out=out,
    )
