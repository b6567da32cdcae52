"""Which sandbox is opened, when none is, and level 0."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from pipeline.adapters.bubblewrap import Programs
from pipeline.adapters.process import PLAIN_ENV, run
from pipeline.adapters.sandbox import BubblewrapSandbox, open_sandbox, sandbox_ladder
from pipeline.errors import InfrastructureError, UsageError


def tools(folder: Path, bwrap: str) -> str:
    """A folder of programs with this text as bwrap."""
    folder.mkdir()
    for name in ("prlimit", "setpriv"):
        (folder / name).symlink_to(shutil.which(name) or "")
    (folder / "bwrap").write_text(f"#!/bin/sh\n{bwrap}\n")
    (folder / "bwrap").chmod(0o755)
    return str(folder)


@pytest.mark.parametrize("choice", ["auto", "bubblewrap"])
def test_level_2_where_bubblewrap_works(choice: str) -> None:
    assert open_sandbox(choice).level == 2


@pytest.mark.parametrize("choice", ["auto", "bubblewrap"])
def test_without_bubblewrap_nothing_runs(choice: str, tmp_path: Path) -> None:
    with pytest.raises(InfrastructureError) as caught:
        open_sandbox(choice, str(tmp_path))
    assert caught.value.rule == "P-110"
    assert caught.value.values == {"programs": "bwrap, prlimit, setpriv", "packages": "bubblewrap util-linux"}


def test_only_what_is_missing_is_named(tmp_path: Path) -> None:
    search = tools(tmp_path / "bin", "")
    (tmp_path / "bin" / "bwrap").unlink()
    with pytest.raises(InfrastructureError) as caught:
        open_sandbox("auto", search)
    assert caught.value.values == {"programs": "bwrap", "packages": "bubblewrap"}


def test_a_host_that_forbids_namespaces_is_told_apart(tmp_path: Path) -> None:
    words = "bwrap: No permissions to create new namespace"
    with pytest.raises(InfrastructureError) as caught:
        open_sandbox("auto", tools(tmp_path / "bin", f"echo '{words}' >&2; exit 1"))
    assert (caught.value.rule, caught.value.values["log"]) == ("P-111", f"{words}\n")


def test_a_bubblewrap_that_only_runs_the_command_is_refused(tmp_path: Path) -> None:
    skip = 'while [ "$1" != /bin/sh ]; do shift; done; exec "$@"'
    with pytest.raises(InfrastructureError) as caught:
        open_sandbox("auto", tools(tmp_path / "bin", skip))
    assert caught.value.rule == "P-111"


def test_a_bubblewrap_without_the_filter_is_refused(tmp_path: Path) -> None:
    real = shutil.which("bwrap")
    keep = 'if [ "$a" = --seccomp ]; then skip=1; elif [ "$skip" ]; then skip=; else set -- "$@" "$a"; fi'
    drop = f'for a; do shift; {keep}; done; exec {real} "$@"'
    with pytest.raises(InfrastructureError) as caught:
        open_sandbox("auto", tools(tmp_path / "bin", drop))
    assert (caught.value.rule, caught.value.values["log"]) == ("P-111", "exited 1")


@pytest.mark.usefixtures("as_root")
def test_a_job_is_never_root() -> None:
    with pytest.raises(ValueError, match="must not be root"):
        BubblewrapSandbox(Programs("prlimit"), None)


def test_root_that_may_not_give_uids_is_refused_instead_of_running_jobs_as_root(tmp_path: Path) -> None:
    """Root of a container that has one uid only."""
    program = (
        "from pipeline.adapters.sandbox import open_sandbox\ntry: open_sandbox('auto')\nexcept Exception as e: print(e)"
    )
    outer = ("unshare", "--user", "--map-root-user", sys.executable, "-c", program)
    result = run(outer, cwd=tmp_path, wall_s=20.0, env=dict(PLAIN_ENV) | {"PYTHONPATH": ":".join(sys.path)})
    assert result.log.decode().startswith("P-111 log=a user namespace for jobs: ")


def test_an_unknown_choice_is_usage() -> None:
    with pytest.raises(UsageError) as caught:
        open_sandbox("docker")
    assert caught.value.rule == "U-924"


def test_the_ladder_names_what_works_and_why_not(tmp_path: Path) -> None:
    here = sandbox_ladder()
    assert [(rung.level, rung.available, rung.rule) for rung in here] == [(2, True, ""), (0, True, "")]
    assert here[0].detail.startswith("bubblewrap 0.")
    there = sandbox_ladder(tools(tmp_path / "bin", "echo no; exit 1"))
    assert [(rung.level, rung.rule, rung.detail) for rung in there] == [(2, "P-111", "no\n"), (0, "", "")]
    assert [rung.available for rung in there] == [False, True]
    assert [rung.rule for rung in sandbox_ladder(str(tmp_path))] == ["P-110", "P-110"]


def test_level_0_runs_the_command_under_limits(bare: Any) -> None:
    result = bare.shell("pwd; ulimit -f; ulimit -c; touch made; exit 3", file_bytes=1 << 20, env={"PATH": "/usr/bin:/bin"})
    assert (result.cause, result.code) == ("exited", 3)
    assert result.log.decode().split() == [str(bare.work), "2048", "0"]
    assert (bare.work / "made").stat().st_uid == os.geteuid()


def test_level_0_has_no_environment_but_the_jobs(bare: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSAY_SECRET", "canary")
    assert bare.run("/usr/bin/env", env={"GIVEN": "1"}).log == b"GIVEN=1\n"


def test_level_0_obeys_the_wall_limit(bare: Any) -> None:
    result = bare.run("/bin/sleep", "60", wall_s=0.2)
    assert (result.cause, result.wall_s < 5) == ("wall", True)
