"""Written for cocotb 1."""

import cocotb
from bench import expect_sum
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge, Timer


@cocotb.test()
async def forked(dut):
    cocotb.fork(Clock(dut.clk_i, 10, units="ns").start())
    await FallingEdge(dut.clk_i)
    assert dut.q_o.value.integer == 0


@cocotb.test()
async def still_runs(dut):
    Clock(dut.clk_i, 10, unit="ns").start()
    dut.rst_ni.value = 0
    await Timer(25, units="ns")
    expect_sum(dut, [])
