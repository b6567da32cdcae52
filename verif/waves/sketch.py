"""The smallest operation as beats on the pins, out of the manifest alone: no design, no simulator, no stalls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from verif.contract import samples, scope
from verif.contract.model import Channel, Contract, Operation
from verif.contract.nodes import ExprError
from verif.contract.pack import Beats, beats
from verif.golden.evaluate import evaluate
from verif.waves.fields import hexadecimal

MOST_BEATS = 8
WHOLE_BITS = 32


def smallest(contract: Contract, operation: Operation) -> Mapping[str, int] | None:
    """The variables under which the fewest beats cross, of those that were looked at; None when there are none."""
    known = samples.samples(contract, operation)
    return min(known, key=lambda variables: samples.cost(contract, operation, variables), default=None)


def sketch(contract: Contract, operation: Operation) -> dict[str, Any]:
    """`{shape, channels: [{id, dir, count, valid, ready, fields: [{pin, bits, cut, values}]}]}`: the first beats, in hex.

    Inputs count upwards through the range of their type, so that a lane in the picture can be told from its neighbour.
    `channels` is empty when no shape was found. Raises ExprError.
    """
    variables = smallest(contract, operation)
    if variables is None:
        return {"shape": "", "channels": []}
    tensors = _tensors(contract, operation, variables)
    found = [_channel(contract, operation, channel, variables, tensors) for channel in contract.channels]
    return {"shape": samples.shown(variables), "channels": [channel for channel in found if channel["count"]]}


def _tensors(contract: Contract, operation: Operation, variables: Mapping[str, int]) -> Mapping[str, NDArray[Any]]:
    shapes = scope.shapes(contract, operation, variables)
    inputs = {name: _counting(operation, name, shapes[name]) for name in scope.input_tensors(operation)}
    try:
        return evaluate(contract, operation, variables, inputs)
    except ExprError:  # these inputs may be outside what the operation's math allows; its outputs are then left open
        return inputs


def _counting(operation: Operation, name: str, shape: tuple[int, ...]) -> NDArray[np.int64]:
    """1, 2, 3, ... and around again at the end of the type's range."""
    kind = operation.tensors[name]
    low, high = max(kind.low, 1) if kind.high >= 1 else kind.low, kind.high
    count = int(np.prod(shape, dtype=np.int64))
    values = [low + number % (high - low + 1) for number in range(count)]
    return np.array(values, dtype=np.int64 if high < 1 << 63 else object).reshape(shape)


def _channel(
    contract: Contract,
    operation: Operation,
    channel: Channel,
    variables: Mapping[str, int],
    tensors: Mapping[str, NDArray[Any]],
) -> dict[str, Any]:
    parts = [
        _packed(contract, operation, stream, variables, tensors)
        for stream in operation.streams
        if stream.channel == channel.id
    ]
    known = [part for part in parts if part is not None]
    return {
        "id": channel.id,
        "dir": channel.dir,
        "count": sum(part.count for part in known),
        "valid": channel.valid.value if channel.valid else "",
        "ready": channel.ready.value if channel.ready else "",
        "fields": [_field(name, text.value, known) for name, text in channel.fields.items()] if known else [],
    }


def _packed(
    contract: Contract, operation: Operation, stream: Any, variables: Mapping[str, int], tensors: Mapping[str, NDArray[Any]]
) -> Beats | None:
    try:
        return beats(contract, operation, stream, variables, tensors)
    except KeyError:  # a tensor that could not be computed
        return None


def _field(name: str, pin: str, parts: Sequence[Beats]) -> dict[str, Any]:
    found = [field for part in parts for field in part.values if field.name == name]
    bits = max((field.width for field in found), default=1)
    shown = min(bits, WHOLE_BITS)
    values = [int(value) for field in found for value in field.values[:MOST_BEATS]][:MOST_BEATS]
    mask = (1 << shown) - 1
    return {"pin": pin, "bits": bits, "cut": shown < bits, "values": [hexadecimal(value & mask, shown) for value in values]}
