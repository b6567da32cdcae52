"""Names and their values: constants, operation variables, tensor shapes, and which tensors go in or come out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from verif.contract.expr import evaluate
from verif.contract.model import Contract, Operation, Stream
from verif.contract.nodes import ExprError
from verif.contract.signals import channel_of
from verif.contract.syntax import parse_math

_RANGE = re.compile(r"(.+?)\.\.(.+?)(?:\sstep\s(.+))?", re.DOTALL)
MAX_VALUES = 1 << 64


def constants(contract: Contract) -> dict[str, int]:
    """Parameters as `param.X` and every let, in declared order; raises ExprError."""
    names = {f"param.{name}": value for name, value in contract.design.parameters.items()}
    for name, text in contract.lets.items():
        names[name] = evaluate(text.value, names)
    return names


def range_parts(text: str) -> tuple[tuple[int, str], ...]:
    """Expressions of a RANGE with their offsets: (lo, hi) or (lo, hi, step), or the values of a list; raises ExprError."""
    if text.startswith("[") and text.endswith("]"):
        return _list_parts(text)
    match = _RANGE.fullmatch(text)
    if not match:
        raise ExprError("syntax", (0, max(1, len(text))), detail="lo..hi, lo..hi step s, or a list of values")
    return tuple((match.start(group), match[group]) for group in (1, 2, 3) if match[group] is not None)


def _list_parts(text: str) -> tuple[tuple[int, str], ...]:
    parts, offset = [], 1
    for part in text[1:-1].split(";"):
        parts.append((offset, part))
        offset += len(part) + 1
    return tuple(parts)


def values_of(text: str, names: Mapping[str, int]) -> Sequence[int]:
    """The values of a RANGE, ascending from its low end; raises ExprError, also when there is none."""
    parts = range_parts(text)
    numbers = []
    for offset, part in parts:
        try:
            numbers.append(evaluate(part, names))
        except ExprError as error:
            raise moved(error, offset) from None
    values: Sequence[int] = tuple(numbers)
    if not text.startswith("["):
        step = numbers[2] if len(numbers) > 2 else 1  # noqa: PLR2004  lo, hi, step
        if step < 1 or numbers[1] - numbers[0] >= MAX_VALUES or max(map(abs, numbers)) >= MAX_VALUES:
            raise ExprError("range", (0, max(1, len(text))), low=str(numbers[0]), high=str(numbers[1]), step=str(step))
        values = range(numbers[0], numbers[1] + 1, step)
    if not values:  # only a range can be empty
        raise ExprError("range", (0, max(1, len(text))), low=str(numbers[0]), high=str(numbers[1]), step="1")
    return values


def length(values: Sequence[int]) -> int:
    """Number of values, also of a range longer than `len` can say."""
    return (values[-1] - values[0]) // values.step + 1 if isinstance(values, range) and values else len(values)


def moved(error: ExprError, offset: int) -> ExprError:
    """The same error, `offset` characters further right."""
    return ExprError(error.code, (error.offset + offset, error.length), **error.args_)


def variable_values(contract: Contract, operation: Operation, name: str, earlier: Mapping[str, int]) -> Sequence[int]:
    """The values that variable `name` may take once the variables before it are fixed; raises ExprError."""
    return values_of(operation.vars[name].value, constants(contract) | dict(earlier))


def allowed(contract: Contract, operation: Operation, variables: Mapping[str, int]) -> bool:
    """Whether the operation's `where` holds."""
    return operation.where is None or bool(evaluate(operation.where.value, constants(contract) | dict(variables)))


def shapes(contract: Contract, operation: Operation, variables: Mapping[str, int]) -> dict[str, tuple[int, ...]]:
    """Extents of every tensor; raises ExprError."""
    names = constants(contract) | dict(variables)
    return {tensor: tuple(evaluate(dim.value, names) for dim in kind.shape) for tensor, kind in operation.tensors.items()}


def output_tensors(operation: Operation) -> tuple[str, ...]:
    """Tensors that math assigns, in the order of its lines."""
    return tuple(dict.fromkeys(parse_math(line.value).target for line in operation.math))


def input_tensors(operation: Operation) -> tuple[str, ...]:
    """Tensors that math does not assign, in declared order."""
    assigned = set(output_tensors(operation))
    return tuple(name for name in operation.tensors if name not in assigned)


def streams_of(contract: Contract, operation: Operation, direction: str) -> tuple[Stream, ...]:
    """Streams whose channel goes `in` or `out`, in declared order."""
    return tuple(stream for stream in operation.streams if channel_of(contract, stream.channel).dir == direction)


def observed_tensors(contract: Contract, operation: Operation) -> tuple[str, ...]:
    """Tensors that appear in a packer of an output stream, in declared order."""
    from verif.contract.packing import tensors_of

    seen = {name for stream in streams_of(contract, operation, "out") for name in tensors_of(stream)}
    return tuple(name for name in operation.tensors if name in seen)
