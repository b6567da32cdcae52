"""The designer's own tests."""

import random

import cocotb
from bench import begin, expect_sum, feed
from cocotb.triggers import FallingEdge


@cocotb.test()
async def accumulates(dut):
    await begin(dut)
    pairs = [(random.randint(-128, 127), random.randint(-128, 127)) for _ in range(50)]
    await feed(dut, pairs)
    expect_sum(dut, pairs)


@cocotb.test()
@cocotb.parametrize(a=[-128, 127], b=[-128, 127])
async def corners(dut, a, b):
    await begin(dut)
    await feed(dut, [(a, b)] * 3)
    expect_sum(dut, [(a, b)] * 3)


@cocotb.test()
async def clears(dut):
    await begin(dut)
    await feed(dut, [(3, 4)])
    dut.clr_i.value = 1
    await FallingEdge(dut.clk_i)
    if int(dut.q_o.value) != 0:
        raise ValueError("not cleared")
