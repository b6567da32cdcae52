"""The design's files as the contract names them: patterns expanded against the tree, names fit for a command line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from verif.tb.drivers import HarnessError

_SEGMENT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
_MACRO = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
_MACRO_VALUE = re.compile(r"[A-Za-z0-9_']{0,99}")


def design_files(root: Path, base: PurePosixPath, patterns: tuple[str, ...]) -> list[str]:
    """Paths relative to `root`, in the order of the patterns (each pattern's matches sorted), none twice.

    `base` is the manifest's folder below `root`; patterns are relative to it. One that matches nothing: `HarnessError`.
    """
    found: dict[str, None] = {}
    for pattern in patterns:
        matches = sorted(path for path in (root / base).glob(_plain(pattern)) if path.is_file() and not path.is_symlink())
        if not matches:
            raise HarnessError(f"no file matches {pattern}")
        found.update(dict.fromkeys(path.relative_to(root).as_posix() for path in matches))
    wrong = [name for name in found if not all(map(_SEGMENT.fullmatch, PurePosixPath(name).parts))]
    if wrong:
        raise HarnessError(f"file names that no tool is given: {', '.join(wrong[:5])}")
    return list(found)


def include_folders(base: PurePosixPath, folders: tuple[str, ...]) -> list[str]:
    """Include folders relative to the tree's root."""
    return [(base / _plain(folder)).as_posix() for folder in folders]


def macro_definitions(defines: Mapping[str, str]) -> list[str]:
    """`NAME=VALUE` for every define; raises `HarnessError` for what a command line must not carry."""
    for name, value in defines.items():
        if not _MACRO.fullmatch(name) or not _MACRO_VALUE.fullmatch(value):
            raise HarnessError(f"define {name} is not an identifier with a plain value")
    return [f"{name}={value}" for name, value in defines.items()]


def _plain(pattern: str) -> str:
    path = PurePosixPath(pattern)
    if path.is_absolute() or ".." in path.parts or "\0" in pattern or not pattern:
        raise HarnessError(f"{pattern} leaves the tree")
    return path.as_posix()
