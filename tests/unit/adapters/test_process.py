from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from pipeline.adapters.process import NOT_STARTED, PLAIN_ENV, run, spawn


def shell(line: str, tmp_path: Path, **options: object) -> object:
    return run(("/bin/sh", "-c", line), cwd=tmp_path, **({"wall_s": 20.0} | options))


def running(pid: int) -> bool:
    """Whether the process exists and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def gone(pid: int, within_s: float = 3.0) -> bool:
    end = time.monotonic() + within_s
    while running(pid) and time.monotonic() < end:
        time.sleep(0.01)
    return not running(pid)


def test_end_code_and_merged_log(tmp_path: Path) -> None:
    result = shell("pwd; echo err >&2; exit 3", tmp_path)
    assert (result.cause, result.code, result.log) == ("exited", 3, f"{tmp_path}\nerr\n".encode())


def test_a_signal_is_told_from_an_exit_code(tmp_path: Path) -> None:
    result = shell("kill -KILL $$", tmp_path)
    assert (result.cause, result.code, result.ok) == ("signalled", signal.SIGKILL, False)


def test_cpu_seconds_include_children(tmp_path: Path) -> None:
    busy = "import time\nwhile time.process_time() < 0.3: pass"
    assert 0.3 <= run((sys.executable, "-Sc", busy), cwd=tmp_path, wall_s=20.0).cpu_s < 5


@pytest.mark.parametrize("argv", [("/nonexistent",), ("/etc",), ("bad\0name",)])
def test_a_program_that_cannot_start_is_code_127(argv: tuple[str, ...], tmp_path: Path) -> None:
    result = run(argv, cwd=tmp_path, wall_s=1.0)
    assert (result.cause, result.code) == ("exited", NOT_STARTED)
    assert result.log


def test_environment_is_what_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "canary")
    lines = run(("/usr/bin/env",), cwd=tmp_path, wall_s=5.0).log.decode().split()
    assert sorted(lines) == sorted(f"{name}={value}" for name, value in PLAIN_ENV.items())
    assert run(("/usr/bin/env",), cwd=tmp_path, wall_s=5.0, env={"A": "1"}).log == b"A=1\n"


def test_input_is_empty_and_descriptors_are_closed(tmp_path: Path) -> None:
    handle = os.memfd_create("inherited", 0)
    os.set_inheritable(handle, True)
    try:
        assert shell(f"cat; test -e /proc/self/fd/{handle}", tmp_path).code == 1
        assert run(("/bin/sh", "-c", f"test -e /proc/self/fd/{handle}"), cwd=tmp_path, wall_s=5.0, pass_fds=(handle,)).ok
    finally:
        os.close(handle)


def test_log_is_cut_and_the_flood_ends(tmp_path: Path) -> None:
    result = run(("/usr/bin/yes",), cwd=tmp_path, wall_s=20.0, log_bytes=1000)
    assert (result.cause, len(result.log)) == ("log", 1000)


def test_a_flood_in_the_last_moment_is_one_too(tmp_path: Path) -> None:
    result = shell("head -c 5000 /dev/zero", tmp_path, log_bytes=4999)
    assert (result.cause, len(result.log)) == ("log", 4999)
    assert shell("head -c 5000 /dev/zero", tmp_path, log_bytes=5000).cause == "exited"


def test_wall_limit_ends_the_whole_group(tmp_path: Path) -> None:
    result = shell("trap '' TERM; sleep 60 & echo $!; wait", tmp_path, wall_s=0.3)
    assert (result.cause, result.wall_s < 5) == ("wall", True)
    assert gone(int(result.log))


def test_what_is_left_of_the_group_is_ended(tmp_path: Path) -> None:
    result = shell("sleep 60 >/dev/null 2>&1 & echo $!", tmp_path)
    assert result.ok
    assert gone(int(result.log))


def test_one_that_left_the_group_and_holds_the_log_does_not_hold_us(tmp_path: Path) -> None:
    leaves = "setsid sh -c 'echo $$; touch left; exec sleep 60' & until [ -e left ]; do sleep 0.01; done"
    result = shell(leaves, tmp_path)
    os.kill(int(result.log), signal.SIGKILL)
    assert (result.cause, result.wall_s < 5) == ("exited", True)


def test_cancel(tmp_path: Path) -> None:
    cancel = threading.Event()
    threading.Timer(0.2, cancel.set).start()
    assert shell("sleep 60", tmp_path, cancel=cancel).cause == "cancelled"


def test_check_that_says_stop_ends_with_cause_log(tmp_path: Path) -> None:
    asked: list[float] = []
    result = shell("sleep 60", tmp_path, check=lambda: bool(asked.append(time.monotonic())) or len(asked) == 2)
    assert (result.cause, len(asked)) == ("log", 2)


def test_a_child_outlives_the_call_until_it_is_ended(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("before\n")
    child = spawn(("/bin/sh", "-c", "echo started; exec sleep 60"), cwd=tmp_path, env=PLAIN_ENV, log=log)
    assert child.poll() is None
    assert child.wait(0.2) is None
    child.terminate()
    assert child.wait(5.0) == -signal.SIGTERM
    child.terminate()  # of one that has ended: nothing
    assert log.read_text() == "before\nstarted\n"


def test_kill_ends_the_childs_group(tmp_path: Path) -> None:
    child = spawn(("/bin/sh", "-c", "sleep 60 & echo $!; wait"), cwd=tmp_path, env=PLAIN_ENV, log=tmp_path / "log")
    while not (tmp_path / "log").read_text().endswith("\n"):
        time.sleep(0.01)
    child.kill()
    assert child.wait(5.0) == -signal.SIGKILL
    assert gone(int((tmp_path / "log").read_text()))


def test_a_log_that_is_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "log").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic links"):
        spawn(("/bin/true",), cwd=tmp_path, env=PLAIN_ENV, log=tmp_path / "log")
    assert not (tmp_path / "elsewhere").exists()
