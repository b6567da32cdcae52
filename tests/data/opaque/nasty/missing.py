import cocotb
import nowhere_to_be_found


@cocotb.test()
async def needs(dut):
    assert nowhere_to_be_found.ok(dut)
