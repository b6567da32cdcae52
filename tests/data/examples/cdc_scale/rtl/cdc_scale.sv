// Triples samples, saturating, and hands them from one clock to another through a FIFO of eight
// entries with Gray-coded pointers, two flip-flops deep each way.
//
// Both resets must be asserted together.
module cdc_scale (
  input  logic              wr_clk_i,
  input  logic              wr_rst_ni,
  input  logic              x_valid_i,
  output logic              x_ready_o,
  input  logic signed [7:0] x_data_i,

  input  logic              rd_clk_i,
  input  logic              rd_rst_ni,
  output logic              y_valid_o,
  input  logic              y_ready_i,
  output logic signed [7:0] y_data_o
);

  logic        [7:0] mem [8];
  logic        [3:0] wr_q, wr_d, wr_gray_q, rd_q, rd_d, rd_gray_q;
  logic        [3:0] wr_at_rd1_q, wr_at_rd2_q, rd_at_wr1_q, rd_at_wr2_q;
  logic signed [9:0] triple;
  logic        [7:0] clipped;
  logic              full, push, pop;

  assign triple = 10'(x_data_i) * 10'sd3;

  always_comb begin
    clipped = triple[7:0];
    if (triple < -10'sd128) begin
      clipped = 8'h80;
    end else if (triple > 10'sd127) begin
      clipped = 8'h7f;
    end
  end

  assign full      = wr_gray_q == (rd_at_wr2_q ^ 4'b1100);
  assign x_ready_o = ~full;
  assign push      = x_valid_i & x_ready_o;
  assign wr_d      = wr_q + {3'd0, push};

  always_ff @(posedge wr_clk_i or negedge wr_rst_ni) begin
    if (!wr_rst_ni) begin
      wr_q        <= '0;
      wr_gray_q   <= '0;
      rd_at_wr1_q <= '0;
      rd_at_wr2_q <= '0;
    end else begin
      wr_q        <= wr_d;
      wr_gray_q   <= wr_d ^ (wr_d >> 1);
      rd_at_wr1_q <= rd_gray_q;
      rd_at_wr2_q <= rd_at_wr1_q;
    end
  end

  always_ff @(posedge wr_clk_i) begin
    if (push) begin
      mem[wr_q[2:0]] <= clipped;
    end
  end

  assign y_valid_o = rd_gray_q != wr_at_rd2_q;
  assign y_data_o  = mem[rd_q[2:0]];
  assign pop       = y_valid_o & y_ready_i;
  assign rd_d      = rd_q + {3'd0, pop};

  always_ff @(posedge rd_clk_i or negedge rd_rst_ni) begin
    if (!rd_rst_ni) begin
      rd_q        <= '0;
      rd_gray_q   <= '0;
      wr_at_rd1_q <= '0;
      wr_at_rd2_q <= '0;
    end else begin
      rd_q        <= rd_d;
      rd_gray_q   <= rd_d ^ (rd_d >> 1);
      wr_at_rd1_q <= wr_gray_q;
      wr_at_rd2_q <= wr_at_rd1_q;
    end
  end

endmodule
