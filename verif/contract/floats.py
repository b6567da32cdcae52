"""Float formats of tensors: how many bits of which kind. Arithmetic in them is in `golden.floating`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Format:
    """Sign, `exponent` and `fraction` bits, most significant first.

    With `infinity` the greatest exponent holds infinities and NaNs, as in IEEE 754; without it only the pattern of all ones
    is NaN, and one that is too large becomes NaN (OCP OFP8's E4M3, which ONNX calls FLOAT8E4M3FN).
    """

    exponent: int
    fraction: int
    infinity: bool = True

    @property
    def bits(self) -> int:
        """Width of the pattern."""
        return 1 + self.exponent + self.fraction

    @property
    def bias(self) -> int:
        """What the exponent field of 1.0 holds."""
        return int((1 << (self.exponent - 1)) - 1)

    @property
    def least_exponent(self) -> int:
        """Power of two of the smallest normal number."""
        return 1 - self.bias

    @property
    def greatest(self) -> float:
        """The largest finite number."""
        power, short = self.bias + (0 if self.infinity else 1), 1 if self.infinity else 2
        return float((2 - short * 2.0**-self.fraction) * 2.0**power)

    @property
    def nan(self) -> int:
        """The pattern of the one NaN that results hold: quiet, positive, payload zero."""
        if not self.infinity:
            return (1 << (self.bits - 1)) - 1
        return (((1 << self.exponent) - 1) << self.fraction) | (1 << (self.fraction - 1))


FORMATS = {
    "bf16": Format(8, 7),
    "f16": Format(5, 10),
    "f32": Format(8, 23),
    "f64": Format(11, 52),
    "f8e4m3": Format(4, 3, infinity=False),
    "f8e5m2": Format(5, 2),
}
