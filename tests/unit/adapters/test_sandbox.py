"""What a hostile job can see and do in the sandbox, tried in a real one."""

from __future__ import annotations

import os
import re
import socket
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from pipeline.adapters.bubblewrap import SHM_BYTES, TMP_BYTES
from pipeline.adapters.namespace import FIRST_UID
from pipeline.adapters.workdir import MOST_FILES
from pipeline.errors import InfrastructureError
from pipeline.ports import SandboxJob

CANARY = "canary-5f3a"


def test_levels(box: Any, bare: Any) -> None:
    assert (box.sandbox.level, bare.sandbox.level) == (2, 0)


def test_exit_code_and_log_come_back(box: Any) -> None:
    result = box.shell("echo out; echo err >&2; exit 7")
    assert (result.cause, result.code, result.log, result.ok) == ("exited", 7, b"out\nerr\n", False)
    assert box.run("/bin/true").ok


def test_a_signal_is_reported(box: Any) -> None:
    result = box.shell("kill -SEGV $$")
    assert (result.cause, result.code) == ("signalled", 11)


def test_cpu_time_is_that_of_the_job(box: Any) -> None:
    result = box.python("import time\nwhile time.process_time() < 0.3: pass")
    assert result.ok
    assert 0.3 <= result.cpu_s < 5


def test_files_outside_do_not_exist(box: Any, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text(CANARY)
    secret.chmod(0o644)
    places = f"{secret} /root /etc/passwd /etc/shadow /var /sys /run /boot"
    result = box.shell(f"for p in {places}; do test -e $p && echo $p; done; cat {secret}; exit 0")
    assert result.ok
    assert result.log.decode().split("\n")[0].startswith("cat:")
    assert CANARY not in result.log.decode()


def test_reads_are_readable_and_stay_as_they_are(box: Any, tmp_path: Path) -> None:
    (tmp_path / "inputs").mkdir()
    (tmp_path / "inputs" / "given.txt").write_text(CANARY)
    (tmp_path / "inputs" / "given.txt").chmod(0o666)  # only the mount protects it
    (tmp_path / "inputs").chmod(0o777)
    line = "cat given.txt; echo x >given.txt; echo x >new; rm -f given.txt; chmod 777 ."
    result = box.shell(f"cd {tmp_path / 'inputs'}; {line}", reads=(tmp_path / "inputs",))
    assert result.log.decode().startswith(CANARY)
    assert [(path.name, path.read_text()) for path in (tmp_path / "inputs").iterdir()] == [("given.txt", CANARY)]


def test_a_read_below_work_stays_read_only(box: Any) -> None:
    inner = box.work / "inputs"
    inner.mkdir()
    assert not box.shell("echo x >inputs/new", reads=(inner,)).ok
    assert box.shell("echo x >new", reads=(inner,)).ok
    assert list(inner.iterdir()) == []


def test_work_below_a_read_is_writable(box: Any, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other").chmod(0o777)
    tmp_path.chmod(0o755)
    assert box.shell("echo x >new", reads=(tmp_path,)).ok
    assert not box.shell("echo x >../other/new", reads=(tmp_path,)).ok


def test_nothing_but_work_and_memory_disks_can_be_written(box: Any) -> None:
    folders = "/ /dev /etc /usr /usr/bin /proc /proc/sys/kernel"
    disks = "echo x >/dev/shm/a; echo x >/tmp/a"
    result = box.shell(f"for d in {folders}; do (echo x >$d/new) 2>/dev/null && echo wrote $d; done; {disks}")
    assert (result.ok, result.log) == (True, b"")


def test_no_setting_of_the_kernel_can_be_written(box: Any) -> None:
    """A job that were still root in its namespace could: the files below /proc/sys are root's."""
    walk = "import os\nn = 0\nfor f, _, names in os.walk('/proc/sys'):\n for name in names:\n"
    result = box.python(walk + "  n += 1\n  if os.access(f'{f}/{name}', os.W_OK): print(f, name)\nprint(n > 100)")
    lines = result.log.decode().splitlines()
    assert lines[-1] == "True"
    own = re.compile(r"/proc/sys/(fs/mqueue|kernel) (.*msg.*|queues_max|shm.*|sem.*|pid_max)")  # of the job's own namespace
    capability = "/proc/sys/kernel ns_last_pid"  # everybody may open it, and nobody without a capability write
    assert [line for line in lines[:-1] if line != capability and not own.fullmatch(line)] == []


def test_memory_disks_have_their_sizes(box: Any) -> None:
    text = "import os\nfor d in '/tmp', '/dev/shm': s = os.statvfs(d); print(s.f_blocks * s.f_frsize)"
    assert box.python(text).log.split() == [str(TMP_BYTES).encode(), str(SHM_BYTES).encode()]


def test_no_network(box: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        text = f"import socket; socket.create_connection(('127.0.0.1', {server.getsockname()[1]}), 2)"
        result = box.python(text)
        assert b"Connection refused" in result.log
        server.setblocking(False)
        with pytest.raises(BlockingIOError):
            server.accept()


def test_no_variable_leaks(box: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSAY_SECRET", CANARY)
    env = {"PATH": "/usr/bin:/bin", "GIVEN": "1"}
    names = {line.split("=")[0] for line in box.shell("env", env=env).log.decode().splitlines()}
    assert {"PATH", "GIVEN"} <= names <= {"PATH", "GIVEN", "PWD"}
    result = box.shell("cat /proc/*/environ /proc/*/cmdline", env=env)
    assert b"GIVEN=1" in result.log
    assert CANARY.encode() not in result.log


def test_other_processes_are_invisible(box: Any) -> None:
    result = box.shell(f"cd /proc; echo [0-9]*; kill -0 {os.getpid()} && echo alive")
    assert max(map(int, result.log.split(b"\n")[0].split())) < 10
    assert b"alive" not in result.log


def test_no_capability_no_new_privileges_and_a_filter(box: Any) -> None:
    lines = box.shell("grep ':.[0-9]' /proc/self/status").log.decode().splitlines()
    status = dict(line.split(":\t", 1) for line in lines)
    assert {status[name] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {"0" * 16}
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")


def test_no_inherited_descriptor_leads_outside(box: Any) -> None:
    result = box.shell("cd /proc/self/fd; for n in *; do readlink $n; done; exit 0")
    kinds = {line.split(":")[0] for line in result.log.decode().split()}
    assert {"/dev/null", "pipe"} <= kinds <= {"/dev/null", "pipe", "user"}  # `user` is the job's own namespace


def test_every_job_has_a_uid_of_its_own(box: Any, tmp_path: Path) -> None:
    def one(number: int) -> int:
        work = tmp_path / f"work{number}"
        work.mkdir()
        return int(type(box)(box.sandbox, work).shell("id -u; sleep 0.3").log)

    with ThreadPoolExecutor(4) as pool:
        uids = list(pool.map(one, range(4)))
    if box.sandbox._namespace is None:
        assert set(uids) == {os.geteuid()}
    else:
        assert len(set(uids)) == 4
        assert min(uids) >= FIRST_UID


def test_wall_limit_ends_everything(box: Any) -> None:
    started, seconds = time.monotonic(), unique_seconds()
    result = box.shell(f"trap '' TERM INT HUP; setsid sleep {seconds} & exec sleep 60", wall_s=0.5)
    assert result.cause == "wall"
    assert time.monotonic() - started < 5
    assert alive(f"sleep\0{seconds}") == []


def test_what_a_job_leaves_behind_ends_with_it(box: Any) -> None:
    seconds = unique_seconds()
    assert box.shell(f"setsid sleep {seconds} >/dev/null 2>&1 & exit 0").ok
    assert alive(f"sleep\0{seconds}") == []


def test_cancel_ends_the_job(box: Any) -> None:
    cancel = threading.Event()
    threading.Timer(0.3, cancel.set).start()
    result = box.sandbox.run(SandboxJob(("/bin/sleep", "60"), box.work), cancel)
    assert (result.cause, result.wall_s < 5) == ("cancelled", True)


def test_log_flood(box: Any) -> None:
    result = box.run("/usr/bin/yes", log_bytes=100_000)
    assert (result.cause, len(result.log)) == ("log", 100_000)


def test_file_size_limit(box: Any) -> None:
    assert box.run("/usr/bin/head", "-c", "2000000", "/dev/zero", file_bytes=1 << 20).ok  # to a pipe: no file
    result = box.shell("exec head -c 2000000 /dev/zero >big", file_bytes=1 << 20)
    assert (result.cause, result.code) == ("signalled", 25)
    assert (box.work / "big").stat().st_size == 1 << 20


def test_flood_of_files(box: Any) -> None:
    result = box.python(f"for n in range({3 * MOST_FILES}): open(str(n), 'w')\nimport time; time.sleep(30)")
    assert (result.cause, result.wall_s < 20) == ("log", True)


def test_cpu_limit(box: Any) -> None:
    result = box.shell("while :; do :; done", cpu_s=1)
    assert (result.cause, result.code) == ("signalled", 9)


def test_memory_limit(box: Any) -> None:
    assert box.python("bytearray(1 << 28)", memory_bytes=1 << 30).ok
    assert b"MemoryError" in box.python("bytearray(1 << 31)", memory_bytes=1 << 30).log


FORK_BOMB = """
import os, time
born = 0
while born < 200:
    try:
        pid = os.fork()
    except BlockingIOError:
        break
    if pid == 0:
        time.sleep(60)
    born += 1
print(born)
"""


def test_fork_bomb_is_limited(box: Any) -> None:
    result = box.python(FORK_BOMB, processes=40)
    assert 30 <= int(result.log) <= 40


def test_no_core_dump_and_few_open_files(box: Any) -> None:
    assert box.shell("ulimit -c; ulimit -Hc; ulimit -n").log.split() == [b"0", b"0", b"1024"]


def test_outputs_are_ours_afterwards(box: Any) -> None:
    assert box.shell("mkdir -p a/b; echo x >a/b/c; chmod 0 a/b/c a/b a; ln -s /etc/passwd link; chmod 0 .").ok
    found = [box.work, *box.work.rglob("*")]
    assert {path.lstat().st_uid for path in found} == {os.geteuid()}
    assert sorted(path.name for path in found) == ["a", "b", "c", "link", "work"]


def test_a_path_to_read_that_does_not_exist_is_our_fault(box: Any, tmp_path: Path) -> None:
    with pytest.raises(InfrastructureError) as caught:
        box.shell("true", reads=(tmp_path / "missing",))
    assert caught.value.rule == "P-112"
    assert "missing" in caught.value.values["log"]


@pytest.mark.usefixtures("as_root")
def test_a_folder_closed_to_the_jobs_uid_is_our_fault(box: Any, tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0o700)
    with pytest.raises(InfrastructureError) as caught:
        box.shell("true", reads=(tmp_path / "closed",))
    assert caught.value.rule == "P-115"


def test_a_missing_work_directory_is_our_fault(box: Any) -> None:
    box.work.rmdir()
    with pytest.raises(InfrastructureError) as caught:
        box.shell("true")
    assert caught.value.rule == "P-116"


def test_a_missing_program_is_the_jobs_own_end(box: Any) -> None:
    result = box.run("/nonexistent/program")
    assert (result.cause, result.code) == ("exited", 127)


def unique_seconds() -> str:
    """About a minute, written as nobody else writes it: marks a process of this test on the whole host."""
    return f"60.{uuid.uuid4().int}"


def alive(marker: str) -> list[str]:
    """Command lines of all processes of this host that begin with `marker`."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(path.read_bytes().decode(errors="replace"))
        except OSError:
            continue
    return [line for line in found if line.startswith(marker)]
