"""Kinds against LiteRT's kernels, and where its three sets of kernels differ from one another.

Models of one operator are written with the schema that the package ships. Reference kernels round twice (gemmlowp);
XNNPACK, which is the default, computes in float32 and rounds half to even.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter, OpResolverType

RNG = np.random.default_rng(7)
REFERENCE, OPTIMISED, XNNPACK = (
    OpResolverType.BUILTIN_REF, OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES, OpResolverType.BUILTIN,
)  # fmt: skip
TYPES = {"int8": 9, "int32": 2, "int64": 4, "int16": 7}
VERSIONS = {"CONV_2D": 3, "DEPTHWISE_CONV_2D": 3, "AVERAGE_POOL_2D": 2, "MAX_POOL_2D": 2, "ADD": 2, "MUL": 2, "SOFTMAX": 2}


@dataclass(frozen=True)
class Tensor:
    type: str
    shape: tuple[int, ...]
    scale: Any
    zero: int = 0
    axis: int = 0
    data: Any = None


def built(op: str, options: Any, tensors: Mapping[str, Tensor]) -> bytes:
    """A model of one operator; the last tensor is its result, those with data are constants."""
    code, graph, model = schema.OperatorCodeT(), schema.SubGraphT(), schema.ModelT()
    code.builtinCode = code.deprecatedBuiltinCode = getattr(schema.BuiltinOperator, op)
    code.version = VERSIONS[op]
    model.version, model.operatorCodes, model.buffers, graph.tensors = 3, [code], [schema.BufferT()], []
    for name, tensor in tensors.items():
        made, scales = schema.TensorT(), np.atleast_1d(np.float32(tensor.scale))
        made.name, made.type, made.shape = name.encode(), TYPES[tensor.type], list(tensor.shape)
        made.quantization = schema.QuantizationParametersT()
        made.quantization.scale, made.quantization.quantizedDimension = list(scales), tensor.axis
        made.quantization.zeroPoint = [tensor.zero] * len(scales)
        if tensor.data is not None:
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(np.ascontiguousarray(tensor.data, tensor.type).tobytes(), np.uint8)
            model.buffers.append(buffer)
            made.buffer = len(model.buffers) - 1
        graph.tensors.append(made)
    node, last = schema.OperatorT(), len(tensors) - 1
    node.opcodeIndex, node.inputs, node.outputs = 0, list(range(last)), [last]
    node.builtinOptions = options
    node.builtinOptionsType = getattr(schema.BuiltinOptions, type(options).__name__.removesuffix("T"))
    graph.operators, graph.outputs, model.subgraphs = [node], [last], [graph]
    graph.inputs = [i for i, tensor in enumerate(tensors.values()) if tensor.data is None and i != last]
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def result(model: bytes, inputs: Mapping[str, Any], kernels: Any = REFERENCE) -> Any:
    interpreter = Interpreter(model_content=model, experimental_op_resolver_type=kernels)
    interpreter.allocate_tensors()
    for detail in interpreter.get_input_details():
        interpreter.set_tensor(detail["index"], np.asarray(inputs[detail["name"]], detail["dtype"]))
    interpreter.invoke()
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"]).astype(np.int64)


def options(kind: str, padding: int = 0, stride: int = 1, **more: int) -> Any:
    made = getattr(schema, kind)()
    made.padding, made.strideH, made.strideW = padding, stride, stride
    for name, value in more.items():
        setattr(made, name, value)
    return made


def quantised(scale: float) -> tuple[int, int]:
    """TFLite's QuantizeMultiplier: a 31-bit multiplier, and how far its product with a sum is shifted right."""
    mantissa, exponent = math.frexp(scale)
    multiplier = round(mantissa * (1 << 31))
    return (multiplier, 31 - exponent) if multiplier < 1 << 31 else (multiplier // 2, 30 - exponent)


def requantised(zeros: Mapping[str, int], rounding: str = "tflite_double", **more: Any) -> dict[str, Any]:
    how = {"scheme": "mult_shift", "mult": "mult", "shift": "shift", "rounding": rounding, "zero_point": zeros}
    return {"numerics": {"requantize": how | more}}


def channels(scales: Any) -> dict[str, Any]:
    pairs = [quantised(float(scale)) for scale in np.atleast_1d(scales)]
    return {"mult": [m for m, _ in pairs], "shift": [s for _, s in pairs]}


@pytest.mark.parametrize(("stride", "dilation"), [(1, 1), (2, 1), (1, 2)])
def test_convolution(manifest: Any, run: Any, stride: int, dilation: int) -> None:
    """Per-channel scales, SAME padding (asymmetric at stride 2) with the zero point, bias."""
    x, w, b = RNG.integers(-128, 128, (1, 9, 8, 3)), RNG.integers(-127, 128, (4, 3, 3, 3)), RNG.integers(-2000, 2000, 4)
    scales = RNG.uniform(0.001, 0.02, 4).astype(np.float32)
    out = (1, -(-9 // stride), -(-8 // stride), 4)
    tensors = {"X": Tensor("int8", x.shape, 0.05, -3), "W": Tensor("int8", w.shape, scales, data=w),
               "B": Tensor("int32", (4,), scales * np.float32(0.05), data=b), "Y": Tensor("int8", out, 0.1, 5)}  # fmt: skip
    chosen = options("Conv2DOptionsT", 0, stride, dilationHFactor=dilation, dilationWFactor=dilation)
    wanted = result(built("CONV_2D", chosen, tensors), {"X": x})
    kinds = {"X": "i8[1,9,8,3]", "W": "i8[4,3,3,3]", "B": "i32[4]", "mult": "u31[4]", "shift": "u6[4] in 31..45",
             "Y": f"i8[1,{out[1]},{out[2]},4]"}  # fmt: skip
    operation = {"kind": "conv2d", "attributes": {"stride": stride, "dilation": dilation, "pad": "same"}}
    text = manifest(operation, kinds, ["Y"], requantised({"X": -3, "Y": 5}))
    real = scales.astype(np.float64) * np.float64(np.float32(0.05)) / np.float64(np.float32(0.1))
    found = run(text, {"X": x, "W": w, "B": b} | channels(real))["Y"]
    assert np.array_equal(found, wanted)


def test_depthwise(manifest: Any, run: Any) -> None:
    x, w, b = RNG.integers(-128, 128, (1, 7, 6, 3)), RNG.integers(-127, 128, (1, 3, 3, 6)), RNG.integers(-500, 500, 6)
    scales = RNG.uniform(0.001, 0.02, 6).astype(np.float32)
    tensors = {"X": Tensor("int8", x.shape, 0.05, 7), "W": Tensor("int8", w.shape, scales, axis=3, data=w),
               "B": Tensor("int32", (6,), scales * np.float32(0.05), data=b),
               "Y": Tensor("int8", (1, 5, 4, 6), 0.1, -9)}  # fmt: skip
    chosen = options("DepthwiseConv2DOptionsT", 1, depthMultiplier=2, dilationHFactor=1, dilationWFactor=1)
    wanted = result(built("DEPTHWISE_CONV_2D", chosen, tensors), {"X": x})
    kinds = {"X": "i8[1,7,6,3]", "W": "i8[3,3,6]", "B": "i32[6]", "mult": "u31[6]", "shift": "u6[6] in 31..45",
             "Y": "i8[1,5,4,6]"}  # fmt: skip
    text = manifest({"kind": "depthwise", "attributes": {"multiplier": 2}}, kinds, ["Y"], requantised({"X": 7, "Y": -9}))
    real = scales.astype(np.float64) * np.float64(np.float32(0.05)) / np.float64(np.float32(0.1))
    assert np.array_equal(run(text, {"X": x, "W": w[0], "B": b} | channels(real))["Y"], wanted)


@pytest.mark.parametrize(("mode", "op"), [("avg", "AVERAGE_POOL_2D"), ("max", "MAX_POOL_2D")])
def test_pools(manifest: Any, run: Any, mode: str, op: str) -> None:
    """SAME padding: only valid cells count, and their mean is rounded half away from zero."""
    x = RNG.integers(-128, 128, (1, 9, 8, 3))
    tensors = {"X": Tensor("int8", x.shape, 0.05, 3), "Y": Tensor("int8", (1, 5, 4, 3), 0.05, 3)}
    wanted = result(built(op, options("Pool2DOptionsT", 0, 2, filterHeight=2, filterWidth=4), tensors), {"X": x})
    attributes = {"mode": mode, "kernel": [2, 4], "stride": 2, "pad": "same"}
    text = manifest({"kind": "pool", "attributes": attributes}, {"X": "i8[1,9,8,3]", "Y": "i8[1,5,4,3]"}, ["Y"])
    assert np.array_equal(run(text, {"X": x})["Y"], wanted)


def test_addition(manifest: Any, run: Any) -> None:
    """Both operands shifted left by 20, scaled to twice the larger scale, added, scaled to the result."""
    x, w = RNG.integers(-128, 128, (40, 30)), RNG.integers(-128, 128, (40, 30))
    scales = [np.float64(np.float32(scale)) for scale in (0.031, 0.047, 0.06)]
    tensors = {"X": Tensor("int8", x.shape, scales[0], 4), "W": Tensor("int8", w.shape, scales[1], -6),
               "Y": Tensor("int8", x.shape, scales[2], 2)}  # fmt: skip
    wanted = result(built("ADD", schema.AddOptionsT(), tensors), {"X": x, "W": w})
    twice = 2 * max(scales[:2])
    sides = [quantised(scale / twice) for scale in scales[:2]]
    last = quantised(twice / ((1 << 20) * scales[2]))
    how = {"scheme": "mult_shift", "mult": str(last[0]), "shift": str(last[1]), "rounding": "tflite_double",
           "zero_point": {"X": 4, "W": -6, "Y": 2}}  # fmt: skip
    attributes = {"op": "add", "left_shift": 20, "x_mult": sides[0][0], "x_shift": sides[0][1],
                  "w_mult": sides[1][0], "w_shift": sides[1][1]}  # fmt: skip
    kinds = {"X": "i8[40,30]", "W": "i8[40,30]", "Y": "i8[40,30]"}
    text = manifest({"kind": "elementwise", "attributes": attributes}, kinds, ["Y"], {"numerics": {"requantize": how}})
    assert np.array_equal(run(text, {"X": x, "W": w})["Y"], wanted)


def test_multiplication(manifest: Any, run: Any) -> None:
    x, w = RNG.integers(-128, 128, (40, 30)), RNG.integers(-128, 128, (40, 30))
    scales = [np.float64(np.float32(scale)) for scale in (0.031, 0.047, 0.06)]
    tensors = {"X": Tensor("int8", x.shape, scales[0], 4), "W": Tensor("int8", w.shape, scales[1], -6),
               "Y": Tensor("int8", x.shape, scales[2], 2)}  # fmt: skip
    wanted = result(built("MUL", schema.MulOptionsT(), tensors), {"X": x, "W": w})
    mult, shift = quantised(scales[0] * scales[1] / scales[2])
    how = {"scheme": "mult_shift", "mult": str(mult), "shift": str(shift), "rounding": "tflite_double",
           "zero_point": {"X": 4, "W": -6, "Y": 2}}  # fmt: skip
    kinds = {"X": "i8[40,30]", "W": "i8[40,30]", "Y": "i8[40,30]"}
    text = manifest({"kind": "elementwise", "attributes": {"op": "mul"}}, kinds, ["Y"], {"numerics": {"requantize": how}})
    assert np.array_equal(run(text, {"X": x, "W": w})["Y"], wanted)


def test_softmax_within_its_tolerance(manifest: Any, run: Any) -> None:
    """int8 in steps of 1/256; LiteRT's is a table, so one step apart."""
    x = RNG.integers(-128, 128, (20, 12))
    made = schema.SoftmaxOptionsT()
    made.beta = 1.0
    tensors = {"X": Tensor("int8", x.shape, 0.1, 3), "Y": Tensor("int8", x.shape, 1 / 256, -128)}
    wanted = result(built("SOFTMAX", made, tensors), {"X": x})
    attributes = {"x_scale": "0.1", "y_scale": "0.00390625"}
    numerics = {"tolerance": {"Y": "lsb(1)"}, "requantize": {"scheme": "shift", "zero_point": -128}}
    text = manifest({"kind": "softmax", "attributes": attributes}, {"X": "i8[20,12]", "Y": "i8[20,12]"}, ["Y"],
                    {"numerics": numerics})  # fmt: skip
    assert np.abs(run(text, {"X": x})["Y"] - wanted).max() <= 1


SUMS = np.arange(-16000, 16001)
FIRST = np.clip(np.round(SUMS / 127), -127, 127).astype(np.int64)


@pytest.mark.parametrize(
    ("scale", "apart"),
    [  # results of 32001 that differ, by kernels and rounding
        (2.0**-7, {"reference": (0, 250, 251, 250), "xnnpack": (251, 125, 0, 375), "optimised": (250, 250, 375, 0)}),
        (0.0123, {"reference": (0, 162, 162, 163), "xnnpack": (162, 0, 0, 163), "optimised": (163, 163, 163, 0)}),
    ],
)
def test_kernels_differ_from_one_another(
    manifest: Any, run: Any, scale: float, apart: Mapping[str, tuple[int, ...]]
) -> None:
    """Every sum from -16000 to 16000 through a 1x1 convolution, against double, single, half-even and twice-up rounding.

    The optimised kernels round twice like the reference kernels, but ties go toward +infinity both times.
    """
    x = np.stack([FIRST, SUMS - 127 * FIRST], -1).reshape(1, 1, -1, 2)
    tensors = {"X": Tensor("int8", x.shape, 1), "W": Tensor("int8", (1, 1, 1, 2), scale, data=[127, 1]),
               "B": Tensor("int32", (1,), scale, data=[0]), "Y": Tensor("int8", (1, 1, len(SUMS), 1), 1)}  # fmt: skip
    model = built("CONV_2D", options("Conv2DOptionsT", 1, dilationHFactor=1, dilationWFactor=1), tensors)
    kinds = {"X": f"i8[1,1,{len(SUMS)},2]", "W": "i8[1,1,1,2]", "mult": "u31[1]", "shift": "u6[1] in 31..45",
             "Y": f"i8[1,1,{len(SUMS)},1]"}  # fmt: skip
    inputs = {"X": x, "W": np.reshape([127, 1], (1, 1, 1, 2))} | channels(np.float32(scale))
    ours = [
        run(manifest({"kind": "conv2d"}, kinds, ["Y"], requantised({}, mode)), inputs)["Y"]
        for mode in ("tflite_double", "tflite_single", "half_even")
    ]
    upper = "round((X[n,h,w,0]*127 + X[n,h,w,1])*mult[o], 31, half_up)"
    twice = f"Y[n,h,w,o] = clip(round({upper}, shift[o] - 31, half_up), -128, 127)"
    kinds.pop("W")
    ours.append(run(manifest({"math": [twice]}, kinds, ["Y"]), inputs)["Y"])
    for name, kernels in (("reference", REFERENCE), ("xnnpack", XNNPACK), ("optimised", OPTIMISED)):
        theirs = result(model, {"X": x}, kernels)
        assert tuple(int((one != theirs).sum()) for one in ours) == apart[name], name
