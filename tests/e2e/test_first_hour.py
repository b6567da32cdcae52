"""The first hour as it is written: every command run, every change applied, every quoted line found in what is printed."""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pipeline.adapters.process import Child, run, spawn

ROOT = Path(__file__).resolve().parents[2]
GUIDES = {"en": "guide.md", "ko": "guide.ko.md"}
ELSEWHERE = {"make setup", ". .venv/bin/activate"}  # what runs this test has done both
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
EXIT = re.compile(r"^(?:exit|종료 코드) (\d)", re.MULTILINE)
DIGEST = re.compile(r"(?:verdict digest|판정 다이제스트) ([0-9a-f]{12})")
# What differs from run to run and from machine to machine.
TIME = r"\d+(?:\.\d+)? s\b|\d+ min \d+ s\b|\d+(?:\.\d+)?초|\d+분 \d+초"
VARIES = re.compile(TIME + r"|(?<=digest )[0-9a-f]{12}|(?<=다이제스트 )[0-9a-f]{12}")
PROMISED_RULES = {"E-MAN-013", "E-MAN-014", "L-003", "J-006", "J-008", "J-002"}
CHECKS = 3

pytestmark = [pytest.mark.sim, pytest.mark.cluster, pytest.mark.slow]


def plain(line: str) -> str:
    return " ".join(VARIES.sub("T", line).split())


def missing(quoted: str, printed: str) -> list[str]:
    """Quoted lines that are not in what was printed, in that order."""
    found = iter([plain(line) for line in printed.splitlines()])
    return [line for line in quoted.splitlines() if line.strip() and plain(line) not in found]


def patched(folder: Path, diff: str) -> None:
    """Apply hunks without numbers: the old lines stand exactly once in the file."""
    for name, hunk in re.findall(r"^--- a/(\S+)\n((?:[ +-](?!-- ).*\n)+)", diff, re.MULTILINE):
        lines = hunk.splitlines(keepends=True)
        old, new = ("".join(line[1:] for line in lines if line[0] in kinds) for kinds in (" -", " +"))
        text = (folder / name).read_text()
        assert text.count(old) == 1, old
        (folder / name).write_text(text.replace(old, new))


@dataclass
class Reader:
    """Somebody who does what the page says: a home, a checkout, and the last command's output."""

    base: Path
    lang: str
    centre: Child | None = None
    printed: str = ""
    code: int = 0
    digests: dict[str, list[str]] = field(default_factory=dict)

    @property
    def env(self) -> Mapping[str, str]:
        return {
            "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin",
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
            "LC_ALL": "C.UTF-8",
            "HOME": str(self.base),
            "ASSAY_HOME": str(self.base / "state"),
            "ASSAY_LANG": self.lang,
        }

    def do(self, command: str) -> None:
        if command == "assay up":
            self.start_centre()
            return
        result = run(("sh", "-c", command), cwd=self.base / "repository", env=self.env, wall_s=900.0)
        self.printed, self.code = result.log.decode(), result.code
        self.digests.setdefault(command.split()[1], []).extend(DIGEST.findall(self.printed))

    def start_centre(self) -> None:
        log = self.base / "up.log"
        program = str(Path(sys.executable).parent / "assay")
        self.centre = spawn((program, "up"), cwd=self.base / "repository", env=self.env, log=log)
        end = time.monotonic() + 60
        while "assay submit PATH --watch" not in log.read_text():
            assert self.centre.poll() is None, log.read_text()
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.1)


@pytest.fixture
def reader(request: pytest.FixtureRequest, models: Path) -> Iterator[Reader]:
    base = Path(tempfile.mkdtemp(prefix="assay-"))  # a short path: the socket of Redis lies below
    (base / "repository").mkdir()
    (base / "state").mkdir()
    for path in ROOT.iterdir():
        if not path.name.startswith("."):
            (base / "repository" / path.name).symlink_to(path)
    (base / "state" / "cache").symlink_to(models)
    found = Reader(base, request.param)
    yield found
    if found.centre:
        found.centre.kill()
        found.centre.wait()
    shutil.rmtree(base, ignore_errors=True)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built simulators, shared by both languages: each design is built once."""
    return tmp_path_factory.mktemp("models")


@pytest.mark.parametrize("reader", GUIDES, indirect=True)
def test_the_first_hour(reader: Reader) -> None:
    page = (ROOT / "pipeline" / "doc" / GUIDES[reader.lang]).read_text()
    skipped = set()
    for kind, text in FENCE.findall(page):
        if kind == "sh":
            for command in text.splitlines():
                skipped |= {command} & ELSEWHERE
                if command not in ELSEWHERE:
                    reader.do(command)
        elif kind == "diff":
            patched(reader.base / "first_hour", text)
        elif kind == "text":
            assert missing(text, reader.printed) == [], reader.printed
            assert reader.code == int((EXIT.findall(text) or ["0"])[0])
    assert skipped == ELSEWHERE
    assert set(re.findall(r"[EJL]-(?:MAN-)?\d{3}", page)) == PROMISED_RULES
    *rejected, accepted = reader.digests["check"]
    assert len(rejected) == CHECKS - 1
    assert {*reader.digests["submit"], *reader.digests["show"]} == {accepted}
    assert accepted not in rejected
    written = reader.base / "repository" / "assay-report-1" / "report.html"
    assert accepted in written.read_text()
    assert reader.centre is not None
    reader.centre.terminate()
    assert reader.centre.wait(30.0) == 0
