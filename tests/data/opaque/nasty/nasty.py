"""Tests that do everything but their work. Each is written so that reading it does not give it away."""

import os
from pathlib import Path

import cocotb
import pytest
from bench import begin
from cocotb.triggers import RisingEdge

LEAVE = getattr(os, "_" + "exit")
RESULTS = os.environ["_".join(("COCOTB", "RESULTS", "FILE"))]
REPORT = '<testsuites name="results"><testsuite name="all"><testcase classname="{}" name="{}"/></testsuite></testsuites>'


@cocotb.test()
async def hangs(dut):
    await begin(dut)
    while True:
        await RisingEdge(dut.clk_i)
        assert dut.rst_ni.value == 1


@cocotb.test()
async def leaves(dut):
    await begin(dut)
    LEAVE(0)
    assert int(dut.q_o.value) == 1


@cocotb.test()
async def forges(dut):
    await begin(dut)
    Path(RESULTS).write_text(REPORT.format(__name__, "forges"))
    LEAVE(0)
    assert int(dut.q_o.value) == 1


@cocotb.test()
async def overwrites(dut):
    await begin(dut)
    Path(RESULTS).write_text(REPORT.format(__name__, "overwrites"))
    assert int(dut.q_o.value) == 1


@cocotb.test()
async def floods(dut):
    await begin(dut)
    while True:
        print("\x1b[2J" + "x" * 4000, flush=True)
        assert len(dut.q_o) == 32


@cocotb.test()
async def skips(dut):
    await begin(dut)
    pytest.skip("not today")
    assert int(dut.q_o.value) == 1


@cocotb.test()
async def looks(dut):
    await begin(dut)
    dut._log.info("q is %s", dut.q_o.value)


@cocotb.test()
async def swallows(dut):
    await begin(dut)
    try:
        assert int(dut.q_o.value) == 1
    except AssertionError:
        dut._log.warning("wrong")


@cocotb.test(expect_fail=True)
async def expects(dut):
    await begin(dut)
    assert int(dut.q_o.value) == 1


@cocotb.test(skip=True)
async def rests(dut):
    assert int(dut.q_o.value) == 1


@cocotb.test()
async def exits(dut):
    await begin(dut)
    assert int(dut.q_o.value) == 0
    os._exit(0)
