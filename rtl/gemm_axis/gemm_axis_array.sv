// N x N output-stationary systolic array with operand skew in front and result de-skew behind.
//
// Row i of A enters i moves late and travels right with the tile marks, column j of B enters j
// moves late and travels down, so that pair k meets in element (i, j) i + j moves after it entered.
// Element (i, j) drives the bus of column j while its sum is complete; within a column that is one
// row per move, top row first, provided that tiles end at least N moves apart. De-skew puts the
// columns of a row side by side again.
//
// Everything here moves only while en_i is high. It does not protect the column buses itself:
// gemm_axis_feed keeps ends apart.
module gemm_axis_array #(
  parameter int unsigned N = 8
) (
  input  logic               clk_i,
  input  logic               rst_ni,
  input  logic               en_i,

  input  logic               valid_i,
  input  logic               first_i,
  input  logic               last_i,
  input  logic [N-1:0][7:0]  a_i,
  input  logic [N-1:0][7:0]  b_i,

  output logic               row_valid_o,
  output logic               row_last_o,
  output logic [N-1:0][31:0] row_o
);

  // Operands and marks between elements: column N of `a` and `mark` and row N of `b` leave the
  // array unused.
  logic [N-1:0][N:0][7:0]    a;
  logic [N:0][N-1:0][7:0]    b;
  logic [N-1:0][N:0][2:0]    mark;
  logic [N-1:0][N-1:0]       done;
  logic [N-1:0][N-1:0][31:0] acc;
  logic [N-1:0][31:0]        bus;

  for (genvar i = 0; i < N; i++) begin : gen_row
    logic [2:0] mark_above;
    if (i == 0) begin : gen_top
      assign mark_above = {valid_i, first_i, last_i};
    end else begin : gen_below
      assign mark_above = mark[i-1][0];
    end

    delay_line #(.Width(3), .Depth(1)) u_skew_mark (
      .clk_i, .rst_ni, .en_i, .data_i(mark_above), .data_o(mark[i][0])
    );
    delay_line #(.Width(8), .Depth(i + 1)) u_skew_a (
      .clk_i, .rst_ni, .en_i, .data_i(a_i[i]), .data_o(a[i][0])
    );
    delay_line #(.Width(8), .Depth(i + 1)) u_skew_b (
      .clk_i, .rst_ni, .en_i, .data_i(b_i[i]), .data_o(b[0][i])
    );

    for (genvar j = 0; j < N; j++) begin : gen_col
      gemm_axis_pe u_pe (
        .clk_i, .rst_ni, .en_i,
        .valid_i(mark[i][j][2]),
        .first_i(mark[i][j][1]),
        .last_i (mark[i][j][0]),
        .a_i    (a[i][j]),
        .b_i    (b[i][j]),
        .valid_o(mark[i][j+1][2]),
        .first_o(mark[i][j+1][1]),
        .last_o (mark[i][j+1][0]),
        .a_o    (a[i][j+1]),
        .b_o    (b[i+1][j]),
        .done_o (done[i][j]),
        .acc_o  (acc[i][j])
      );
    end
  end

  always_comb begin
    bus = '0;
    for (int unsigned i = 0; i < N; i++) begin
      for (int unsigned j = 0; j < N; j++) begin
        bus[j] |= {32{done[i][j]}} & acc[i][j];
      end
    end
  end

  for (genvar j = 0; j < N; j++) begin : gen_deskew
    delay_line #(.Width(32), .Depth(N - j)) u_deskew (
      .clk_i, .rst_ni, .en_i, .data_i(bus[j]), .data_o(row_o[j])
    );
  end

  // The last column finishes a row, and its last row finishes the tile.
  logic row_valid, row_last;
  always_comb begin
    row_valid = 1'b0;
    for (int unsigned i = 0; i < N; i++) begin
      row_valid |= done[i][N-1];
    end
  end
  assign row_last = done[N-1][N-1];

  delay_line #(.Width(2), .Depth(1)) u_row_mark (
    .clk_i, .rst_ni, .en_i, .data_i({row_valid, row_last}), .data_o({row_valid_o, row_last_o})
  );

  logic unused_edges;
  always_comb begin
    unused_edges = ^b[N];
    for (int unsigned i = 0; i < N; i++) begin
      unused_edges ^= ^{a[i][N], mark[i][N]};
    end
  end

endmodule
