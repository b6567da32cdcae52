// One column's requantisation in two moves: y = clip(round_half_up(acc * mult / 2**shift) + zp,
// -128, 127), exact.
//
// The product of int32 and uint16 is kept whole in 48 bits. Rounding half up is floor(x + 1/2): the
// bit below the binary point is added to the floor, so every shift of 0..63 is exact and none needs
// a wider adder.
//
// There is no doubling high multiply and no second rounding: this is not the TFLite two-step
// scheme.
module gemm_axis_requant_lane (
  input  logic               clk_i,
  input  logic               en_i,
  input  logic signed [31:0] acc_i,
  input  logic        [15:0] mult_i,
  input  logic         [5:0] shift_i,
  input  logic signed  [7:0] zp_i,
  output logic signed  [7:0] y_o
);

  localparam logic signed [47:0] Lowest  = -48'sd128;
  localparam logic signed [47:0] Highest = 48'sd127;

  logic signed [47:0] product_q;
  logic         [5:0] shift_q;
  logic signed  [7:0] zp_q, y_d, y_q;
  logic signed [48:0] shifted;
  logic signed [47:0] rounded, offset;

  assign shifted = signed'({product_q, 1'b0}) >>> shift_q;
  assign rounded = signed'(shifted[48:1]) + 48'(signed'({1'b0, shifted[0]}));
  assign offset  = rounded + 48'(zp_q);

  always_comb begin
    y_d = offset[7:0];
    if (offset < Lowest) begin
      y_d = Lowest[7:0];
    end else if (offset > Highest) begin
      y_d = Highest[7:0];
    end
  end

  always_ff @(posedge clk_i) begin
    if (en_i) begin
      product_q <= 48'(acc_i) * 48'(signed'({1'b0, mult_i}));
      shift_q   <= shift_i;
      zp_q      <= zp_i;
      y_q       <= y_d;
    end
  end

  assign y_o = y_q;

endmodule
