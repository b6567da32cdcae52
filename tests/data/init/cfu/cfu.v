// A CFU that adds: one command in, one response out, the ports in the order of CFU-Playground.
module Cfu (
  input               cmd_valid,
  output              cmd_ready,
  input      [9:0]    cmd_payload_function_id,
  input      [31:0]   cmd_payload_inputs_0,
  input      [31:0]   cmd_payload_inputs_1,
  output reg          rsp_valid,
  input               rsp_ready,
  output reg [31:0]   rsp_payload_outputs_0,
  input               reset,
  input               clk
);
  assign cmd_ready = ~rsp_valid;
  always @(posedge clk) begin
    if (reset) begin
      rsp_valid <= 1'b0;
      rsp_payload_outputs_0 <= 32'b0;
    end else if (rsp_valid) rsp_valid <= ~rsp_ready;
    else if (cmd_valid) begin
      rsp_valid <= 1'b1;
      rsp_payload_outputs_0 <= cmd_payload_function_id[3] ? 32'b0 : cmd_payload_inputs_0 + cmd_payload_inputs_1;
    end
  end
endmodule
