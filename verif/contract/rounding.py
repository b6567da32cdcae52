"""Names of the rounding modes; the arithmetic is in `golden.quantize`."""

from __future__ import annotations

MODES = (
    "floor",
    "ceil",
    "pos_inf",
    "neg_inf",
    "symmetric_inf",
    "symmetric_zero",
    "conv_even",
    "conv_odd",
    "truncate",
    "tflite_double",
    "tflite_single",
    "tosa_double",
)
ALIASES = {
    "half_up": "pos_inf",
    "half_down": "neg_inf",
    "half_away": "symmetric_inf",
    "half_even": "conv_even",
    "trunc": "truncate",
}
SINGLE = MODES[:9]
"""Modes that round an exact value once, whatever it was divided by."""
UNDEFINED = ("inexact",)  # leaves the result open, so no exact reference exists


def canonical(mode: str) -> str:
    """The one name that reports print; raises KeyError for an unknown mode."""
    name = ALIASES.get(mode, mode)
    if name not in MODES:
        raise KeyError(mode)
    return name
