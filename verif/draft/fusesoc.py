"""FuseSoC core files (`.core`, CAPI2): file sets for RTL, top level and integer parameters of one target."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from verif.draft.model import DraftError, Fault, Sources, refuse
from verif.draft.scan import HEADERS, SUFFIXES, read_source

MAX_BYTES = 1 << 20
TARGETS = ("default", "synth", "sim")
_HEAD = "CAPI=2:"
_FLAG = re.compile(r"^[!\w]+\s*\?\s*\(([^()]*)\)$")
_INTEGER = re.compile(r"-?\d{1,18}|0x[0-9a-fA-F]{1,15}")


def read_core(root: Path, name: str) -> Sources:
    """What the core `name`, a path below `root`, states; paths count from its folder.

    Conditional entries (`tool_x ? (file)`) are left out; verification files too, by their set's or their own type.

    Raises:
        DraftError: N-105, N-130 not CAPI2, N-131 no usable target or file, N-132 depends on other cores, N-122, N-133.
    """
    core = _load(root, name)
    base = PurePosixPath(name).parent
    sets, target = _target(core, name)
    entries = [entry for key in sets for entry in _files(core["filesets"].get(key), name)]
    faults = [Fault("N-122", {"word": path[:200]}, name) for path, _ in entries if not _inside(path)]
    depends = sorted({word for key in sets for word in _depends(core["filesets"].get(key))})
    faults += [Fault("N-132", {"name": word[:200]}, name) for word in depends]
    if faults:
        raise DraftError(faults)
    files = [(base / path).as_posix() for path, header in entries if not header]
    missing = [path for path in files if not (root / path).is_file()]
    if missing or not files:
        raise DraftError([Fault("N-105", {"name": path[:200]}, name) for path in missing] or [Fault("N-131", {}, name)])
    folders = dict.fromkeys((base / path).parent.as_posix() for path, header in entries if header)
    parameters, defines = _parameters(core, target)
    return Sources(tuple(files), tuple(sorted(set(folders) - {"."})), defines, parameters, _top(target), ordered=True)


def _load(root: Path, name: str) -> dict[str, Any]:
    text = read_source(root, name)
    if not text.lstrip("\ufeff").startswith(_HEAD) or len(text) > MAX_BYTES:
        raise refuse("N-130", name, 1)
    try:
        core = yaml.safe_load(text.partition("\n")[2])
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        raise refuse("N-130", name, mark.line + 2 if mark else 1) from None
    if not isinstance(core, dict) or not isinstance(core.get("filesets"), dict):
        raise refuse("N-131", name)
    return core


def _target(core: Mapping[str, Any], name: str) -> tuple[list[str], Mapping[str, Any]]:
    """The file sets of the first usable target; every set when there is no target at all."""
    targets = core.get("targets")
    if not isinstance(targets, dict):
        return [_text(key) for key in core["filesets"]], {}
    for key in TARGETS:
        target = targets.get(key)
        if isinstance(target, dict) and isinstance(target.get("filesets"), list):
            return [_text(item) for item in target["filesets"] if _text(item) in core["filesets"]], target
    raise refuse("N-131", name)


def _files(fileset: object, name: str) -> Iterator[tuple[str, bool]]:
    """(path, whether it is only included) of the Verilog files in a set."""
    if not isinstance(fileset, dict) or not isinstance(fileset.get("files", []), list):
        raise refuse("N-131", name)
    kind = _text(fileset.get("file_type", ""))
    for entry in fileset.get("files", []):
        path, options = next(iter(entry.items()), ("", {})) if isinstance(entry, dict) else (entry, {})
        options = options if isinstance(options, dict) else {}
        own = _text(options.get("file_type", kind))
        header = bool(options.get("is_include_file")) or PurePosixPath(_text(path)).suffix in HEADERS
        wanted = own.startswith(("verilogSource", "systemVerilogSource")) or not own
        if wanted and not _FLAG.match(_text(path)) and (header or PurePosixPath(_text(path)).suffix in SUFFIXES):
            yield _text(path), header


def _depends(fileset: object) -> list[str]:
    listed = fileset.get("depend") if isinstance(fileset, dict) else None
    return [_text(word) for word in listed if not _FLAG.match(_text(word))] if isinstance(listed, list) else []


def _inside(path: str) -> bool:
    return not path.startswith("/") and ".." not in PurePosixPath(path).parts and "$" not in path


def _top(target: Mapping[str, Any]) -> str:
    top = target.get("toplevel", "")
    return _text(top[0] if isinstance(top, list) and top else top or "")


def _parameters(core: Mapping[str, Any], target: Mapping[str, Any]) -> tuple[dict[str, int], dict[str, str]]:
    """Parameters and defines that the target names, `name` or `name=value`, with the default of their declaration."""
    declared = core.get("parameters")
    listed = target.get("parameters")
    parameters: dict[str, int] = {}
    defines: dict[str, str] = {}
    for word in listed if isinstance(listed, list) else ():
        name, _, given = _text(word).partition("=")
        entry = declared.get(name) if isinstance(declared, dict) else None
        kind = entry.get("paramtype") if isinstance(entry, dict) else None
        value = _integer(given or entry.get("default") if isinstance(entry, dict) else None)
        if kind == "vlogparam" and value is not None:
            parameters[name] = value
        elif kind == "vlogdefine":
            defines[name] = "" if value is None else str(value)
    return parameters, defines


def _text(value: object) -> str:
    """A scalar as text; empty for a list or table, which aliases can make larger than memory when it is written out."""
    return str(value) if isinstance(value, str | int | float) else ""


def _integer(value: object) -> int | None:
    """An integer, a truth value, or a text of one."""
    if isinstance(value, bool | int):
        return int(value)
    return int(value, 0) if isinstance(value, str) and _INTEGER.fullmatch(value) and not value.startswith("00") else None
