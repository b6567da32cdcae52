"""Kinds and formats against onnx.reference and ONNX Runtime, and where those two differ from one another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import onnxruntime
import pytest
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

from verif.golden.floating import decoded, encoded, rounded

Outputs = tuple[Any, Any]
RNG = np.random.default_rng(20)
# Every sum from -16000 to 16000 as 127 * a + b: with a scale of 2**-7 each 128th of them is a tie.
SUMS = np.arange(-16000, 16001)
FIRST = np.clip(np.round(SUMS / 127), -127, 127).astype(np.int64)
PAIRS = np.stack([FIRST, SUMS - 127 * FIRST], -1)
CASTS = {"f8e4m3": TensorProto.FLOAT8E4M3FN, "f8e5m2": TensorProto.FLOAT8E5M2, "bf16": TensorProto.BFLOAT16,
         "f16": TensorProto.FLOAT16}  # fmt: skip


def run_both(nodes: list[Any], inputs: Mapping[str, Any], output: int, name: str = "y") -> Outputs:
    """The model's result by onnx.reference and by ONNX Runtime."""
    given = {key: np.asarray(value) for key, value in inputs.items()}
    ends = [helper.make_tensor_value_info(k, helper.np_dtype_to_tensor_dtype(v.dtype), v.shape) for k, v in given.items()]
    graph = helper.make_graph(nodes, "g", ends, [helper.make_tensor_value_info(name, output, None)])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    with np.errstate(all="ignore"):
        return ReferenceEvaluator(model).run(None, given)[0], session.run(None, given)[0]


def one(op: str, inputs: Mapping[str, Any], output: int, **attributes: Any) -> Outputs:
    return run_both([helper.make_node(op, list(inputs), ["y"], **attributes)], inputs, output)


def nchw(picture: Any) -> Any:
    return np.ascontiguousarray(np.transpose(picture, (0, 3, 1, 2)))


def nhwc(picture: Any) -> Any:
    return np.transpose(picture, (0, 2, 3, 1))


def int8(*shape: int) -> Any:
    return RNG.integers(-128, 128, shape)


@pytest.mark.parametrize(
    ("attributes", "onnx", "out"),
    [
        ({}, {}, (7, 6)),
        ({"stride": 2, "pad": [1, 0, 2, 1]}, {"strides": [2, 2], "pads": [1, 0, 2, 1]}, (5, 4)),
        ({"stride": [2, 1], "pad": [0, 1]}, {"strides": [2, 1], "pads": [0, 1, 0, 1]}, (4, 8)),
        ({"dilation": [1, 2], "pad": 1}, {"dilations": [1, 2], "pads": [1, 1, 1, 1]}, (9, 6)),
        ({"stride": 2, "pad": "same"}, {"strides": [2, 2], "auto_pad": "SAME_UPPER"}, (5, 4)),
        ({"groups": 2}, {"group": 2}, (7, 6)),
    ],
    ids=lambda value: str(value)[:40],
)
def test_convolution_sums(manifest: Any, run: Any, attributes: Any, onnx: Any, out: tuple[int, int]) -> None:
    """ConvInteger: strides, both pads, dilations, groups; the zero point is what padding holds."""
    groups = onnx.get("group", 1)
    x, w = int8(2, 9, 8, 4), int8(6, 3, 3, 4 // groups)
    tensors = {"X": "i8[2,9,8,4]", "W": f"i8[6,3,3,{4 // groups}]", "Y": f"i32[2,{out[0]},{out[1]},6]"}
    zero = {"requantize": {"scheme": "shift", "zero_point": {"X": -3}}}
    operation = {"kind": "conv2d", "attributes": attributes | {"requantize": False}}
    found = run(manifest(operation, tensors, ["Y"], {"numerics": zero}), {"X": x, "W": w})["Y"]
    given = {"x": nchw(x).astype(np.int8), "w": nchw(w).astype(np.int8), "z": np.int8(-3)}
    for wanted in one("ConvInteger", given, TensorProto.INT32, **onnx):
        assert np.array_equal(found, nhwc(wanted))


def test_depthwise_sums(manifest: Any, run: Any) -> None:
    """A depthwise convolution is one with as many groups as channels, here with two filters each."""
    x, w = int8(1, 7, 6, 3), int8(3, 2, 6)
    tensors = {"X": "i8[1,7,6,3]", "W": "i8[3,2,6]", "Y": "i32[1,4,6,6]"}
    operation = {"kind": "depthwise", "attributes": {"multiplier": 2, "stride": [2, 1], "pad": [1, 0, 1, 1]}}
    found = run(manifest(operation, tensors, ["Y"]), {"X": x, "W": w})["Y"]
    given = {"x": nchw(x).astype(np.int8), "w": np.transpose(w, (2, 0, 1))[:, None].astype(np.int8)}
    for wanted in one("ConvInteger", given, TensorProto.INT32, strides=[2, 1], pads=[1, 0, 1, 1], group=3):
        assert np.array_equal(found, nhwc(wanted))


@pytest.mark.parametrize("pad", [[0, 0, 0, 0], [1, 1, 1, 1], [0, 1, 1, 0]])
def test_pools(manifest: Any, run: Any, pad: list[int]) -> None:
    x = int8(1, 9, 8, 3)
    high, wide = (9 + pad[0] + pad[2] - 3) // 2 + 1, (8 + pad[1] + pad[3] - 2) // 1 + 1
    tensors = {"X": "i8[1,9,8,3]", "Y": f"i8[1,{high},{wide},3]"}
    onnx = {"kernel_shape": [3, 2], "strides": [2, 1], "pads": pad}
    attributes = {"kernel": [3, 2], "stride": [2, 1], "pad": pad}
    found = run(manifest({"kind": "pool", "attributes": attributes | {"mode": "max"}}, tensors, ["Y"]), {"X": x})["Y"]
    for wanted in one("MaxPool", {"x": nchw(x).astype(np.int8)}, TensorProto.INT8, **onnx):
        assert np.array_equal(found, nhwc(wanted))
    for divisor, counted in (("valid", 0), ("kernel", 1)):
        operation = {"kind": "pool", "attributes": attributes | {"mode": "avg", "divisor": divisor}}
        found = run(manifest(operation, tensors, ["Y"]), {"X": x})["Y"]
        given = {"x": nchw(x).astype(np.float32)}
        for mean in one("AveragePool", given, TensorProto.FLOAT, **onnx, count_include_pad=counted):
            near = mean.astype(np.float64)  # a tie is exact in float32, and everything else is far from one
            assert np.array_equal(found, nhwc(np.trunc(near + np.copysign(0.5 + 1e-5, near))))


@pytest.mark.parametrize(("scale", "odd_ties"), [(2.0**-7, 249), (0.0123, 0)])
def test_requantised_products(manifest: Any, run: Any, scale: float, odd_ties: int) -> None:
    """QLinearMatMul. onnx.reference adds an odd zero point before it rounds half to even, so its ties go to odd values."""
    w = np.array([[127], [1]])
    tensors = {"X": f"i8[{len(SUMS)},2]", "W": "i8[2,1]", "Y": f"i8[{len(SUMS)},1]"}
    single = format(float(np.float32(scale)), ".30f")
    how = {"requantize": {"scheme": "float32", "scale": single, "zero_point": 3}}
    found = run(manifest({"kind": "gemm_requant"}, tensors, ["Y"], {"numerics": how}), {"X": PAIRS, "W": w})["Y"]
    one_ = np.float32(1)
    given = {"a": PAIRS.astype(np.int8), "as": one_, "az": np.int8(0), "b": w.astype(np.int8), "bs": np.float32(scale),
             "bz": np.int8(0), "ys": one_, "yz": np.int8(3)}  # fmt: skip
    reference, runtime = one("QLinearMatMul", given, TensorProto.INT8)
    assert np.array_equal(found, runtime)
    differs = found != reference
    assert differs.sum() == odd_ties
    assert not odd_ties or set(SUMS[differs[:, 0]] % 128) == {64}


def test_quantisation_by_division(manifest: Any, run: Any) -> None:
    """QuantizeLinear: saturate(round_half_even(x / scale) + zero point), all in float32."""
    x = RNG.integers(-4000, 4000, (50, 3))
    tensors = {"X": "i32[50,3] in -4000..4000", "W": "i32[3] in 0..0", "Y": "i8[50,3]"}
    how = {"requantize": {"scheme": "float32", "divisor": "24.0", "zero_point": 3}}
    operation = {"kind": "elementwise", "attributes": {"op": "add"}}
    found = run(manifest(operation, tensors, ["Y"], {"numerics": how}), {"X": x, "W": np.zeros(3, int)})["Y"]
    given = {"x": x.astype(np.float32), "s": np.float32(24), "z": np.int8(3)}
    for wanted in one("QuantizeLinear", given, TensorProto.INT8):
        assert np.array_equal(found, wanted)


def cast(form: str, values: Any, saturate: int = 1) -> Outputs:
    nodes = [helper.make_node("Cast", ["x"], ["n"], to=CASTS[form], saturate=saturate),
             helper.make_node("Cast", ["n"], ["y"], to=TensorProto.FLOAT)]  # fmt: skip
    return run_both(nodes, {"x": values.astype(np.float32)}, TensorProto.FLOAT)


@pytest.mark.parametrize("form", CASTS)
def test_rounding_to_a_format(form: str) -> None:
    """Random magnitudes, every number of a short format, and every half-way point between two of them."""
    bits = {"bf16": 16, "f16": 16}.get(form, 8)
    own = decoded(form, np.arange(1 << bits))
    kept = np.sort(own[np.isfinite(own)])
    spread = RNG.standard_normal(20000) * np.exp2(RNG.integers(-40, 8, 20000))
    values = np.concatenate([spread, kept, (kept[1:] + kept[:-1]) / 2]).astype(np.float32)
    values = values[np.abs(values) < kept.max()]
    for wanted in cast(form, values):
        assert np.array_equal(rounded(form, values.astype(np.float64)), wanted)
    assert np.array_equal(decoded(form, encoded(form, kept)), kept)


BEYOND = np.array([447, 448, 464, 464.5, 465, 480, 481, 1e6, np.inf, -np.inf, np.nan])


@pytest.mark.parametrize(
    ("form", "saturate", "apart"),
    [("f8e4m3", 1, []), ("f8e5m2", 1, []), ("f8e4m3", 0, [480, 481]), ("f8e5m2", 0, [61440, 61568])],
)
def test_what_is_too_large_for_eight_bits(form: str, saturate: int, apart: list[int]) -> None:
    """Finite, infinite and NaN. Without saturation ONNX Runtime is apart just beyond the largest number.

    There it gives 448 where the others give NaN (E4M3FN), and NaN where they give infinity (E5M2).
    """
    values = BEYOND if form == "f8e4m3" else BEYOND * 128
    ours = rounded(form, values, saturate=bool(saturate))
    reference, runtime = cast(form, values, saturate)
    assert np.array_equal(ours, reference, equal_nan=True)
    wrong = ~((ours == runtime) | (np.isnan(ours) & np.isnan(runtime)))
    assert values[wrong].tolist() == apart
    assert np.array_equal(runtime[wrong], np.full(len(apart), 448.0 if form == "f8e4m3" else np.nan), equal_nan=True)


def test_doubles_are_rounded_once() -> None:
    """A double just above a half-way point of bfloat16 that float32 cannot tell from it: rounding twice goes down."""
    value = np.array([1 + 2.0**-8 + 2.0**-40])
    assert rounded("bf16", value).tolist() == [1 + 2.0**-7]
    assert rounded("bf16", rounded("f32", value)).tolist() == [1.0]


def exact_rows(name: str) -> Callable[[Any], Any]:
    """softmax and layernorm of float rows by the other implementations, in doubles."""
    if name == "softmax":
        return lambda x: one("Softmax", {"x": x}, TensorProto.DOUBLE, axis=-1)
    ones = {"g": np.ones(16), "b": np.zeros(16)}
    return lambda x: one("LayerNormalization", {"x": x} | ones, TensorProto.DOUBLE, axis=-1, epsilon=1e-3)


@pytest.mark.parametrize("name", ["softmax", "layernorm"])
def test_rows(manifest: Any, run: Any, name: str) -> None:
    x = RNG.standard_normal((9, 16)).astype(np.float32).astype(np.float64)
    tensors = {"X": "f32[9,16]", "Y": "f32[9,16]"}
    attributes = {"epsilon": "0.001"} if name == "layernorm" else {}
    text = manifest({"kind": name, "attributes": attributes}, tensors, ["Y"], {"numerics": {"tolerance": {"Y": "ulp(1)"}}})
    found = decoded("f32", run(text, {"X": encoded("f32", x)})["Y"])
    for wanted in exact_rows(name)(x):
        assert np.allclose(found, wanted, rtol=2.0**-23, atol=2.0**-23)
