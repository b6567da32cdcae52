// N x N int8 matrix multiplier with AXI4-Stream in and out: C = A * B tile by tile, optionally
// requantised to int8.
//
// Beat k of stream A is column k of an N x K tile of A, beat k of stream B is row k of a K x N tile
// of B; TLAST ends the tile. Each tile gives N beats of stream C, row 0 first, TLAST on row N-1.
// With Requant a beat of stream Q per tile carries each column's multiplier, shift and zero point.
// Any K >= 1; sums are int32 and wrap. A pair of beats is taken in every cycle when K >= N, tiles
// follow each other without a gap, and no stream stalls. See README.md for layout, timing and
// limits.
//
// It is not a whole accelerator: no memory, no registers, no tiling, no bias, no sum over several
// tiles. It has one clock, and the whole array stops while the output cannot move.
//
// Ports of the streams carry the names of AMBA AXI4-Stream without direction suffix, so that
// packagers recognise them.
module gemm_axis #(
  parameter  int unsigned N        = 8,    // rows and columns of the array, 2 or more
  parameter  bit          Requant  = 1'b1, // 1: int8 results; 0: int32 sums, stream Q unused
  localparam int unsigned OutWidth = Requant ? 8 : 32
) (
  input  logic                  clk_i,
  input  logic                  rst_ni,

  input  logic                  s_axis_a_tvalid,
  output logic                  s_axis_a_tready,
  input  logic [N*8-1:0]        s_axis_a_tdata,
  input  logic                  s_axis_a_tlast,

  input  logic                  s_axis_b_tvalid,
  output logic                  s_axis_b_tready,
  input  logic [N*8-1:0]        s_axis_b_tdata,
  input  logic                  s_axis_b_tlast,

  input  logic                  s_axis_q_tvalid,
  output logic                  s_axis_q_tready,
  input  logic [N*32-1:0]       s_axis_q_tdata,

  output logic                  m_axis_c_tvalid,
  input  logic                  m_axis_c_tready,
  output logic [N*OutWidth-1:0] m_axis_c_tdata,
  output logic                  m_axis_c_tlast,

  // High for one cycle when A and B disagreed about the end of a tile.
  output logic                  tlast_mismatch_o
);

  logic                  a_valid, a_last, b_valid, b_last;
  logic [N-1:0][7:0]     a, b;
  logic                  move, pop, first, last;
  logic                  row_valid, row_ready, row_last;
  logic [N-1:0][31:0]    row;
  logic                  out_valid, out_ready, out_last;
  logic [N*OutWidth-1:0] out;

  skid_buffer #(.Width(N * 8 + 1)) u_skid_a (
    .clk_i, .rst_ni,
    .valid_i(s_axis_a_tvalid),
    .ready_o(s_axis_a_tready),
    .data_i ({s_axis_a_tlast, s_axis_a_tdata}),
    .valid_o(a_valid),
    .ready_i(pop),
    .data_o ({a_last, a})
  );

  skid_buffer #(.Width(N * 8 + 1)) u_skid_b (
    .clk_i, .rst_ni,
    .valid_i(s_axis_b_tvalid),
    .ready_o(s_axis_b_tready),
    .data_i ({s_axis_b_tlast, s_axis_b_tdata}),
    .valid_o(b_valid),
    .ready_i(pop),
    .data_o ({b_last, b})
  );

  // The array moves unless a finished row stands at its end and cannot leave.
  assign move = row_ready | ~row_valid;

  gemm_axis_feed #(.N(N)) u_feed (
    .clk_i, .rst_ni,
    .en_i      (move),
    .a_valid_i (a_valid),
    .a_last_i  (a_last),
    .b_valid_i (b_valid),
    .b_last_i  (b_last),
    .pop_o     (pop),
    .first_o   (first),
    .last_o    (last),
    .mismatch_o(tlast_mismatch_o)
  );

  gemm_axis_array #(.N(N)) u_array (
    .clk_i, .rst_ni,
    .en_i       (move),
    .valid_i    (pop),
    .first_i    (first),
    .last_i     (last),
    .a_i        (a),
    .b_i        (b),
    .row_valid_o(row_valid),
    .row_last_o (row_last),
    .row_o      (row)
  );

  if (Requant) begin : gen_requant
    logic               q_valid, q_ready;
    logic [N-1:0][31:0] q;

    skid_buffer #(.Width(N * 32)) u_skid_q (
      .clk_i, .rst_ni,
      .valid_i(s_axis_q_tvalid),
      .ready_o(s_axis_q_tready),
      .data_i (s_axis_q_tdata),
      .valid_o(q_valid),
      .ready_i(q_ready),
      .data_o (q)
    );

    gemm_axis_requant #(.N(N)) u_requant (
      .clk_i, .rst_ni,
      .row_valid_i(row_valid),
      .row_ready_o(row_ready),
      .row_last_i (row_last),
      .row_i      (row),
      .q_valid_i  (q_valid),
      .q_ready_o  (q_ready),
      .q_i        (q),
      .valid_o    (out_valid),
      .ready_i    (out_ready),
      .last_o     (out_last),
      .row_o      (out)
    );
  end else begin : gen_sums
    logic unused_q;
    assign unused_q        = ^{s_axis_q_tvalid, s_axis_q_tdata};
    assign s_axis_q_tready = 1'b0;
    assign row_ready       = out_ready;
    assign out_valid       = row_valid;
    assign out_last        = row_last;
    assign out             = row;
  end

  skid_buffer #(.Width(N * OutWidth + 1)) u_skid_c (
    .clk_i, .rst_ni,
    .valid_i(out_valid),
    .ready_o(out_ready),
    .data_i ({out_last, out}),
    .valid_o(m_axis_c_tvalid),
    .ready_i(m_axis_c_tready),
    .data_o ({m_axis_c_tlast, m_axis_c_tdata})
  );

endmodule
