"""Everything that is our fault: BROKEN, tried again, INCONCLUSIVE with exit 3, and never a word against the design."""

from __future__ import annotations

import errno
import sqlite3
import struct
import threading
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.adapters.blob_store import BlobStore
from pipeline.domain.outcome import Outcome, Verdict
from pipeline.ports import Sandbox, SandboxJob, SandboxResult

pytestmark = [pytest.mark.sim, pytest.mark.slow, pytest.mark.xdist_group("e2e")]

TESTBENCHES = Path(__file__).resolve().parents[1] / "data" / "sim"
CRASH = ("/bin/sh", "-c", "kill -SEGV $$")
SIMULATIONS = ("simulate.0", "simulate.1", "simulate.2")
JUDGES = ("judge.0", "judge.1", "judge.2")


@dataclass
class Altered:
    """The real sandbox with jobs changed on their way in; the first `times` of them, or all."""

    real: Sandbox
    change: Callable[[SandboxJob], SandboxJob]
    times: int = 1 << 30
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def level(self) -> int:
        return self.real.level

    def run(self, job: SandboxJob, cancel: threading.Event | None = None) -> SandboxResult:
        changed = self.change(job)
        with self.lock:
            self.times -= changed is not job
            job = changed if self.times >= 0 else job
        return self.real.run(job, cancel)


class FullDisk(BlobStore):
    """Empty at first, so that every blob is written; full for `times` of them after the first `spared`."""

    def __init__(self, root: Path, times: int = 1 << 30, spared: int = 1) -> None:
        super().__init__(root)
        self.times, self.spared = times, spared

    def _write(self, path: Path, data: bytes) -> None:
        self.spared -= 1
        if self.spared < 0 < self.times:
            self.times -= 1
            raise OSError(errno.ENOSPC, "No space left on device")
        super()._write(path, data)


def is_model(job: SandboxJob) -> bool:
    return Path(job.argv[0]).name == "model"


def crashing(job: SandboxJob) -> SandboxJob:
    return replace(job, argv=CRASH) if is_model(job) else job


def blind(job: SandboxJob) -> SandboxJob:
    if not is_model(job):
        return job
    path = f"{job.env['PYTHONPATH']}:{TESTBENCHES}"
    env = dict(job.env) | {"COCOTB_TEST_MODULES": "blind_tests", "PYTHONPATH": path}
    return replace(job, env=env, reads=(*job.reads, TESTBENCHES))


def of_another_release(job: SandboxJob) -> SandboxJob:
    """Between simulator and judge the records become those of a worker with another schema."""
    if "verif.jobs.judge" in job.argv:
        for path in job.work.glob("record-*.bin"):
            body = bytearray(path.read_bytes()[:-4])
            struct.pack_into("<I", body, 8, 99)
            path.write_bytes(bytes(body) + struct.pack("<I", zlib.crc32(bytes(body))))
    return job


def test_a_simulator_that_crashes(check: Any, kit: Any) -> None:
    answer = check(kit.three_manifests(), sandbox=Altered(check.sandbox, crashing))
    answer.ours("P-301", *SIMULATIONS)
    assert answer.first("P-301").args["cause"] == "signalled"
    assert answer.first("P-301").args["code"] == "11"
    assert "Nothing was judged" in answer.out
    assert "report it to the centre" in answer.out
    assert answer.outcomes["judge"] is Outcome.SKIPPED


def test_a_test_bench_without_monitors(check: Any, kit: Any) -> None:
    answer = check(kit.three_manifests(), sandbox=Altered(check.sandbox, blind))
    answer.ours("P-404", *JUDGES)


def test_records_of_another_schema(korean: Any, kit: Any) -> None:
    answer = korean(kit.three_manifests(), sandbox=Altered(korean.sandbox, of_another_release))
    answer.ours("P-402", *JUDGES)
    assert "version 99" in answer.first("P-402").args["reason"]


def test_a_disk_that_is_full_from_the_beginning(korean: Any, kit: Any, tmp_path: Path) -> None:
    disk = FullDisk(tmp_path, spared=0)
    answer = korean(kit.adder(), blobs=lambda _real: disk)
    assert (answer.code, answer.run) == (3, None)  # not even the submission could be kept: nothing was started
    assert "P-021" in answer.err


def test_a_disk_that_fills_up_after_the_submission(check: Any, kit: Any, tmp_path: Path) -> None:
    disk = FullDisk(tmp_path)
    answer = check(kit.adder(), blobs=lambda _real: disk)
    answer.ours("P-021", "intake")
    assert "No space left on device" in answer.out


def test_mishaps_that_pass_leave_the_verdict_as_it_is(check: Any, kit: Any, accepted: Any, tmp_path: Path) -> None:
    """A full disk, a simulator that crashes twice and a database that is locked: the same verdict, by its digest."""
    disk = FullDisk(tmp_path, times=1)
    database = sqlite3.connect(check.home / "check" / "assay.sqlite3", isolation_level=None, check_same_thread=False)
    database.execute("BEGIN IMMEDIATE")
    locked = time.monotonic()
    release = threading.Timer(1.5, lambda: database.execute("ROLLBACK"))
    release.start()
    sandbox = Altered(check.sandbox, crashing, times=2)
    answer = check(kit.three_manifests(), sandbox=sandbox, blobs=lambda _real: disk)
    release.join()
    database.close()
    assert time.monotonic() - locked > 1.5
    assert (answer.verdict, answer.code) == (Verdict.ACCEPTED, 0), answer.text
    assert (disk.times, sandbox.times < 0) == (0, True)
    assert answer.steps["intake"].attempt == 2
    assert answer.run.verdict_digest == accepted.run.verdict_digest


def test_no_compiler(check: Any, kit: Any, tmp_path: Path) -> None:
    for program in ("make", "perl"):
        (tmp_path / program).symlink_to(f"/usr/bin/{program}")
    answer = check(kit.adder(), search=str(tmp_path))
    assert (answer.code, answer.run) == (3, None)
    assert "P-101" in answer.err
    assert "apt-get install --yes g++`" in answer.err  # what is missing, and only that
