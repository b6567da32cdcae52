// The ports of a fully parallel network: three 16-bit inputs in one word, one 16-bit result, a valid beside each.
module myproject (
  input             ap_clk,
  input             ap_rst,
  input             ap_start,
  output reg        ap_done,
  output            ap_idle,
  output            ap_ready,
  input      [47:0] fc1_input,
  input             fc1_input_ap_vld,
  output reg [15:0] layer13_out,
  output reg        layer13_out_ap_vld
);
  assign ap_idle = ~ap_start;
  assign ap_ready = ap_done;
  always @(posedge ap_clk) begin
    if (ap_rst == 1'b1) begin
      ap_done <= 1'b0;
      layer13_out_ap_vld <= 1'b0;
    end else begin
      ap_done <= ap_start & fc1_input_ap_vld;
      layer13_out_ap_vld <= ap_start & fc1_input_ap_vld;
      layer13_out <= fc1_input[15:0] + fc1_input[31:16] + fc1_input[47:32];
    end
  end
endmodule
