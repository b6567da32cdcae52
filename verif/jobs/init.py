"""Drafts a manifest from RTL: `python -m verif.jobs.init TREE SOURCE OUT [TOP]`.

TREE is the folder, SOURCE `.` for all its sources or the path of a file list (`.f`) or FuseSoC core (`.core`) inside it. OUT
receives JSON: {faults: [{rule, args, file, line, column}]} when there can be no manifest, else {lines, facts, remarks}: a
line is {kind, text, key, number, args}, and the reader gives keys their language.
Exit code 0 when OUT was written, whatever it says; the RTL is a stranger's, so any other is the elaborator's end.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path, PurePosixPath
from typing import Any

from verif.contract.read import read_manifest
from verif.draft.elaborate import elaborate
from verif.draft.filelist import read_list
from verif.draft.fusesoc import read_core
from verif.draft.group import group
from verif.draft.model import DraftError, Grouped, Rtl, Sources, refuse
from verif.draft.page import Line
from verif.draft.scan import HEADERS, SUFFIXES, Text, find_tops, included_files, needed, scan_files
from verif.draft.write import profile, write

MAX_FILES = 5000


def draft(tree: Path, source: str, top: str = "") -> tuple[tuple[Line, ...], Rtl, Grouped]:
    """The page and what it was made from; raises DraftError."""
    sources = _sources(tree, source)
    headers = _below(tree, HEADERS)
    texts = scan_files(tree, (*sources.files, *headers))
    if not sources.ordered:
        inner = included_files(texts, sources.files)
        sources = replace(sources, files=tuple(name for name in sources.files if name not in inner))
        texts = {name: text for name, text in texts.items() if name not in inner or name in headers} | {
            name: Text((), texts[name].words, texts[name].includes) for name in inner
        }
    tops = find_tops(texts)
    chosen = _top(texts, tops, top or sources.top, sources)
    rtl = elaborate(tree, needed(texts, chosen, sources), (chosen,) if top or sources.top else tops)
    grouped = group(rtl)
    page = write(rtl, grouped)
    _contract, wrong = read_manifest(answered(page))
    if wrong:
        raise refuse("N-114", text=f"{wrong[0].rule} {dict(wrong[0].args)}")
    return page, rtl, grouped


def answered(page: Sequence[Line]) -> str:
    """The manifest with every question answered as proposed."""
    return "".join(f"{line.text}\n" for line in page if line.kind in {"text", "propose"})


def _sources(tree: Path, source: str) -> Sources:
    if source.endswith(".f"):
        return read_list(tree, source)
    if source.endswith(".core"):
        return read_core(tree, source)
    return Sources(_below(tree, SUFFIXES))


def _below(tree: Path, suffixes: frozenset[str]) -> tuple[str, ...]:
    """Files with these endings, sorted; N-109 when there are too many."""
    found = sorted(path.relative_to(tree).as_posix() for path in tree.rglob("*") if path.suffix in suffixes)
    if len(found) > MAX_FILES:
        raise refuse("N-109", count=len(found), limit=MAX_FILES)
    return tuple(found)


def _top(texts: Mapping[str, Text], tops: Sequence[str], wanted: str, sources: Sources) -> str:
    """The module asked for, or of those that nobody instantiates the one that needs most files."""
    modules = sorted({unit.name for text in texts.values() for unit in text.units if "module" in unit.kind})
    if wanted and wanted not in modules:
        raise refuse("N-102", top=wanted, modules=", ".join(modules[:20]) or "-")
    if not wanted and not tops:
        raise refuse("N-101", files=len(sources.files))
    return wanted or max(tops, key=lambda name: len(needed(texts, name, sources).files))


def _facts(rtl: Rtl, grouped: Grouped) -> Mapping[str, Any]:
    """What was found, for machines."""
    return {
        "top": rtl.top,
        "tops": rtl.tops,
        "profile": profile(grouped),
        "files": rtl.sources.files,
        "parameters": dict(rtl.parameters),
        "clocks": rtl.clocks,
        "resets": [asdict(reset) for reset in rtl.resets],
        "channels": [_channel(asdict(channel)) for channel in grouped.channels],
        "buses": [{"kind": bus.kind, "role": bus.role, "prefix": bus.prefix} for bus in grouped.buses],
        **{
            name: [pin.signal for pin in getattr(grouped, name)]
            for name in ("events", "ties", "starts", "configuration", "unobserved")
        },
    }


def _channel(found: dict[str, Any]) -> dict[str, Any]:
    fields = {name: {"signal": pin["signal"], "width": pin["width"]} for name, pin in found["fields"].items()}
    return found | {"fields": fields}


def report(tree: Path, source: str, top: str = "") -> Mapping[str, Any]:
    """What OUT says."""
    try:
        lines, rtl, grouped = draft(tree, source, top)
    except DraftError as error:
        return {"faults": [asdict(fault) for fault in error.faults]}
    return {"lines": [line.to_json() for line in lines], "facts": _facts(rtl, grouped), "remarks": rtl.remarks}


def main(argv: Sequence[str]) -> int:
    """Write what was found."""
    tree, source, out, *top = argv
    name = "" if source == "." else PurePosixPath(source).as_posix()
    Path(out).write_text(json.dumps(report(Path(tree), name, top[0] if top else "")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
