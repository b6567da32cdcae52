"""Constant tables of the manifest as grids."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import numpy as np

from verif.contract import scope
from verif.contract.expr import evaluate_node
from verif.contract.model import Contract, Lut
from verif.contract.nodes import ExprError
from verif.contract.numerics import MAX_ENTRIES
from verif.contract.syntax import parse_body, parse_expr
from verif.contract.vector import Value, grid, scalar
from verif.golden.functions import MathEvaluator
from verif.golden.reals import Arithmetic, is_real


def tables(contract: Contract) -> dict[str, Value]:
    """Every table by name; raises ExprError when an entry has no value."""
    names = tuple(scope.constants(contract).items())
    return {name: _table(table, names) for name, table in contract.luts.items()}


@lru_cache(maxsize=64)
def _table(table: Lut, names: tuple[tuple[str, int], ...]) -> Value:
    if table.size is None or table.value is None:
        return grid(np.array(table.values, dtype=object))
    constants: Mapping[str, int] = dict(names)
    node, body = parse_expr(table.size.value), parse_body(table.value.value)
    size = evaluate_node(node, constants)
    if not 1 <= size <= MAX_ENTRIES:
        raise ExprError("range", node, low="1", high=str(size), step="1")
    given = {name: scalar(value) for name, value in constants.items()} | {"i": grid(np.arange(size))}
    value = MathEvaluator({}, Arithmetic("f64")).evaluate(body, given)
    if is_real(value):
        raise ExprError("real", body)
    return grid(np.broadcast_to(value.data, (size,)))
