"""Elaborates RTL with slang: ports with widths and directions, parameters, and how clocks and resets are used."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyslang
from pyslang import ast, parsing, syntax

from verif.draft.clocking import Clocking, find_clocking
from verif.draft.model import Dir, DraftError, Fault, Pin, Rtl, Sources, refuse

MAX_PINS = 2000
MAX_DEPTH = 64
MAX_STEPS = 100_000
_REMARKS = 5
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_$]{0,255}")
_IDENTIFIER = re.compile(r"[A-Za-z_]\w{0,63}")
_WORD64 = 1 << 63
_PRODUCT = re.compile(r"\[\s*\(?\s*(\w+)\s*\*\s*(\w+)\s*\)?\s*-\s*1\s*:\s*0\s*\]")
_WIDTH = re.compile(r"(?:width|bits|_w|^dw)$", re.IGNORECASE)
_TREE = {
    ast.ArgumentDirection.In: "in",
    ast.ArgumentDirection.Out: "out",
    ast.ArgumentDirection.InOut: "inout",
}


@dataclass(frozen=True, slots=True)
class _Design:
    compilation: Any
    manager: Any
    top: Any


def elaborate(root: Path, sources: Sources, tops: tuple[str, ...]) -> Rtl:
    """The module `sources.top`; what slang minds elsewhere is only remarked, for a simulator may accept it.

    Raises:
        DraftError: N-107 the top module does not elaborate, N-108 a pin that no manifest can name, N-109 too many pins.
    """
    design = _compile(root, sources)
    faults, remarks = _complaints(design, root)
    if design.top is None:
        raise DraftError(faults or [Fault("N-107", {"text": f"no module {sources.top}"})])
    pins = tuple(_pins(design.top, faults))
    if not pins or len(pins) > MAX_PINS:
        raise refuse("N-109", count=len(pins), limit=MAX_PINS)
    parameters, unwritable = _parameters(design.top)
    clocking: Clocking = find_clocking(design.top, pins)
    return Rtl(sources.top, tops, sources, pins, parameters, unwritable, clocking.clocks, clocking.resets, tuple(remarks))


def _compile(root: Path, sources: Sources) -> _Design:
    bag = pyslang.Bag()
    bag.compilationOptions = _compilation_options(sources)
    reading = parsing.PreprocessorOptions()
    reading.predefines = [f"{name}={value}" for name, value in sources.defines.items()]
    reading.additionalIncludePaths = [str(root / folder) for folder in (*sources.include_dirs, ".")]
    reading.maxIncludeDepth = MAX_DEPTH
    bag.preprocessorOptions = reading
    manager = pyslang.SourceManager()
    compilation = ast.Compilation(bag)
    files = [str(root / name) for name in sources.files]
    # In a stated order files may lean on macros of those before them, as they do in a simulator.
    groups = [files] if sources.ordered else [[file] for file in files]
    for group in groups:
        compilation.addSyntaxTree(syntax.SyntaxTree.fromFiles(group, manager, bag))
    tops = [top for top in compilation.getRoot().topInstances if top.name == sources.top]
    return _Design(compilation, manager, tops[0] if tops else None)


def _compilation_options(sources: Sources) -> Any:
    options = ast.CompilationOptions()
    options.topModules = {sources.top}
    options.paramOverrides = [f"{name}={value}" for name, value in sources.parameters.items()]
    options.flags = ast.CompilationFlags.AllowTopLevelIfacePorts
    options.maxInstanceDepth, options.maxConstexprSteps, options.maxGenerateSteps = MAX_DEPTH, MAX_STEPS, MAX_STEPS
    options.errorLimit = 100
    return options


def _complaints(design: _Design, root: Path) -> tuple[list[Fault], list[str]]:
    """Every error of slang, as faults with places and as lines."""
    engine = pyslang.DiagnosticEngine(design.manager)
    faults = []
    for found in design.compilation.getAllDiagnostics():
        if found.isError():
            text = "".join(c if c.isprintable() else "?" for c in engine.formatMessage(found))[:200]
            faults.append(Fault("N-107", {"text": text}, *_place(design.manager, found.location, root)))
    told = (f"{fault.file}:{fault.line}: {fault.args['text']}" if fault.file else fault.args["text"] for fault in faults)
    return faults, list(dict.fromkeys(told))[:_REMARKS]


def _place(manager: Any, location: Any, root: Path) -> tuple[str, int, int]:
    """File below the root, line and column; empty for a place elsewhere."""
    where = manager.getFullyExpandedLoc(location)
    path = Path(manager.getFullPath(where.buffer))
    if not path.is_relative_to(root.resolve()):
        return "", 0, 0
    name = path.relative_to(root.resolve()).as_posix()
    return name, int(manager.getLineNumber(where)), int(manager.getColumnNumber(where))


def _pins(top: Any, faults: Sequence[Fault]) -> Iterator[Pin]:
    for port in top.body.portList:
        if not _NAME.fullmatch(port.name):
            raise refuse("N-108", name=port.name or "-")
        if port.kind == ast.SymbolKind.InterfacePort:
            yield from _members(port, faults)
        elif port.kind == ast.SymbolKind.Port and port.direction in _TREE:
            pin = _pin(port.name, port.name, port.direction, port.type, faults)
            yield pin if pin.lane else replace(pin, lane=_lane(port, pin.width, top))
        else:
            raise refuse("N-108", name=port.name)


def _members(port: Any, faults: Sequence[Fault]) -> Iterator[Pin]:
    """The signals of an interface port as its modport gives them directions; without one nobody knows any direction."""
    instance, modport = port.connection if isinstance(port.connection, tuple) else (None, None)
    if instance is None or modport is None or port.declaredRange:
        raise refuse("N-110", name=port.name)
    header = [inner for inner in instance.body.portList if inner.kind == ast.SymbolKind.Port]
    names = {inner.name for inner in header}
    listed = [m for m in modport if m.kind == ast.SymbolKind.ModportPort and m.name not in names]
    for member in (*header, *listed):
        if _NAME.fullmatch(member.name):
            yield _pin(f"{port.name}.{member.name}", f"{port.name}_{member.name}", member.direction, member.type, faults)


def _pin(signal: str, name: str, direction: Any, kind: Any, faults: Sequence[Fault]) -> Pin:
    real = kind.canonicalType
    width = int(kind.bitstreamWidth)
    if real.isError or not width:
        raise DraftError(faults or [Fault("N-108", {"name": signal})])
    unpacked = bool(real.isUnpackedArray)
    element = real.arrayElementType if unpacked or _nested(real) else None
    lane = int(element.bitstreamWidth) if element is not None else 0
    signed = bool((element if unpacked and element is not None else real).isSigned)
    side: Dir = _TREE[direction]  # type: ignore[assignment]  # the table holds nothing else
    return Pin(f"{signal}[*]" if unpacked else signal, name, side, width, signed, lane)


def _lane(port: Any, width: int, top: Any) -> int:
    """The element width in a range such as `[N*8-1:0]`: the factor that is a literal or is named like a width; else 0."""
    match = _PRODUCT.search(str(port.syntax.parent or "")[:400]) if port.syntax is not None else None
    values = {item.name: _integer(getattr(getattr(item, "value", None), "value", None)) for item in top.body.parameters}
    for factor in match.groups()[::-1] if match else ():
        value = int(factor) if factor.isdecimal() else values.get(factor) if _WIDTH.search(factor) else None
        if value and 1 < value < width and width % value == 0:
            return value
    return 0


def _nested(kind: Any) -> bool:
    """A packed array of packed arrays: its elements are wider than one bit."""
    return bool(kind.isPackedArray) and int(kind.arrayElementType.bitstreamWidth) > 1


def _parameters(top: Any) -> tuple[dict[str, int], tuple[str, ...]]:
    """Parameters that are integers, with their values; the names of those that a manifest cannot hold."""
    known, others = {}, []
    for parameter in _own(top.body.parameters):
        value = getattr(parameter, "value", None)
        number = _integer(getattr(value, "value", None))
        if number is None or not _IDENTIFIER.fullmatch(parameter.name):
            others.append(parameter.name)
        else:
            known[parameter.name] = number
    return known, tuple(others)


def _own(parameters: Iterable[Any]) -> Iterator[Any]:
    for parameter in parameters:
        if parameter.isPortParam and not parameter.isLocalParam:
            yield parameter


def _integer(value: object) -> int | None:
    if not isinstance(value, pyslang.SVInt) or value.hasUnknown:
        return None
    number = int(value)
    return number if -_WORD64 <= number < _WORD64 else None
