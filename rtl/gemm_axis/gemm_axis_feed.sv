// Joins one beat of A with one beat of B, marks the first and the last pair of a tile, and spaces
// the ends of tiles.
//
// A pair enters the array when both beats are there and the array moves. The results of a tile
// leave the array on one bus per column during N moves, so the last pair of a tile waits until N
// moves after the last pair before it. Tiles with K >= N never wait. A tile ends when A or B says
// so; when only one of them does, mismatch_o is high for one cycle.
//
// It does not resynchronise the streams: after a disagreement the surplus beats of the longer one
// start the next tile.
module gemm_axis_feed #(
  parameter int unsigned N = 8
) (
  input  logic clk_i,
  input  logic rst_ni,
  input  logic en_i,

  input  logic a_valid_i,
  input  logic a_last_i,
  input  logic b_valid_i,
  input  logic b_last_i,
  output logic pop_o,

  output logic first_o,
  output logic last_o,
  output logic mismatch_o
);

  localparam int unsigned SpacingWidth = $clog2(N);

  logic                    first_q, first_d;
  logic                    mismatch_q;
  logic [SpacingWidth-1:0] spacing_q, spacing_d;
  logic                    last, pop;

  assign last = a_last_i | b_last_i;
  assign pop  = en_i & a_valid_i & b_valid_i & (~last | (spacing_q == '0));

  always_comb begin
    first_d   = first_q;
    spacing_d = spacing_q;
    if (en_i && spacing_q != '0) begin
      spacing_d = spacing_q - 1'b1;
    end
    if (pop) begin
      first_d = last;
      if (last) begin
        spacing_d = SpacingWidth'(N - 1);
      end
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      first_q    <= 1'b1;
      spacing_q  <= '0;
      mismatch_q <= 1'b0;
    end else begin
      first_q    <= first_d;
      spacing_q  <= spacing_d;
      mismatch_q <= pop & (a_last_i ^ b_last_i);
    end
  end

  assign pop_o      = pop;
  assign first_o    = pop & first_q;
  assign last_o     = pop & last;
  assign mismatch_o = mismatch_q;

endmodule
