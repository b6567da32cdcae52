"""What `init` finds against manifests that were written by hand, before it existed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from verif.contract.check import check_contract
from verif.contract.model import Channel as Written
from verif.contract.model import Contract
from verif.contract.read import read_manifest
from verif.contract.reader import MAX_ITEMS
from verif.draft.model import DraftError
from verif.jobs.init import answered, draft, report

ROOT = Path(__file__).resolve().parents[3]
SHAPES = ROOT / "tests" / "data" / "init"
COMMITTED = [
    ROOT / "rtl" / "gemm_axis",
    *sorted(path.parent for path in (ROOT / "tests/data/examples").glob("*/assay.toml")),
]


def contract_of(text: str) -> Contract:
    contract, wrong = read_manifest(text)
    assert wrong == []
    assert contract is not None
    return contract


def drafted(folder: Path, top: str = "") -> Contract:
    page, _, _ = draft(folder, "", top)
    contract = contract_of(answered(page))
    assert [d for d in check_contract(contract) if d.severity == "error"] == []
    return contract


def shape(channel: Written) -> tuple[Any, ...]:
    """Everything of a channel but the names that its author chose; a protocol where the pins are named after one."""
    roles = {role: channel.fields[name].value for role, name in channel.roles.items()}
    signals = tuple(text.value if text else "" for text in (channel.valid, channel.ready))
    fields = frozenset(text.value for text in channel.fields.values())
    named = "tvalid" in signals[0].lower()
    return channel.dir, channel.handshake, signals, fields, named and (channel.protocol, tuple(sorted(roles.items())))


@pytest.mark.parametrize("folder", COMMITTED, ids=lambda path: path.name)
def test_every_fact_that_can_be_known_is_the_one_that_was_written(folder: Path) -> None:
    written, found = contract_of((folder / "assay.toml").read_text()), drafted(folder)
    if any(channel.protocol != "none" for channel in found.channels):
        assert found.profile == written.profile
    assert found.design.top == written.design.top
    assert set(found.design.files) == set(written.design.files)
    assert found.design.parameters == written.design.parameters | found.design.parameters
    assert [clock.port.value for clock in found.clocks] == [clock.port.value for clock in written.clocks]
    resets = [[(r.port.value, r.active, r.asynchronous) for r in c.resets] for c in (found, written)]
    assert resets[0] == resets[1]
    assert {event.port.value for event in written.events} <= {event.port.value for event in found.events}
    still = {tie.port.value for tie in found.ties} | {name for step in found.operations[0].steps for name in step.sets}
    assert {tie.port.value for tie in written.ties} <= still  # which inputs stand still for good is the author's choice
    assert {shape(channel) for channel in found.channels} == {shape(channel) for channel in written.channels}


# What the sources that tests/data/init/README.md cites say of each port shape: clock, reset, channels.
STATED: Mapping[str, tuple[str, tuple[str, int, bool], str, list[tuple[str, str, str, str, set[str]]]]] = {
    "cfu": (
        "clk",
        ("reset", 1, False),
        "cfu",
        [
            (
                "in", "ready_valid", "cmd_valid", "cmd_ready",
                {"cmd_payload_function_id", "cmd_payload_inputs_0", "cmd_payload_inputs_1"},
            ),
            ("out", "ready_valid", "rsp_valid", "rsp_ready", {"rsp_payload_outputs_0"}),
        ],
    ),
    "finn": (
        "ap_clk",
        ("ap_rst_n", 0, False),
        "axis",
        [
            ("in", "ready_valid", "in0_V_TVALID", "in0_V_TREADY", {"in0_V_TDATA"}),
            ("in", "ready_valid", "weights_V_TVALID", "weights_V_TREADY", {"weights_V_TDATA"}),
            ("out", "ready_valid", "out_V_TVALID", "out_V_TREADY", {"out_V_TDATA"}),
        ],
    ),
    "hls4ml": (
        "ap_clk",
        ("ap_rst", 1, False),
        "vr",
        [
            ("in", "valid", "fc1_input_ap_vld", "", {"fc1_input"}),
            ("out", "valid", "layer13_out_ap_vld", "", {"layer13_out"}),
        ],
    ),
    "ibex": (
        "clk_i",
        ("rst_ni", 0, True),
        "vr",
        [
            (
                "out", "request_grant", "data_req_o", "data_gnt_i",
                {"data_addr_o", "data_we_o", "data_be_o", "data_wdata_o"},
            ),
            ("in", "valid", "data_rvalid_i", "", {"data_rdata_i", "data_err_i"}),
        ],
    ),
    "axilite": (
        "aclk",
        ("aresetn", 0, False),
        "axis",
        [
            ("in", "ready_valid", "s_axis_tvalid", "s_axis_tready", {"s_axis_tdata", "s_axis_tkeep", "s_axis_tlast"}),
            ("out", "ready_valid", "m_axis_tvalid", "m_axis_tready", {"m_axis_tdata", "m_axis_tkeep", "m_axis_tlast"}),
        ],
    ),
    "serial": ("clk", ("rstn", 0, True), "vr", [("in", "fixed", "", "", {"sdi"}), ("out", "fixed", "", "", {"dout"})]),
}  # fmt: skip


@pytest.mark.parametrize("name", STATED)
def test_ports_of_others_are_understood(name: str) -> None:
    clock, reset, profile, channels = STATED[name]
    found = drafted(SHAPES / name)
    assert [item.port.value for item in found.clocks] == [clock]
    assert [(r.port.value, r.active, r.asynchronous) for r in found.resets] == [reset]
    assert found.profile == profile
    seen = [
        (
            c.dir,
            c.handshake,
            c.valid.value if c.valid else "",
            c.ready.value if c.ready else "",
            {t.value for t in c.fields.values()},
        )
        for c in found.channels
    ]
    assert sorted(seen, key=str) == sorted(channels, key=str)


def test_every_shape_is_cited_and_tested() -> None:
    folders = {path.name for path in SHAPES.iterdir() if path.is_dir()}
    cited = (SHAPES / "README.md").read_text()
    assert folders == set(STATED) == {name for name in folders if f"| `{name}` |" in cited}


def test_what_is_no_channel_is_sorted() -> None:
    facts = report(SHAPES / "ibex", "")["facts"]
    assert (facts["events"], facts["ties"], facts["starts"]) == (["busy_o"], ["test_en_i"], ["start_i"])
    assert facts["configuration"] == ["cfg_base_i"]
    assert report(SHAPES / "axilite", "")["facts"]["buses"] == [{"kind": "axi4lite", "role": "slave", "prefix": "s00_axi_"}]
    assert report(SHAPES / "hls4ml", "")["facts"]["unobserved"] == ["ap_ready"]


def test_pins_of_a_bus_stand_still_only_when_somebody_says_so() -> None:
    page, _, _ = draft(SHAPES / "axilite", "")
    ties = [line for line in page if line.text == "[[tie]]"]
    assert len(ties) == 11
    assert {line.kind for line in ties} == {"propose"}


def test_what_no_rtl_says_is_asked() -> None:
    asked = {line.key for line in draft(SHAPES / "serial", "")[0] if line.kind == "ask"}
    everywhere = {"smallest", "elements", "math", "rounding", "overlap", "cycles", "order_in", "order_out"}
    assert asked == everywhere | {"latency", "sampled"}
    assert {line.key for line in draft(SHAPES / "cfu", "")[0] if line.kind == "ask"} == everywhere | {
        "gaps",
        "comb_ready",
        "protocol",
    }
    assert {line.key for line in draft(SHAPES / "finn", "")[0] if line.kind == "ask"} == everywhere | {"gaps", "comb_ready"}


def test_nothing_that_is_asked_holds_before_it_is_answered() -> None:
    page, _, _ = draft(ROOT / "rtl" / "gemm_axis", "")
    certain = "".join(f"{line.text}\n" for line in page if line.kind == "text")
    assert "[[operation]]" not in certain
    contract, wrong = read_manifest(certain)
    assert contract is None
    assert wrong


def test_questions_are_numbered_in_order_and_asked_once() -> None:
    page, _, _ = draft(ROOT / "rtl" / "gemm_axis", "")
    numbers = [line.number for line in page if line.kind == "ask"]
    assert numbers == list(range(1, len(numbers) + 1))
    assert sum(line.key == "gaps" for line in page) == 1
    assert sum(line.text == "gaps = true" for line in page) == 3


def write_rtl(folder: Path, text: str, name: str = "dut.sv") -> Path:
    (folder / name).write_text(text)
    return folder


HEAD = "input logic clk, input logic rst_n, input logic in_valid, output logic in_ready, input logic [7:0] in_data"
BODY = "always_ff @(posedge clk or negedge rst_n) if (!rst_n) in_ready <= 0; else in_ready <= in_valid & in_data[0];"


def test_arrays_interfaces_and_parameters(tmp_path: Path) -> None:
    write_rtl(
        tmp_path,
        f"""interface lane_if (input logic clk);
              logic valid, ready; logic [15:0] data;
              modport sink (input valid, data, output ready);
            endinterface
            module dut #(parameter int N = 3, parameter string S = "x") ({HEAD},
              input logic signed [3:0] w [N], input logic w_valid, lane_if.sink s, output logic [N-1:0][7:0] out_data,
              output logic out_valid);
              {BODY}
              assign out_valid = s.valid; assign s.ready = w_valid;
              assign out_data = {{N{{s.data[7:0]}}}};
            endmodule""",
    )
    page, rtl, _ = draft(tmp_path, "")
    text = answered(page)
    assert rtl.parameters == {"N": 3}
    assert rtl.unwritable == ("S",)
    assert 'fields = { data = "w[*]" }' in text
    assert 'valid = "s.valid"\nready = "s.ready"\nfields = { data = "s.data" }' in text
    assert 'W = "i4[K,3]"' in text
    assert 'OUT = "i8[K,3]"' in text


def test_several_modules_nobody_instantiates_are_a_question(tmp_path: Path) -> None:
    write_rtl(tmp_path, f"module one ({HEAD}); {BODY} endmodule")
    write_rtl(tmp_path, f"module two ({HEAD}); {BODY} endmodule\nmodule tb; two dut(); endmodule", "two.sv")
    page, rtl, _ = draft(tmp_path, "")
    assert rtl.tops == ("one", "two")
    assert [line.args["tops"] for line in page if line.key == "top"] == ["one, two"]
    page, rtl, _ = draft(tmp_path, "", "two")
    assert (rtl.top, rtl.sources.files) == ("two", ("two.sv",))
    assert [line for line in page if line.key == "top"] == []


REFUSED = {
    "N-101": "module tb; endmodule",
    "N-102": f"module other ({HEAD}); {BODY} endmodule",
    "N-107": f"module dut ({HEAD}, input missing_t x); {BODY} endmodule",
    "N-108": f'module dut ({HEAD}, input logic \\a"b ); {BODY} endmodule',
    "N-110": f"interface i; logic x; endinterface module dut ({HEAD}, i p); {BODY} endmodule",
    "N-111": "module dut (input logic rst, input logic in_valid, input logic [7:0] in_data); endmodule",
    "N-112": "module dut (input logic clk, input logic in_valid, input logic [7:0] in_data); endmodule",
    "N-113": "module dut (input logic clk, input logic rst, output logic done); assign done = 0; endmodule",
}


@pytest.mark.parametrize("rule", REFUSED)
def test_what_allows_no_manifest_says_why(rule: str, tmp_path: Path) -> None:
    write_rtl(tmp_path, REFUSED[rule])
    faults = report(tmp_path, "", "dut" if rule == "N-102" else "")["faults"]
    assert {fault["rule"] for fault in faults} == {rule}


def test_what_a_manifest_cannot_hold_is_refused_rather_than_written(tmp_path: Path) -> None:
    many = ", ".join(f"parameter int P{number} = 0" for number in range(MAX_ITEMS + 1))
    write_rtl(tmp_path, f"module dut #({many}) ({HEAD}); {BODY} endmodule")
    (fault,) = report(tmp_path, "")["faults"]
    assert fault["rule"] == "N-114"
    assert "parameters" in fault["args"]["text"]


def test_a_fault_of_the_rtl_has_its_place(tmp_path: Path) -> None:
    write_rtl(tmp_path, f"module dut ({HEAD},\n  input missing_t x); {BODY} endmodule")
    with pytest.raises(DraftError) as raised:
        draft(tmp_path, "")
    (fault,) = raised.value.faults
    assert (fault.file, fault.line) == ("dut.sv", 2)
    assert "missing_t" in fault.args["text"]


def test_an_error_that_leaves_the_ports_known_is_only_remarked(tmp_path: Path) -> None:
    write_rtl(tmp_path, f"module dut ({HEAD}); {BODY} vendor_cell u (.a(clk)); endmodule")
    _, rtl, _ = draft(tmp_path, "")
    assert len(rtl.remarks) == 1
    assert "vendor_cell" in rtl.remarks[0]
