// One register that adds `plus_i`. `fault_i`: 1 takes the first word and never answers, 2 spins in zero time.
module adder #(
  parameter int unsigned W = 8
) (
  input  logic         clk_i,
  input  logic         rst_ni,
  input  logic [W-1:0] a_data_i,
  input  logic         a_valid_i,
  output logic         a_ready_o,
  output logic [W-1:0] c_data_o,
  output logic         c_valid_o,
  input  logic         c_ready_i,
  input  logic [W-1:0] plus_i,
  input  logic [2:0]   fault_i
);
  logic full_q, take;

  assign a_ready_o = !full_q || (c_ready_i && !fault_i[0]);
  assign c_valid_o = full_q && !fault_i[0];
  assign take      = a_valid_i && a_ready_o;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      full_q <= 1'b0;
    end else begin
      full_q <= take || (full_q && !(c_valid_o && c_ready_i));
    end
  end

  // The loop ends at once unless bit 1 is on: then its counter goes to and fro.
  always_ff @(posedge clk_i) begin
    for (logic [31:0] i = 0; i < 2; i = fault_i[1] ? i ^ 32'd1 : i + 1) begin
      if (take) c_data_o <= a_data_i + plus_i;
    end
  end
endmodule
