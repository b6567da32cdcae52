// Dot products with weights of structured sparsity: of every four activations two are used, and a
// 2-bit index beside each 4-bit weight says which. One beat carries four activations, two weights
// and two indices.
//
// It does not check that the two indices of a group differ.
module sparse24 (
  input  logic        clk_i,
  input  logic        rst_ni,

  input  logic        x_valid_i,
  output logic        x_ready_o,
  input  logic [31:0] x_act_i,
  input  logic  [7:0] x_weight_i,
  input  logic  [3:0] x_index_i,
  input  logic        x_last_i,

  output logic        y_valid_o,
  input  logic        y_ready_i,
  output logic [23:0] y_sum_o
);

  logic               valid_q, first_q, accept;
  logic signed [23:0] sum, acc_q;
  logic         [1:0] place;

  assign x_ready_o = ~valid_q;
  assign accept    = x_valid_i & x_ready_o;

  always_comb begin
    sum   = first_q ? '0 : acc_q;
    place = '0;
    for (int unsigned j = 0; j < 2; j++) begin
      place = x_index_i[2*j+:2];
      sum   = sum + 24'(signed'(x_act_i[8*place+:8])) * 24'(signed'(x_weight_i[4*j+:4]));
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      valid_q <= 1'b0;
      first_q <= 1'b1;
      acc_q   <= '0;
    end else if (accept) begin
      acc_q   <= sum;
      first_q <= x_last_i;
      valid_q <= x_last_i;
    end else if (y_ready_i) begin
      valid_q <= 1'b0;
    end
  end

  assign y_valid_o = valid_q;
  assign y_sum_o   = acc_q;

endmodule
