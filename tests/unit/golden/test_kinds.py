"""What kinds do with [numerics]: accumulators, multipliers, clips, tables, biases, against Python's own integers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from verif.contract.explain import explain
from verif.contract.read import read_manifest
from verif.golden.quantize import mbqm_int16

RNG = np.random.default_rng(11)
X, W = RNG.integers(-128, 128, (6, 5)), RNG.integers(-128, 128, (5, 3))
KINDS = {"X": "i8[6,5]", "W": "i8[5,3]", "Y": "i8[6,3]"}
SUMS = X @ W


def requantised(**how: Any) -> dict[str, Any]:
    return {"numerics": {"requantize": {"scheme": "shift", "shift": 7, "rounding": "floor"} | how}}


@pytest.mark.parametrize(("clip", "low", "high"), [("saturate", -128, 127), ("symmetric", -127, 127), (["-5", "9"], -5, 9)])
def test_clips(manifest: Any, run: Any, clip: Any, low: int, high: int) -> None:
    found = run(manifest({"kind": "gemm_requant"}, KINDS, ["Y"], requantised(clip=clip, shift=4)), {"X": X, "W": W})["Y"]
    assert np.array_equal(found, np.clip(SUMS >> 4, low, high))
    assert {found.min(), found.max()} == {low, high}


def test_without_a_clip_results_wrap(manifest: Any, run: Any) -> None:
    found = run(manifest({"kind": "gemm_requant"}, KINDS, ["Y"], requantised(clip="none", shift=4)), {"X": X, "W": W})["Y"]
    assert np.array_equal(found, ((SUMS >> 4) + 128) % 256 - 128)
    assert (found != np.clip(SUMS >> 4, -128, 127)).any()


def test_relu_comes_before_the_zero_point(manifest: Any, run: Any) -> None:
    text = manifest({"kind": "gemm_requant"}, KINDS, ["Y"], requantised(activation="relu", zero_point=-100))
    assert np.array_equal(run(text, {"X": X, "W": W})["Y"], np.minimum((np.maximum(SUMS, 0) >> 7) - 100, 127))


@pytest.mark.parametrize(("overflow", "bias"), [("wrap", "last"), ("saturate_end", "last"), ("saturate_each", "last"),
                                                ("saturate_each", "first")])  # fmt: skip
def test_accumulators_of_sixteen_bits(manifest: Any, run: Any, overflow: str, bias: str) -> None:
    """Products of 127 and 128 leave 16 bits after three terms, and where the bias comes decides."""
    x = np.array([[127, 127, 127, 127, -128], [-128, -128, -128, -128, 127], [1, 2, 3, 4, 5]])
    w, b = np.full((5, 2), 127), np.array([-30000, 30000])
    tensors = {"X": "i8[3,5]", "W": "i8[5,2]", "B": "i16[2]", "Y": "i16[3,2]"}
    numerics = {"accumulator": {"bits": 16, "overflow": overflow, "bias": bias}}
    found = run(manifest({"kind": "gemm"}, tensors, ["Y"], {"numerics": numerics}), {"X": x, "W": w, "B": b})["Y"]

    def held(value: int) -> int:
        return min(max(value, -32768), 32767)

    for m in range(3):
        for n in range(2):
            terms = [int(x[m, k] * w[k, n]) for k in range(5)]
            if overflow == "saturate_each":
                acc = int(b[n]) if bias == "first" else 0
                for term in terms:
                    acc = held(acc + term)
                wanted = held(acc + (0 if bias == "first" else int(b[n])))
            else:
                total = sum(terms) + int(b[n])
                wanted = held(total) if overflow == "saturate_end" else (total + 32768) % 65536 - 32768
            assert found[m, n] == wanted


def test_multipliers_reduced_to_sixteen_bits(manifest: Any, run: Any) -> None:
    """int16x8: a 64-bit accumulator, and the multiplier's upper half, capped."""
    x, w = RNG.integers(-32768, 32768, (6, 40)), RNG.integers(-127, 128, (40, 3))
    mult = np.array([(1 << 30) + 12345, (1 << 31) - 1, 1 << 30])
    tensors = {"X": "i16[6,40]", "W": "i8[40,3]", "mult": "u31[3]", "Y": "i16[6,3]"}
    how = requantised(scheme="mult_shift", mult="mult", mult_bits=16, shift=25, rounding="half_up")
    how["numerics"]["accumulator"] = {"bits": 64, "overflow": "never"}
    found = run(manifest({"kind": "gemm_requant"}, tensors, ["Y"], how), {"X": x, "W": w, "mult": mult})["Y"]
    assert np.array_equal(found, np.clip(mbqm_int16(x @ w, mult, -10), -32768, 32767))
    reduced = [16384, 32767, 16384]
    assert found[0].tolist() == [
        min(max((int(s) * m + (1 << 24)) >> 25, -32768), 32767) for s, m in zip((x @ w)[0], reduced, strict=True)
    ]


def test_results_through_a_table(manifest: Any, run: Any) -> None:
    x, w = RNG.integers(0, 4, (6, 5)), RNG.integers(0, 4, (5, 3))
    tensors = {"X": "u2[6,5]", "W": "u2[5,3]", "Y": "i8[6,3]"}
    sections = requantised(scheme="lut", table="sq", offset=2) | {"lut": {"sq": {"size": 48, "value": "i*i // 20"}}}
    found = run(manifest({"kind": "gemm_requant"}, tensors, ["Y"], sections), {"X": x, "W": w})["Y"]
    assert np.array_equal(found, (x @ w + 2) ** 2 // 20)


@pytest.mark.parametrize(("across", "along"), [(True, False), (False, True)])
def test_transposed_operands(manifest: Any, run: Any, *, across: bool, along: bool) -> None:
    x, w = X.T if across else X, W.T if along else W
    tensors = {"A": f"i8[{x.shape[0]},{x.shape[1]}]", "B": f"i8[{w.shape[0]},{w.shape[1]}]", "Y": "i32[6,3]"}
    operation = {"kind": "gemm", "roles": {"X": "A", "W": "B"}, "attributes": {"transpose_x": across, "transpose_w": along}}
    assert np.array_equal(run(manifest(operation, tensors, ["Y"]), {"A": x, "B": w})["Y"], SUMS)


def test_pad_values_other_than_the_zero_point(manifest: Any, run: Any) -> None:
    x, w = RNG.integers(-128, 128, (1, 1, 1)), RNG.integers(-128, 128, (1, 3, 3, 1))
    tensors = {"X": "i8[1,1,1]", "W": "i8[1,3,3,1]", "Y": "i32[1,1,1]"}
    sections = requantised(zero_point={"X": 7})
    sections["numerics"]["pad"] = 0
    operation = {"kind": "conv2d", "attributes": {"pad": 1, "requantize": False}}
    border = int(w.sum() - w[0, 1, 1, 0])
    found = run(manifest(operation, tensors, ["Y"], sections), {"X": x, "W": w})["Y"]
    assert found.item() == int((x.item() - 7) * w[0, 1, 1, 0]) - 7 * border


def test_channels_first(manifest: Any, run: Any) -> None:
    x, w = RNG.integers(-128, 128, (6, 5, 2)), RNG.integers(-128, 128, (3, 2, 2, 2))
    last = manifest({"kind": "conv2d"}, {"X": "i8[6,5,2]", "W": "i8[3,2,2,2]", "Y": "i32[5,4,3]"}, ["Y"])
    operation = {"kind": "conv2d", "attributes": {"layout": "nchw"}}
    first = manifest(operation, {"X": "i8[2,6,5]", "W": "i8[3,2,2,2]", "Y": "i32[3,5,4]"}, ["Y"])
    found = run(first, {"X": np.transpose(x, (2, 0, 1)), "W": np.transpose(w, (0, 3, 1, 2))})["Y"]
    assert np.array_equal(np.transpose(found, (1, 2, 0)), run(last, {"X": x, "W": w})["Y"])


def test_four_bits_two_to_a_byte(manifest: Any, run: Any) -> None:
    """What crosses is packed; what is computed are the integers."""
    w = RNG.integers(-8, 8, (5, 3))
    found = run(manifest({"kind": "gemm"}, KINDS | {"W": "i4[5,3]", "Y": "i32[6,3]"}, ["Y"]), {"X": X, "W": w})["Y"]
    assert np.array_equal(found, X @ w)


def test_the_math_is_printed(manifest: Any) -> None:
    contract, found = read_manifest(manifest({"kind": "gemm_requant"}, KINDS, ["Y"], requantised()))
    assert contract is not None, found
    assert contract.operations[0].kind == "gemm_requant"
    assert explain(contract.operations[0]) == (
        "Y_acc[m, n] = sum(X[m, k] * W[k, n] for k in 5)",
        "Y[m, n] = clip(round(Y_acc[m, n], 7, floor), -128, 127)",
    )


def test_names_of_indices_keep_clear_of_the_manifests(manifest: Any, run: Any) -> None:
    operation = {"kind": "gemm", "vars": {"m": "1..9", "k": "1..9"}}
    text = manifest(operation, {"X": "i8[m,k]", "W": "i8[k,3]", "Y": "i32[m,3]"}, ["Y"])
    assert np.array_equal(run(text, {"X": X, "W": W}, m=6, k=5)["Y"], SUMS)
