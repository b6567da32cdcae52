// Depthwise 3 x 3 convolution of one channel, stride 1, padding 1. The frame and the nine weights
// are loaded first; each result takes nine cycles. A tap outside the frame is the zero point, so
// it adds nothing.
//
// Frames are at most 8 x 8. Configuration pins are read live and must stand still until done_o.
module dwconv (
  input  logic               clk_i,
  input  logic               rst_ni,

  input  logic         [3:0] cfg_h_i,
  input  logic         [3:0] cfg_w_i,
  input  logic signed  [7:0] cfg_zp_i,
  input  logic               start_i,
  output logic               done_o,

  input  logic               w_valid_i,
  input  logic         [3:0] w_tap_i,
  input  logic signed  [7:0] w_data_i,

  input  logic               x_valid_i,
  output logic               x_ready_o,
  input  logic signed  [7:0] x_data_i,

  output logic               y_valid_o,
  input  logic               y_ready_i,
  output logic signed [20:0] y_data_o
);

  typedef enum logic [1:0] {Idle, Load, Sum, Send} state_e;

  state_e             state_q;
  logic signed  [7:0] frame_q  [8][8];
  logic signed  [7:0] weight_q [9];
  logic         [3:0] row_q, column_q, tap_q;
  logic         [4:0] tap_row, tap_column;
  logic signed [20:0] acc_q;
  logic signed  [8:0] pixel;
  logic               done_q, in_frame, row_end, frame_end;

  // Taps count from one row above and one column left of the result; 0 is outside.
  assign tap_row    = 5'(row_q) + 5'(tap_q / 4'd3);
  assign tap_column = 5'(column_q) + 5'(tap_q % 4'd3);
  assign in_frame   = (tap_row != '0) & (tap_row <= 5'(cfg_h_i)) & (tap_column != '0) & (tap_column <= 5'(cfg_w_i));
  assign pixel      = in_frame ? 9'(frame_q[3'(tap_row - 5'd1)][3'(tap_column - 5'd1)]) - 9'(cfg_zp_i) : '0;
  assign row_end    = column_q + 1'b1 == cfg_w_i;
  assign frame_end  = row_end & (row_q + 1'b1 == cfg_h_i);
  assign x_ready_o  = state_q == Load;

  always_ff @(posedge clk_i) begin
    if (w_valid_i) begin
      weight_q[w_tap_i] <= w_data_i;
    end
    if (x_valid_i & x_ready_o) begin
      frame_q[row_q[2:0]][column_q[2:0]] <= x_data_i;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      state_q  <= Idle;
      row_q    <= '0;
      column_q <= '0;
      tap_q    <= '0;
      acc_q    <= '0;
      done_q   <= 1'b0;
    end else begin
      done_q <= 1'b0;
      if ((x_valid_i & x_ready_o) | (y_ready_i & y_valid_o)) begin
        column_q <= row_end ? '0 : column_q + 1'b1;
        row_q    <= frame_end ? '0 : row_q + {3'd0, row_end};
      end
      unique case (state_q)
        Load: begin
          if (x_valid_i & frame_end) begin
            state_q <= Sum;
          end
        end
        Sum: begin
          acc_q <= ((tap_q == '0) ? '0 : acc_q) + 21'(pixel) * 21'(weight_q[tap_q]);
          tap_q <= tap_q + 1'b1;
          if (tap_q == 4'd8) begin
            tap_q   <= '0;
            state_q <= Send;
          end
        end
        Send: begin
          if (y_ready_i) begin
            state_q <= frame_end ? Idle : Sum;
            done_q  <= frame_end;
          end
        end
        default: begin
          if (start_i) begin
            state_q <= Load;
          end
        end
      endcase
    end
  end

  assign y_valid_o = state_q == Send;
  assign y_data_o  = acc_q;
  assign done_o    = done_q;

endmodule
