"""Features of a manifest: what decides whether a row of the standard testplan applies. Computed, never claimed."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from verif.contract.model import Channel, Contract, Operation
from verif.contract.steps import written
from verif.stimulus.anatomy import anatomy

_DECLARATIONS = ("numerics", "security", "safety", "claims", "timing")


def features(contract: Contract) -> frozenset[str]:
    """Names of every feature that `contract` has; raises ExprError when its math does not parse."""
    found = {name for name, test in _CHANNEL.items() if any(test(channel) for channel in contract.channels)}
    found |= {name for name, test in _OPERATION.items() if any(test(operation) for operation in contract.operations)}
    found |= {name for name, test in _CONTRACT.items() if test(contract)}
    return frozenset(found | {f"decl:{name}" for name in _declared(contract)})


def _declared(contract: Contract) -> Iterator[str]:
    """Keys that the optional sections give a value, and the safety mechanisms that they name."""
    for section in _DECLARATIONS:
        for key, value in contract.optional.get(section, {}).items():
            if value is not None:
                yield key
            if key == "mechanisms" and isinstance(value, list | tuple):
                yield from (str(name) for name in value)


def reason_without(feature: str, profile: str) -> str:
    """Why a row that needs `feature` does not apply, as a clause for people."""
    if feature.startswith("bus"):
        return f"profile {profile} has no {feature.partition(':')[2] or 'register'} bus"
    return "the manifest declares no " + _WORDS.get(feature, feature.removeprefix("decl:").replace("_", " "))


def _out(channel: Channel) -> bool:
    return channel.dir == "out"


def _stream(channel: Channel) -> bool:
    return channel.protocol == "axi4stream"


_BOTH_WAYS = frozenset({"ready_valid", "request_grant"})  # the receiver can hold a beat back
_CHANNEL: dict[str, Callable[[Channel], bool]] = {
    "ready_valid": lambda c: c.handshake in _BOTH_WAYS,
    "ready_valid_out": lambda c: c.handshake in _BOTH_WAYS and _out(c),
    "stable": lambda c: c.stable and _out(c),
    "axi4stream_out": lambda c: _stream(c) and _out(c),
    "axi4stream_last_out": lambda c: _stream(c) and _out(c) and "last" in c.roles,
    "axi4stream_last_in": lambda c: _stream(c) and not _out(c) and "last" in c.roles,
    "axi4stream_keep": lambda c: _stream(c) and bool({"keep", "strb"} & set(c.roles)),
    "axi4stream_id": lambda c: _stream(c) and bool({"id", "dest", "user"} & set(c.roles)),
    "input_gaps": lambda c: c.gaps and not _out(c) and c.handshake != "fixed",
    "idle_random": lambda c: c.idle == "random" and not _out(c),
}


def _elements(operation: Operation) -> list[tuple[bool, int]]:
    names = [operand.tensor for operand in anatomy(operation).operands]
    return [(operation.tensors[name].signed, operation.tensors[name].bits) for name in names]


_OPERATION: dict[str, Callable[[Operation], bool]] = {
    "mac": lambda o: len(anatomy(o).operands) > 1,
    "requantize": lambda o: bool(anatomy(o).rounds),
    "requantize_mult": lambda o: bool(anatomy(o).multipliers),
    "clip": lambda o: bool(anatomy(o).clips),
    "activation": lambda o: bool(anatomy(o).relus),
    "mixed_sign": lambda o: len({signed for signed, _ in _elements(o)}) > 1,
    "int4": lambda o: any(bits <= 4 for _, bits in _elements(o)),  # noqa: PLR2004  the feature's name says it
    "int16": lambda o: any(bits == 16 for _, bits in _elements(o)),  # noqa: PLR2004  same
    "conv": lambda o: o.kind in {"conv2d", "conv1d", "depthwise"},
    "depthwise": lambda o: o.kind == "depthwise",
    "pool": lambda o: o.kind == "pool",
    "elementwise": lambda o: o.kind == "elementwise",
    "lut": lambda o: bool(anatomy(o).lookups),
    "padding": lambda o: bool(anatomy(o).paddings),
    "float": lambda o: any(kind.form for kind in o.tensors.values()),
    "float8": lambda o: any(kind.form and kind.bits == 8 for kind in o.tensors.values()),  # noqa: PLR2004  same
    "held_configuration": lambda o: any(step.kind == "set" and step.until for step in written(o.steps)),
    "event": lambda o: any(step.kind == "wait" for step in written(o.steps)),
}
_CONTRACT: dict[str, Callable[[Contract], bool]] = {
    "reset": lambda c: bool(c.resets),
    "two_clocks": lambda c: len(c.clocks) > 1,
}
_WORDS = {
    "ready_valid": "channel with a ready/valid or request/grant handshake",
    "ready_valid_out": "output channel with a ready/valid or request/grant handshake",
    "stable": "output channel that must hold its payload",
    "axi4stream_out": "AXI4-Stream output",
    "axi4stream_last_out": "AXI4-Stream output with TLAST",
    "axi4stream_last_in": "AXI4-Stream input with TLAST",
    "axi4stream_keep": "AXI4-Stream channel with TKEEP or TSTRB",
    "axi4stream_id": "AXI4-Stream channel with TID, TDEST or TUSER",
    "input_gaps": "input channel that may pause",
    "idle_random": "input channel whose idle payload is free",
    "mac": "sum of products",
    "requantize": "requantisation",
    "requantize_mult": "requantisation multiplier",
    "clip": "output clip",
    "mixed_sign": "product of signed and unsigned operands",
    "int4": "operand of 4 bits or fewer",
    "int16": "operand of 16 bits",
    "float": "floating-point type",
    "float8": "8-bit floating-point type",
    "lut": "table lookup",
    "padding": "element outside its tensor",
    "decl:ftti_cycles": "ftti",
    "decl:locked": "locked registers",
    "event": "event that an operation waits for",
    "held_configuration": "configuration with a declared hold",
    "two_clocks": "second clock",
}
