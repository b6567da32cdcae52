// One processing element: multiplies two int8 operands, accumulates in int32, passes both operands
// on.
//
// The first beat of a tile replaces the accumulator, so no separate clear is needed and the
// accumulator has no reset. In the enabled cycle after the last beat done_o is high and acc_o holds
// the finished sum; the next tile may overwrite it at the end of that very cycle. Sums wrap modulo
// 2**32.
//
// It does not saturate and keeps no copy of its result: whoever needs the sum takes it while done_o
// is high.
module gemm_axis_pe (
  input  logic               clk_i,
  input  logic               rst_ni,
  input  logic               en_i,

  input  logic               valid_i,
  input  logic               first_i,
  input  logic               last_i,
  input  logic signed [7:0]  a_i,
  input  logic signed [7:0]  b_i,

  output logic               valid_o,
  output logic               first_o,
  output logic               last_o,
  output logic signed [7:0]  a_o,
  output logic signed [7:0]  b_o,

  output logic               done_o,
  output logic signed [31:0] acc_o
);

  logic               valid_q, first_q, last_q;
  logic signed [7:0]  a_q, b_q;
  logic signed [15:0] product;
  logic signed [31:0] base, acc_d, acc_q;

  assign product = 16'(a_i) * 16'(b_i);
  assign base    = first_i ? '0 : acc_q;
  assign acc_d   = base + 32'(product);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      valid_q <= 1'b0;
      first_q <= 1'b0;
      last_q  <= 1'b0;
    end else if (en_i) begin
      valid_q <= valid_i;
      first_q <= first_i;
      last_q  <= last_i;
    end
  end

  always_ff @(posedge clk_i) begin
    if (en_i) begin
      a_q <= a_i;
      b_q <= b_i;
      if (valid_i) begin
        acc_q <= acc_d;
      end
    end
  end

  assign valid_o = valid_q;
  assign first_o = first_q;
  assign last_o  = last_q;
  assign a_o     = a_q;
  assign b_o     = b_q;
  assign done_o  = valid_q & last_q;
  assign acc_o   = acc_q;

endmodule
