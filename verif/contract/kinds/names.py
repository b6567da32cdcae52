"""The kinds by name: which tensors each works on, and which attributes it has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_WINDOW = ("stride", "pad", "layout")


@dataclass(frozen=True, slots=True)
class Kind:
    """Roles and attributes; `needed` ones must be there. A tensor has its role's name unless `roles` gives another."""

    roles: tuple[str, ...]
    optional: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()
    needed: tuple[str, ...] = ()


_GEMM = Kind(("X", "W", "Y"), ("B",), ("transpose_x", "transpose_w"))
KINDS: Mapping[str, Kind] = {
    "gemm": _GEMM,
    "gemm_requant": _GEMM,
    "conv2d": Kind(("X", "W", "Y"), ("B",), (*_WINDOW, "dilation", "groups", "requantize")),
    "depthwise": Kind(("X", "W", "Y"), ("B",), (*_WINDOW, "dilation", "multiplier", "requantize")),
    "pool": Kind(("X", "Y"), (), ("mode", "kernel", *_WINDOW, "rounding", "divisor"), ("mode", "kernel")),
    "elementwise": Kind(
        ("X", "W", "Y"), (), ("op", "requantize", "left_shift", "x_mult", "x_shift", "w_mult", "w_shift"), ("op",)
    ),
    "lut": Kind(("X", "Y"), (), ("table", "offset"), ("table",)),
    "softmax": Kind(("X", "Y"), (), ("x_scale", "y_scale")),
    "layernorm": Kind(("X", "Y"), ("G", "B"), ("epsilon", "x_scale", "y_scale"), ("epsilon",)),
}
