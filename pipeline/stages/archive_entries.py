"""What may be in a submission: names, kinds and sizes. Readers of every format hand their entries to the same rules."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal, NoReturn

from pipeline.domain.finding import Finding, Location
from pipeline.domain.outcome import Outcome
from pipeline.stages.outputs import plain

MAX_TOTAL = 64 << 20
MAX_FILE = 16 << 20
MAX_FILES = 2000
MAX_DEPTH = 12
MAX_RATIO = 100
RATIO_FLOOR = 1 << 20  # padding alone makes a tiny archive a hundred times its size
_MAX_ENTRIES = 4 * MAX_FILES  # folders and headers that only describe others count here
_MAX_FINDINGS = 50
_SEGMENT = re.compile(rb"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
_NESTED = re.compile(
    rb"\x1f\x8b|BZh[1-9]1AY&SY|\xfd7zXZ\0|PK\x03\x04|PK\x05\x06|7z\xbc\xaf\x27\x1c|Rar!\x1a\x07|\x28\xb5\x2f\xfd"
)
_TAR_MAGIC, _TAR_MAGIC_AT = b"ustar", 257
_Kind = Literal["file", "folder"]


class ArchiveError(Exception):
    """An archive that is not taken in; `findings` says why, one per refusal."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        super().__init__(" ".join(finding.rule for finding in findings))
        self.findings = findings


class Entries:
    """Collects the files of one archive while it is read. A refused entry does not hide what is wrong with the next ones."""

    def __init__(self) -> None:
        self._files: dict[str, bytes] = {}
        self._kinds: dict[str, _Kind] = {}
        self._spelled: dict[str, str] = {}
        self._findings: list[Finding] = []
        self._count = self._total = 0

    def refuse(self, rule: str, name: bytes = b"", **args: object) -> None:
        """Add one refusal; `name` is the entry's name as the archive has it."""
        shown = plain(name[:300]).replace("\n", "?").replace("\t", "?")
        values = {"name": shown} | {key: str(value) for key, value in args.items()}
        place = Location(shown, 1) if name else None
        self._findings.append(Finding(rule, Outcome.FAILED, args=values, location=place))
        if len(self._findings) >= _MAX_FINDINGS:
            raise ArchiveError(tuple(self._findings))

    def stop(self, rule: str, name: bytes = b"", **args: object) -> NoReturn:
        """Refuse, and read no further.

        Raises:
            ArchiveError: always.
        """
        self.refuse(rule, name, **args)
        raise ArchiveError(tuple(self._findings))

    def damaged(self, position: int) -> NoReturn:
        """Stop: from byte `position` on the archive makes no sense or ends too early."""
        self.stop("I-002", position=position)

    def tick(self) -> None:
        """Count one header of any kind; called for every one, so that a flood of them ends."""
        self._count += 1
        if self._count > _MAX_ENTRIES:
            self.stop("I-005", limit=MAX_FILES)

    def counted(self, size: int, name: bytes = b"") -> None:
        """Count `size` bytes of content that were really read."""
        self._total += size
        if self._total > MAX_TOTAL:
            self.stop("I-003", name, limit=MAX_TOTAL >> 20)

    def room(self) -> int:
        """Bytes one more file may have."""
        return min(MAX_FILE, MAX_TOTAL - self._total)

    def admit(self, name: bytes, kind: _Kind) -> str:
        """The entry's path inside the tree; empty when it was refused, or names the root itself."""
        if name.startswith(b"/") or b".." in re.split(rb"[/\\]", name):
            self.refuse("I-008", name)
            return ""
        parts = [part for part in name.split(b"/") if part not in {b"", b"."}]
        if not parts and kind == "folder":
            return ""
        if not parts or not all(map(_SEGMENT.fullmatch, parts)):
            self.refuse("I-014", name)
            return ""
        if len(parts) > MAX_DEPTH:
            self.refuse("I-006", name, depth=len(parts), limit=MAX_DEPTH)
            return ""
        path = b"/".join(parts).decode("ascii")
        return path if self._placed(path, name, kind) else ""

    def _placed(self, path: str, name: bytes, kind: _Kind) -> bool:
        """Whether the path is free: nothing else has it, in any case, and no file stands where a folder should."""
        steps = path.split("/")
        prefixes = ["/".join(steps[:count]) for count in range(1, len(steps) + 1)]
        for prefix in prefixes:
            spelled = self._spelled.setdefault(prefix.lower(), prefix)
            if spelled != prefix:
                self.refuse("I-013", name, other=spelled)
                return False
        for prefix in prefixes[:-1]:
            if self._kinds.setdefault(prefix, "folder") == "file":
                self.refuse("I-021", name, other=prefix)
                return False
        known = self._kinds.setdefault(path, kind)
        if known != kind:
            self.refuse("I-021", name, other=path)
        elif kind == "file" and path in self._files:
            self.refuse("I-012", name)
        else:
            return True
        return False

    def add(self, path: str, data: bytes) -> None:
        """Keep the content of a file that was admitted under `path`; its bytes were counted by the reader."""
        name = path.encode()
        if len(data) > MAX_FILE:
            self.refuse("I-004", name, limit=MAX_FILE >> 20)
        elif _NESTED.match(data) or data[_TAR_MAGIC_AT : _TAR_MAGIC_AT + len(_TAR_MAGIC)] == _TAR_MAGIC:
            self.refuse("I-015", name)
        self._files[path] = data
        if len(self._files) > MAX_FILES:
            self.stop("I-005", limit=MAX_FILES)

    def finish(self) -> Mapping[str, bytes]:
        """Path -> content of every file.

        Raises:
            ArchiveError: something was refused, or there is no file.
        """
        if self._findings:
            raise ArchiveError(tuple(self._findings))
        if not self._files:
            self.stop("I-018")
        return self._files
