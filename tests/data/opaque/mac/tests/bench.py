"""What the tests of this design share."""

from cocotb.clock import Clock
from cocotb.triggers import FallingEdge


async def begin(dut):
    Clock(dut.clk_i, 10, unit="ns").start()
    for name in ("en_i", "clr_i", "a_i", "b_i"):
        getattr(dut, name).value = 0
    dut.rst_ni.value = 0
    await FallingEdge(dut.clk_i)
    await FallingEdge(dut.clk_i)
    dut.rst_ni.value = 1


async def feed(dut, pairs):
    dut.en_i.value = 1
    for a, b in pairs:
        dut.a_i.value, dut.b_i.value = a, b
        await FallingEdge(dut.clk_i)
    dut.en_i.value = 0


def expect_sum(dut, pairs):
    assert dut.q_o.value.to_signed() == sum(a * b for a, b in pairs)
