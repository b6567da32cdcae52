// Requantises four accumulators per beat with tables that a plain load port fills: no ready, one
// entry per beat, its row and column beside it. A data beat names the row of the table it uses.
//
// y = clip(round_half_up(x * mult / 2**shift) + zp, -128, 127), exact, in two stages.
module requant_table (
  input  logic        clk_i,
  input  logic        rst_ni,

  input  logic        ld_valid_i,
  input  logic  [1:0] ld_row_i,
  input  logic  [1:0] ld_col_i,
  input  logic [15:0] ld_mult_i,
  input  logic  [4:0] ld_shift_i,
  input  logic  [7:0] ld_zp_i,

  input  logic        x_valid_i,
  output logic        x_ready_o,
  input  logic  [1:0] x_row_i,
  input  logic [79:0] x_acc_i,

  output logic        y_valid_o,
  input  logic        y_ready_i,
  output logic [31:0] y_data_o
);

  logic [15:0] mult_q  [4][4];
  logic  [4:0] shift_q [4][4];
  logic  [7:0] zp_q    [4][4];

  logic        move, valid1_q, valid2_q;
  logic [31:0] y_q;

  assign move      = ~valid2_q | y_ready_i;
  assign x_ready_o = move;

  always_ff @(posedge clk_i) begin
    if (ld_valid_i) begin
      mult_q[ld_row_i][ld_col_i]  <= ld_mult_i;
      shift_q[ld_row_i][ld_col_i] <= ld_shift_i;
      zp_q[ld_row_i][ld_col_i]    <= ld_zp_i;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      valid1_q <= 1'b0;
      valid2_q <= 1'b0;
    end else if (move) begin
      valid1_q <= x_valid_i;
      valid2_q <= valid1_q;
    end
  end

  for (genvar c = 0; c < 4; c++) begin : gen_lane
    logic signed [36:0] product_q;
    logic         [4:0] amount_q;
    logic         [7:0] offset_q;
    logic signed [37:0] shifted;
    logic signed [37:0] rounded, result;

    assign shifted = signed'({product_q, 1'b0}) >>> amount_q;
    assign rounded = 38'(signed'(shifted[37:1])) + 38'(signed'({1'b0, shifted[0]}));
    assign result  = rounded + 38'(signed'(offset_q));

    always_ff @(posedge clk_i) begin
      if (move) begin
        product_q <= 37'(signed'(x_acc_i[20*c+:20])) * 37'(signed'({1'b0, mult_q[x_row_i][c]}));
        amount_q  <= shift_q[x_row_i][c];
        offset_q  <= zp_q[x_row_i][c];
        if (result < -38'sd128) begin
          y_q[8*c+:8] <= 8'h80;
        end else if (result > 38'sd127) begin
          y_q[8*c+:8] <= 8'h7f;
        end else begin
          y_q[8*c+:8] <= result[7:0];
        end
      end
    end
  end

  assign y_valid_o = valid2_q;
  assign y_data_o  = y_q;

endmodule
