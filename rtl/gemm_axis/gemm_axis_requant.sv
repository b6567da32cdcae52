// Requantises rows of N int32 sums to N int8 values with one set of per-column parameters for each
// tile of N rows.
//
// A row moves only when the parameters of its tile are there; they are taken away with the tile's
// last row, so the parameters of the next tile may wait behind them. Two rows are under way at a
// time.
//
// Parameter word of a column: [15:0] multiplier, unsigned; [23:16] zero point, signed; [29:24]
// shift; [31:30] ignored. It does not choose or check parameters: every value of every field has
// the meaning that gemm_axis_requant_lane gives it.
module gemm_axis_requant #(
  parameter int unsigned N = 8
) (
  input  logic               clk_i,
  input  logic               rst_ni,

  input  logic               row_valid_i,
  output logic               row_ready_o,
  input  logic               row_last_i,
  input  logic [N-1:0][31:0] row_i,

  input  logic               q_valid_i,
  output logic               q_ready_o,
  input  logic [N-1:0][31:0] q_i,

  output logic               valid_o,
  input  logic               ready_i,
  output logic               last_o,
  output logic [N-1:0][7:0]  row_o
);

  logic move, accept;
  logic valid1_q, valid2_q;
  logic last1_q, last2_q;

  assign move        = ready_i | ~valid2_q;
  assign accept      = move & row_valid_i & q_valid_i;
  assign row_ready_o = move & q_valid_i;
  assign q_ready_o   = accept & row_last_i;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      valid1_q <= 1'b0;
      valid2_q <= 1'b0;
      last1_q  <= 1'b0;
      last2_q  <= 1'b0;
    end else if (move) begin
      valid1_q <= accept;
      valid2_q <= valid1_q;
      last1_q  <= row_last_i;
      last2_q  <= last1_q;
    end
  end

  logic [N-1:0] unused_reserved;

  for (genvar j = 0; j < N; j++) begin : gen_lane
    gemm_axis_requant_lane u_lane (
      .clk_i,
      .en_i   (move),
      .acc_i  (row_i[j]),
      .mult_i (q_i[j][15:0]),
      .shift_i(q_i[j][29:24]),
      .zp_i   (q_i[j][23:16]),
      .y_o    (row_o[j])
    );
    assign unused_reserved[j] = ^q_i[j][31:30];
  end

  assign valid_o = valid2_q;
  assign last_o  = last2_q;

endmodule
