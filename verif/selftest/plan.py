"""From [selftest] to what the stage needs to know: everything resolved against the tree, or every error at once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from posixpath import normpath
from typing import Any

from verif.contract import faults
from verif.contract.diagnostic import Diagnostic
from verif.contract.model import Contract, SelfTest, Span
from verif.selftest.drift import Drift
from verif.selftest.makefile import MAX_BYTES, Makefile, MakefileError, read_makefile
from verif.selftest.scan import MAX_TESTS, Scan, module_name, scan
from verif.selftest.source import MAX_FILES, SourceError
from verif.tb.drivers import HarnessError
from verif.tb.files import design_files, include_folders

MODULE = ("COCOTB_TEST_MODULES", "MODULE")
TOPLEVEL = ("COCOTB_TOPLEVEL", "TOPLEVEL")
OPTIONS = ("EXTRA_ARGS", "COMPILE_ARGS", "BUILD_ARGS")
PLUSARGS = ("COCOTB_PLUSARGS", "PLUSARGS")
_RENAMED = {"MODULE": "COCOTB_TEST_MODULES", "TOPLEVEL": "COCOTB_TOPLEVEL", "TESTCASE": "COCOTB_TEST_FILTER"}
_NO_EFFECT = re.compile(
    r"-W\w[\w-]*|-O\w?|--trace[\w-]*|--coverage[\w-]*|--(no-)?timing|--x-(assign|initial)=?|unique|--assert|-sv|-g\d+"
)
_PLUSARG = re.compile(r"\+(?!verilator|assay)[A-Za-z_][A-Za-z0-9_]*(=[A-Za-z0-9_.,:/-]*)?")
_GIVEN = re.compile(r"(?:-D|-G|\+define\+)([A-Za-z_][A-Za-z0-9_]*)(?:=([A-Za-z0-9_']*))?")
_FOLDER = re.compile(r"(?:-I|\+incdir\+)(.+)")
_START = Span(1, 1)
_SIDE = ("tie", "event", "let", "channel", "operation", "bus", "registers")


@dataclass(frozen=True, slots=True)
class Found:
    """What was found wrong; `plan` is JSON-ready and None when one of the diagnostics is an error."""

    diagnostics: tuple[Diagnostic, ...]
    plan: Mapping[str, Any] | None = None


@dataclass(slots=True)
class _Examination:
    tree: Path
    base: PurePosixPath
    contract: Contract
    selftest: SelfTest
    makefile: Makefile = field(default_factory=lambda: Makefile({}))
    home: PurePosixPath = field(default_factory=PurePosixPath)
    found: list[Diagnostic] = field(default_factory=list)

    def report(self, rule: str, key: str, **args: object) -> None:
        places = self.contract.places
        span = places.get(f"selftest.{key}") or places.get("selftest") or _START
        self.found.append(faults.diagnostic(rule, span, **args))  # type: ignore[arg-type]  # keywords are arguments only

    def conflict(self, what: str, found: str, expected: str, *names: str) -> None:
        file = f"{self.selftest.makefile}:{self.makefile.line(*names)}" if names else ""
        self.report("E-MAN-145", "makefile" if names else "toplevel", what=what, file=file, found=found, expected=expected)

    def run(self) -> Mapping[str, Any] | None:
        self._profile()
        self._makefile()
        self._design()
        files = self._modules()
        scanned = self._scan(files) if files and not self.found else None
        return None if self.found or scanned is None else self._plan(files, scanned)

    def _profile(self) -> None:
        if self.contract.profile == "opaque":
            for name in _SIDE:
                if name in self.contract.places:
                    self.found.append(faults.diagnostic("E-MAN-140", self.contract.places[name], section=name))

    def _makefile(self) -> None:
        name = self.selftest.makefile
        if not name:
            return
        file = self.tree / self.base / name
        try:
            text = file.read_bytes()[: MAX_BYTES + 1].decode() if file.is_file() else None
        except UnicodeDecodeError:
            text = None
        if text is None or len(text) > MAX_BYTES:
            self.report("E-MAN-143", "makefile", file=name, limit=MAX_BYTES)
            return
        self.home = (self.base / name).parent
        try:
            self.makefile = read_makefile(text)
        except MakefileError as error:
            self.report("E-MAN-144", "makefile", file=name, line=error.line, text=error.text)

    def _design(self) -> None:
        """What the Makefile and [selftest] say of the design agrees with [design]: there is one design, and it is that."""
        design, make = self.contract.design, self.makefile
        named = {"toplevel": (self.selftest.toplevel,), "TOPLEVEL": make.get(*TOPLEVEL)}
        for key, words in named.items():
            top = words[0].rpartition(".")[2] if words else ""
            if top and top != design.top:
                self.conflict(key, top, design.top, *(TOPLEVEL if key == "TOPLEVEL" else ()))
        if make.get("TOPLEVEL_LANG") not in {(), ("verilog",)}:
            self.conflict("TOPLEVEL_LANG", make.get("TOPLEVEL_LANG")[0], "verilog", "TOPLEVEL_LANG")
        self._sources()
        for name in OPTIONS:
            for word in make.get(name):
                self._option(name, word)
        for word in make.get(*PLUSARGS):
            if not _PLUSARG.fullmatch(word):
                self.conflict("PLUSARGS", word, "+NAME or +NAME=VALUE", *PLUSARGS)

    def _sources(self) -> None:
        known = set(design_files(self.tree, self.base, self.contract.design.files))
        for word in self.makefile.get("VERILOG_SOURCES"):
            for name in self._matching(word):
                if name not in known:
                    self.conflict("VERILOG_SOURCES", name, "a file of design.files", "VERILOG_SOURCES")

    def _matching(self, word: str) -> Sequence[str]:
        """Files that a pattern beside the Makefile names; the pattern itself when there are none."""
        pattern = self._place(word)
        try:
            return design_files(self.tree, PurePosixPath(), (pattern,))
        except (HarnessError, ValueError, IndexError):
            return (pattern,)

    def _place(self, word: str) -> str:
        """A path of the Makefile as one of the submission."""
        return normpath((self.home / word).as_posix())

    def _option(self, name: str, word: str) -> None:
        design = self.contract.design
        given = _GIVEN.fullmatch(word)
        folder = _FOLDER.fullmatch(word)
        if given:
            table: Mapping[str, object] = design.parameters if word.startswith("-G") else design.defines
            stated = str(table.get(given[1], "-"))
            if stated != (given[2] or ("" if given[1] in table else "1")):
                self.conflict(word[:2], word, f"{given[1]} = {stated}", name)
        elif folder and self._place(folder[1]) not in include_folders(self.base, design.include_dirs):
            self.conflict("-I", word, "a folder of design.include_dirs", name)
        elif not folder and not _NO_EFFECT.fullmatch(word):
            self.conflict(name, word, "an option that has no effect on what the design does", name)

    def _modules(self) -> Sequence[str]:
        """Files with tests, relative to the tree."""
        found: dict[str, None] = {}
        for number, pattern in enumerate(self.selftest.modules):
            try:
                found.update(dict.fromkeys(design_files(self.tree, self.base, (pattern,))))
            except (HarnessError, ValueError, IndexError):
                self.report("E-MAN-142", f"modules.{number}", file=pattern, reason="no such file", line=0)
        found.update(dict.fromkeys(self._named()))
        if not found and not self.found:
            self.report("E-MAN-141", "")
        for file in found:
            if not re.fullmatch(r"(?:.*/)?[A-Za-z_][A-Za-z0-9_]*\.py", file):
                self.report("E-MAN-142", "modules", file=file, reason="no Python module's name", line=0)
        return list(found)

    def _named(self) -> Iterator[str]:
        """Files of the modules that the Makefile names, beside it."""
        for name in (name for word in self.makefile.get(*MODULE) for name in word.split(",") if name):
            file = (self.home / f"{name.replace('.', '/')}.py").as_posix()
            if (self.tree / file).is_file():
                yield file
            else:
                self.report("E-MAN-142", "makefile", file=file, reason="no such file", line=0)

    def _scan(self, files: Sequence[str]) -> Scan | None:
        others = sorted(path.relative_to(self.tree).as_posix() for path in self.tree.rglob("*.py") if path.is_file())
        for file in files:  # one by one, so that the file at fault is named
            try:
                scan(self.tree, (file,), ())
            except SourceError as error:
                self.report("E-MAN-142", "modules", file=file, reason=error.reason, line=error.line)
        if self.found:
            return None
        scanned = scan(self.tree, files, others[:MAX_FILES])
        if len(scanned.tests) > MAX_TESTS:
            self.report("E-MAN-146", "modules", count=len(scanned.tests), limit=MAX_TESTS)
        return scanned

    def _plan(self, files: Sequence[str], scanned: Scan) -> Mapping[str, Any]:
        names = [module_name(self.tree, file)[1] for file in files]
        drift = [*self._old_names(), *scanned.drift]
        return {
            "toplevel": self.contract.design.top,
            "tests": [asdict(test) for test in scanned.tests],
            "drift": [asdict(one) for one in drift],
            "path": [*dict.fromkeys([*names, self.home.as_posix()])],
            "folder": self.home.as_posix(),
            "plusargs": list(self.makefile.get(*PLUSARGS)),
            "timeout_s": self.selftest.timeout_s,
        }

    def _old_names(self) -> Iterator[Drift]:
        file = (self.base / self.selftest.makefile).as_posix()
        for old, new in _RENAMED.items():
            if old in self.makefile.words:
                yield Drift(file, self.makefile.line(old), 1, old, new)


def examine_selftest(tree: Path, base: PurePosixPath, contract: Contract) -> Found:
    """The self-test of a contract whose [design] was found in order; `base` is the manifest's folder in `tree`."""
    if contract.selftest is None:
        return Found(())
    examination = _Examination(tree, base, contract, contract.selftest)
    plan = examination.run()
    return Found(tuple(examination.found), plan)
