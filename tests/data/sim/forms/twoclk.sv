module twoclk (
  input  logic       clk_i,
  input  logic       clk2_i,
  input  logic       rst_ni,
  input  logic       a_valid_i,
  output logic       a_ready_o,
  input  logic [7:0] a_data_i,
  output logic       c_valid_o,
  input  logic       c_ready_i,
  output logic [7:0] c_data_o
);
  logic [7:0] bias_q, s1_q, s2_q;
  logic seen_q;
  always_ff @(posedge clk2_i) if (!rst_ni) bias_q <= '0;
  always_ff @(posedge clk_i) {s2_q, s1_q} <= {s1_q, bias_q};
  assign c_valid_o = a_valid_i;
  assign a_ready_o = c_ready_i;
  assign c_data_o = a_data_i + s2_q;
endmodule
