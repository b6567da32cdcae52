"""softmax and layernorm over the last axis, in doubles and rounded once; so a tolerance must be declared."""

from __future__ import annotations

from verif.contract.kinds.frame import Frame
from verif.contract.kinds.requantize import clipped


def _start(frame: Frame) -> tuple[list[str], str, str]:
    """Index names of the rows, that of the last axis, and its extent."""
    if frame.name("Y") not in frame.numerics.tolerance:
        raise frame.fail("E-MAN-128", key=f"numerics.tolerance.{frame.name('Y')}")
    rank = frame.rank("X", 2, 3, 4)
    frame.rank("Y", rank)
    for axis in range(rank):
        frame.want("Y", axis, frame.extent("X", axis))
    return frame.indices([f"r{axis}" for axis in range(rank - 1)]), frame.index("c"), frame.extent("X", rank - 1)


def _number(frame: Frame, element: str) -> str:
    """An element as a real number: an integer times the scale of its tensor."""
    if frame.type("X").form:
        return element
    return f"{element} * {_scale(frame, 'x_scale')}"


def _scale(frame: Frame, name: str) -> str:
    if name not in frame.operation.attributes:
        raise frame.fail("E-MAN-121", attribute=name)
    return frame.expression(name)


def _result(frame: Frame, indices: list[str], value: str) -> None:
    """The last two lines: the real result, and its quantised form when the result is of integers."""
    if frame.type("Y").form:
        frame.line("Y", indices, value)
        return
    real = frame.add(f"{frame.name('Y')}_real", "f64", frame.type("Y").shape)
    place = ",".join(indices)
    frame.math.append(f"{real}[{place}] = {value} / {_scale(frame, 'y_scale')}")
    zero = frame.at(frame.numerics.requantize.get("zero_point", {}).get("Y"), indices[-1], "0")
    whole = f"round({real}[{place}], 0, conv_even)" + ("" if zero == "0" else f" + {zero}")
    frame.line("Y", indices, clipped(frame, whole))


def softmax(frame: Frame) -> None:
    """exp(x - max) over its sum; the greatest element is taken away first, which changes no value."""
    rows, c, size = _start(frame)
    shape, name, acc = frame.type("X").shape, frame.name("X"), frame.index("acc")
    row, whole = ",".join(rows), ",".join((*rows, c))
    most = frame.add("X_max", "f64", shape[:-1])
    exps = frame.add("X_exp", "f64", shape)
    total = frame.add("X_sum", "f64", shape[:-1])
    frame.math += [
        f"{most}[{row}] = fold({name}[{row},0], {acc}, max({acc}, {name}[{whole}]) for {c} in {size})",
        f"{exps}[{whole}] = exp({_number(frame, f'({name}[{whole}] - {most}[{row}])')})",
        f"{total}[{row}] = sum({exps}[{whole}] for {c} in {size})",
    ]
    _result(frame, [*rows, c], f"{exps}[{whole}] / {total}[{row}]")


def layernorm(frame: Frame) -> None:
    """(x - mean) / sqrt(variance + epsilon), times G, plus B; the variance is that of all elements."""
    rows, c, size = _start(frame)
    shape, name = frame.type("X").shape, frame.name("X")
    row, whole = ",".join(rows), ",".join((*rows, c))
    mean, var = frame.add("X_mean", "f64", shape[:-1]), frame.add("X_var", "f64", shape[:-1])
    apart = f"({_number(frame, f'{name}[{whole}]')} - {mean}[{row}])"
    frame.math += [
        f"{mean}[{row}] = sum({_number(frame, f'{name}[{whole}]')} for {c} in {size}) / {size}",
        f"{var}[{row}] = sum({apart} * {apart} for {c} in {size}) / {size}",
    ]
    value = f"{apart} / sqrt({var}[{row}] + {frame.expression('epsilon')})"
    for role, text in (("G", f" * {frame.name('G')}[{c}]"), ("B", f" + {frame.name('B')}[{c}]")):
        if frame.has(role):
            frame.rank(role, 1)
            value += text
    real = frame.add("X_norm", "f64", shape)
    frame.math.append(f"{real}[{whole}] = {value}")
    _result(frame, [*rows, c], f"{real}[{whole}]")
