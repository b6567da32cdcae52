"""Expands the kinds of a contract: afterwards every operation has math, and keeps its kind's name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from verif.contract import faults
from verif.contract.diagnostic import Diagnostic
from verif.contract.kinds.convolution import convolution
from verif.contract.kinds.elementwise import elementwise, table
from verif.contract.kinds.frame import Frame, KindError
from verif.contract.kinds.matrix import gemm
from verif.contract.kinds.names import KINDS
from verif.contract.kinds.normalise import layernorm, softmax
from verif.contract.kinds.pool import pool
from verif.contract.model import Contract, Operation, Text
from verif.contract.nodes import ExprError, near
from verif.contract.syntax import parse_math

_MAKERS: dict[str, Callable[[Frame], None]] = {
    "gemm": gemm, "gemm_requant": gemm, "conv2d": convolution, "depthwise": convolution, "pool": pool,
    "elementwise": elementwise, "lut": table, "softmax": softmax, "layernorm": layernorm,
}  # fmt: skip


def expand(contract: Contract) -> tuple[Contract | None, list[Diagnostic]]:
    """The contract with math in every operation, or None with everything that keeps a kind from expanding."""
    found, operations = list[Diagnostic](), []
    for operation in contract.operations:
        wrong = list(_wrong(operation))
        if operation.kind and not wrong:
            expanded = _expanded(contract, operation)
            wrong += [expanded] if isinstance(expanded, Diagnostic) else []
            operations += [expanded] if isinstance(expanded, Operation) else []
        else:
            operations.append(operation)
        found += wrong
    return (None, found) if found else (replace(contract, operations=tuple(operations)), [])


def _wrong(operation: Operation) -> Iterator[Diagnostic]:
    """What is wrong whatever the kind does: math and kind, roles, attributes."""
    if bool(operation.math) == bool(operation.kind):
        place = operation.places.get("kind", operation.span) if operation.math else operation.span
        yield faults.diagnostic("E-MAN-120", place, operation=operation.id)
    elif operation.kind:
        yield from _unknown(operation)
        yield from _missing(operation)
    else:
        for key in ("roles", "attributes"):
            if getattr(operation, key):
                span = operation.places.get(f"@{key}", operation.span)
                yield faults.diagnostic("E-MAN-123", span, kind="math", attribute=key, expected="none")


def _missing(operation: Operation) -> Iterator[Diagnostic]:
    kind = KINDS[operation.kind]
    for name in kind.needed:
        if name not in operation.attributes:
            place = operation.places.get("kind", operation.span)
            yield faults.diagnostic("E-MAN-121", place, kind=operation.kind, attribute=name)
    for role in kind.roles:
        if operation.roles.get(role, role) not in operation.tensors:
            place = operation.places.get(f"roles.{role}") or operation.places.get("kind", operation.span)
            name = operation.roles.get(role, role)
            yield faults.diagnostic("E-MAN-125", place, kind=operation.kind, role=role, tensor=name)


def _unknown(operation: Operation) -> Iterator[Diagnostic]:
    kind = KINDS[operation.kind]
    known = {"attributes": kind.attributes, "roles": (*kind.roles, *kind.optional)}
    for section, names in known.items():
        for name in getattr(operation, section):
            if name not in names:
                span = operation.places.get(f"@{section}.{name}", operation.span)
                args = {"kind": operation.kind, "attribute": name, "expected": ", ".join(names) or "none"}
                yield faults.pair(("E-MAN-122", "E-MAN-123"), span, near(name, names), **args)


def _expanded(contract: Contract, operation: Operation) -> Operation | Diagnostic:
    frame = Frame(contract, operation)
    try:
        _MAKERS[operation.kind](frame)
        for line in frame.math:
            parse_math(line)
    except KindError as error:
        return error.diagnostic
    except ExprError as error:
        return faults.expression(error, Text(operation.kind, frame.span))
    math = tuple(Text(line, frame.span) for line in frame.math)
    return replace(operation, math=math, tensors=frame.tensors, overflow=frame.overflow, extents=tuple(frame.extents))
