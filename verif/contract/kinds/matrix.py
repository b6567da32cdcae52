"""gemm and gemm_requant: Y[m,n] = sum over k of X[m,k] * W[k,n], plus B[n]."""

from __future__ import annotations

from verif.contract.kinds.frame import Frame
from verif.contract.kinds.requantize import accumulated, requantized


def gemm(frame: Frame) -> None:
    """The product itself; with requantisation when the kind says so."""
    for role in ("X", "W", "Y"):
        frame.rank(role, 2)
    m, n, k = frame.indices("mnk")
    across, along = frame.flag("transpose_x"), frame.flag("transpose_w")
    x = f"{frame.name('X')}[{f'{k},{m}' if across else f'{m},{k}'}]"
    w = f"{frame.name('W')}[{f'{n},{k}' if along else f'{k},{n}'}]"
    inner = frame.extent("X", 0 if across else 1)
    frame.want("W", 1 if along else 0, inner)
    frame.want("Y", 0, frame.extent("X", 1 if across else 0))
    frame.want("Y", 1, frame.extent("W", 0 if along else 1))
    apart = frame.operation.kind == "gemm_requant"
    if apart and not frame.numerics.requantize:
        raise frame.fail("E-MAN-128", key="numerics.requantize")
    product = f"{frame.shifted('X', x, m)} * {frame.shifted('W', w, n)}"
    total = accumulated(frame, (m, n), product, f"for {k} in {inner}", bias(frame, n), apart=apart)
    if apart:
        frame.line("Y", (m, n), requantized(frame, total, n))


def bias(frame: Frame, channel: str) -> str:
    """The bias of a channel, or nothing."""
    if not frame.has("B"):
        return ""
    frame.rank("B", 1)
    return f"{frame.name('B')}[{channel}]"
