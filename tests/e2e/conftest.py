"""`assay check` in this process over the real pipeline: real archive, real tools, real sandbox, one home for the session."""

from __future__ import annotations

import io
import re
import secrets
import shutil
import sys
import tarfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from string import Formatter
from types import ModuleType

import pytest

from pipeline.adapters.sandbox import open_sandbox
from pipeline.adapters.sql_store import SqlStore, open_store
from pipeline.adapters.toolchain import SYSTEM_PATH, find_toolchain
from pipeline.bootstrap import Center, Kind, open_center
from pipeline.cli import main
from pipeline.cli.world import real_world
from pipeline.domain.finding import Finding
from pipeline.domain.outcome import EXIT_CODES, Outcome, Verdict
from pipeline.domain.run import Run, StageResult, Step, StepState
from pipeline.engine.services import Workshop
from pipeline.messages import rules
from pipeline.ports import Blobs, Sandbox, Stage
from pipeline.settings import Settings
from pipeline.stages import STAGES
from pipeline.stages.archive import pack_tree

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "tests" / "data" / "e2e"
CACHE = ROOT / ".assay" / "tests"  # the compiled runtime lies here for all test sessions
TERMINAL = {"LC_ALL": "C.UTF-8", "TERM": "xterm", "COLUMNS": "160"}
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
Files = Mapping[str, bytes]
Entry = tuple[str, bytes, bytes]  # name, type, data or link target


def adder(*edits: tuple[str, str], **more: bytes) -> dict[str, bytes]:
    """The design of these tests with exact edits of its source or manifest; `more` are further files, `_` for the dot."""
    texts = {name: (DATA / name).read_text() for name in ("adder.sv", "assay.toml")}
    for find, put in edits:
        (name,) = [name for name, text in texts.items() if text.count(find) == 1]
        texts[name] = texts[name].replace(find, put)
    return {name: text.encode() for name, text in texts.items()} | {
        key.replace("_", "."): data for key, data in more.items()
    }


def three_manifests() -> dict[str, bytes]:
    """One tree, so that one build serves all: as it should be, taking a word without an answer, spinning in zero time."""
    files = adder()
    for name, fault in (("hang.toml", "1..1"), ("spin.toml", "2..2")):
        files[name] = files["assay.toml"].replace(b'f = "0..0"', f'f = "{fault}"'.encode())
    return files


def tarred(entries: Sequence[Entry]) -> bytes:
    """A tar whose entries nobody checked."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:", format=tarfile.GNU_FORMAT) as tar:
        for name, kind, data in entries:
            info = tarfile.TarInfo(name)
            info.type = kind
            if kind in {tarfile.SYMTYPE, tarfile.LNKTYPE}:
                info.linkname = data.decode()
                tar.addfile(info)
            else:
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


@dataclass(frozen=True)
class Answer:
    """What the user saw and what the store holds. `run` is None when nothing was submitted."""

    code: int
    out: str
    err: str
    run: Run | None = None
    steps: Mapping[str, Step] = field(default_factory=dict)

    @property
    def text(self) -> str:
        return self.out + self.err

    @property
    def verdict(self) -> Verdict | None:
        return self.run.verdict if self.run else None

    def result(self, step: str) -> StageResult:
        result = self.steps[step].result
        assert result is not None
        return result

    @property
    def outcomes(self) -> dict[str, Outcome]:
        """Stage -> the one outcome of all its steps."""
        found: dict[str, set[Outcome]] = {}
        for name, step in self.steps.items():
            found.setdefault(step.spec.stage, set()).add(self.result(name).outcome)
        return {stage: outcomes.pop() for stage, outcomes in found.items() if len(outcomes) == 1}

    def findings(self, *stages: str) -> list[Finding]:
        """Errors of these stages, or of all."""
        steps = [name for name, step in self.steps.items() if not stages or step.spec.stage in stages]
        return [finding for name in steps for finding in self.result(name).findings if finding.severity == "error"]

    def rules(self, *stages: str) -> set[str]:
        return {finding.rule for finding in self.findings(*stages)}

    def first(self, rule: str) -> Finding:
        return next(finding for finding in self.findings() if finding.rule == rule)

    def refused_by(self, stage: str, *rules: str) -> None:
        """Whatever is wrong with a design: REJECTED by this stage for exactly these rules, shown, nothing after it ran."""
        assert (self.verdict, self.code) == (Verdict.REJECTED, 1), self.text
        assert self.outcomes[stage] is Outcome.FAILED
        assert {step.spec.stage for step in self.steps.values() if step.started_at} <= _up_to(stage)
        assert self.rules() == set(rules), self.text
        assert [rule for rule in rules if rule not in self.out] == []
        assert all(finding.outcome is Outcome.FAILED for finding in self.findings())

    def ours(self, rule: str, *steps: str) -> None:
        """Whatever is wrong with us: these steps BROKEN after three attempts, INCONCLUSIVE, nothing said of the design."""
        assert (self.verdict, self.code) == (Verdict.INCONCLUSIVE, 3), self.text
        assert {name: self.result(name).outcome for name in steps} == dict.fromkeys(steps, Outcome.BROKEN)
        assert {name: self.steps[name].attempt for name in steps} == dict.fromkeys(steps, 3)
        assert self.rules() == {rule}
        assert {finding.outcome for finding in self.findings()} == {Outcome.BROKEN}
        assert rule in self.out


def _unfilled(finding: Finding) -> set[str]:
    """Placeholders of the finding's message that nothing fills; the rule itself when there is no message."""
    if finding.rule not in rules():
        return {finding.rule}
    templates = [text for part in rules()[finding.rule].values() for text in part.values()]
    return {name for text in templates for _, name, _, _ in Formatter().parse(text) if name} - set(finding.args)


def _up_to(stage: str) -> set[str]:
    names = [known.name for known in STAGES]
    return set(names[: names.index(stage) + 1])


@dataclass
class Door:
    """`assay check` of bytes, files or a folder. Every answer is looked at: no traceback, no control byte, nothing left."""

    home: Path
    tenant: str
    sandbox: Sandbox
    store: SqlStore
    lang: str = "en"

    def __call__(
        self,
        package: bytes | Files | Path,
        *argv: str,
        sandbox: Sandbox | None = None,
        stages: Sequence[Stage] = STAGES,
        blobs: Callable[[Blobs], Blobs] = lambda blobs: blobs,
        search: str = SYSTEM_PATH,
    ) -> Answer:
        def opened(settings: Settings, kind: Kind) -> Center:
            center = open_center(settings, kind)
            tools = {stage.name: stage for stage in stages}
            services = replace(
                center.services,
                cache=CACHE,
                workshop=lambda: Workshop(sandbox or self.sandbox, find_toolchain(search), tools),
                blobs=lambda tenant: blobs(center.services.blobs(tenant)),
            )
            return replace(center, services=services)

        before = self._newest()
        out, err = io.StringIO(), io.StringIO()
        settings = Settings(self.home, lang=self.lang, tenant=self.tenant)
        world = replace(
            real_world(), settings=lambda: settings, open_center=opened, terminal=TERMINAL, out=out, err=err, cwd=self.home
        )
        code = main(["check", str(self._path(package)), *argv], world)
        run = self._newest()
        run = None if run == before else run
        steps = {step.spec.name: step for step in self.store.steps(self.tenant, run.id)} if run else {}
        answer = Answer(code, out.getvalue(), err.getvalue(), run, steps)
        self._look_at(answer)
        return answer

    def _path(self, package: bytes | Files | Path) -> Path:
        if isinstance(package, Path):
            return package
        path = self.home / "submission.tar"
        path.write_bytes(package if isinstance(package, bytes) else pack_tree(package))
        return path

    def _newest(self) -> Run | None:
        return next(iter(self.store.runs(self.tenant, 1)), None)

    def _look_at(self, answer: Answer) -> None:
        assert "Traceback" not in answer.text
        assert CONTROL.search(answer.text) is None
        work = self.home / "check" / "work"
        assert not work.exists() or list(work.iterdir()) == []
        assert [
            _unfilled(finding) for step in answer.steps for finding in answer.result(step).findings if _unfilled(finding)
        ] == []
        if answer.run:
            assert {step.state for step in answer.steps.values()} == {StepState.DONE}
            assert answer.verdict is not None
            assert answer.code == EXIT_CODES[answer.verdict]
            assert {"en": f"exit {answer.code}", "ko": f"종료 코드 {answer.code}"}[self.lang] in answer.out


@pytest.fixture(scope="session")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    home = tmp_path_factory.mktemp("home")
    tenant = f"e2e-{secrets.token_hex(6)}"  # of its own, so that no model is found
    shutil.rmtree(CACHE / tenant, ignore_errors=True)
    CACHE.mkdir(parents=True, exist_ok=True)
    (home / "check").mkdir()
    store, _ = open_store(f"sqlite:///{home / 'check' / 'assay.sqlite3'}")
    yield Door(home, tenant, open_sandbox("auto"), store)
    store.close()
    shutil.rmtree(CACHE / tenant, ignore_errors=True)


@pytest.fixture
def check(doors: Door) -> Door:
    return replace(doors)


@pytest.fixture
def korean(doors: Door) -> Door:
    return replace(doors, lang="ko")


@pytest.fixture(scope="session")
def accepted(doors: Door) -> Answer:
    """The design as it should be, checked once: what the other runs are compared with."""
    return doors(three_manifests())


@pytest.fixture(scope="session")
def kit() -> ModuleType:
    """This file's own names, for tests: files under tests/ cannot import each other."""
    return sys.modules[__name__]
