"""Checks of [lut] and [numerics]: every table has its values, every tolerance a result that it fits, every order a sum."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from verif.contract import faults, scope
from verif.contract.check_operation import free_names
from verif.contract.check_shapes import results
from verif.contract.diagnostic import Diagnostic
from verif.contract.model import Contract, Lut, Operation, Text
from verif.contract.nodes import Assignment, ExprError, Node, near, walk
from verif.contract.numerics import Tolerance, numerics_of, parse_tolerance
from verif.contract.real import is_real, real_tensors
from verif.contract.syntax import parse_body, parse_expr, parse_math
from verif.golden.tables import tables


def check_numerics(contract: Contract) -> Iterator[Diagnostic]:
    """Tables first, then tolerances; these stand for the whole manifest."""
    known = {f"param.{name}" for name in contract.design.parameters} | set(contract.lets)
    for name, table in contract.luts.items():
        taken = name in known or any(name in {*op.tensors, *op.vars} for op in contract.operations)
        if taken:
            yield faults.diagnostic("E-MAN-051", table.span, name=name)
        wrong = list(_free(table, known))
        yield from wrong or _values(contract, name, table)
    for name, text in numerics_of(contract).tolerance.items():
        yield from _tolerance(contract, name, text)


def _free(table: Lut, known: set[str]) -> Iterator[Diagnostic]:
    for text, names in ((table.size, known), (table.value, known | {"i"})):
        if text is None:
            continue
        node = parse_expr(text.value) if text is table.size else parse_body(text.value)
        for error in free_names(node, names, {}):
            yield faults.expression(error, text)


def _values(contract: Contract, name: str, table: Lut) -> Iterator[Diagnostic]:
    try:
        tables(replace(contract, luts={name: table}))
    except ExprError as error:
        wrong = table.size if error.code == "range" else table.value
        yield faults.expression(error, wrong or Text(name, table.span))


def _tolerance(contract: Contract, name: str, text: Text) -> Iterator[Diagnostic]:
    outputs = {tensor: op for op in contract.operations if op.kind or op.math for tensor in scope.output_tensors(op)}
    if name not in outputs:
        span = contract.places.get(f"numerics.@tolerance.{name}", text.span)
        expected = ", ".join(outputs) or "none"
        args = {"kind": "tensor", "name": name, "owner": "numerics.tolerance", "expected": expected}
        yield faults.pair(("E-MAN-049", "E-MAN-050"), span, near(name, outputs), **args)
        return
    stated = parse_tolerance(text.value)
    for operation in contract.operations:
        if name in scope.output_tensors(operation):
            yield from _fits(contract, operation, name, stated, text)


def _fits(contract: Contract, operation: Operation, name: str, stated: Tolerance, text: Text) -> Iterator[Diagnostic]:
    form = operation.tensors[name].form
    if (stated.how == "ulp" and not form) or (stated.how == "lsb" and form):
        yield faults.diagnostic("E-MAN-131", text.span, tensor=name, tolerance=text.value, type=form or "integers")
    if stated.bound is None:
        return
    line = next(line for line in map(_parsed, operation.math) if line.target == name)
    known = {f"param.{param}" for param in contract.design.parameters}
    known |= {*contract.lets, *operation.vars, *line.indices}
    ranks: Mapping[str, int] = {tensor: len(kind.shape) for tensor, kind in operation.tensors.items()}
    offset = text.value.index("(") + 1
    for error in free_names(stated.bound, known, ranks):
        yield faults.expression(scope.moved(error, offset), text)
    try:
        is_real(stated.bound, real_tensors(operation))
    except ExprError as error:
        yield faults.expression(scope.moved(error, offset), text)


def check_order(contract: Contract, operation: Operation) -> Iterator[Diagnostic]:
    """With `order = "any"` a sum of floats has no one value, so it must be a whole line, and no line may read it.

    Doubles are for values in between: no tensor of them crosses a pin.
    """
    for name in (*scope.input_tensors(operation), *results(operation)):
        if operation.tensors[name].form == "f64":
            yield faults.diagnostic("E-MAN-133", operation.tensors[name].text.span, tensor=name)
    if numerics_of(contract).order:
        return
    reals, lines = real_tensors(operation), [(_parsed(text), text) for text in operation.math]
    read = {node.name for line, _ in lines for node in walk(line.body) if node.op == "index"}
    for line, text in lines:
        if line.target not in operation.tensors or operation.tensors[line.target].form == "f64":
            continue
        sums = [node for node in walk(line.body) if node.op == "sum" and _real(node, reals)]
        if sums and (sums != [line.body] or line.target in read):
            span = faults.at(text, sums[0].offset, sums[0].length)
            yield faults.diagnostic("E-MAN-132", span, tensor=line.target)


def _real(node: Node, reals: frozenset[str]) -> bool:
    try:
        return is_real(node, reals)
    except ExprError:
        return False  # said where types are checked


def _parsed(text: Text) -> Assignment:
    return parse_math(text.value)
