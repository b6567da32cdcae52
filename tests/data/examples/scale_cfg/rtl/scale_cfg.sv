// Scales a stream by configuration pins that are sampled when start_i is high: length, multiplier,
// shift and zero point. done_o is high for one cycle after the last result was taken.
//
// y = clip(round_half_even(x * mult / 2**shift) + zp, -128, 127). start_i is ignored while busy.
module scale_cfg (
  input  logic        clk_i,
  input  logic        rst_ni,

  input  logic  [7:0] cfg_len_i,
  input  logic  [7:0] cfg_mult_i,
  input  logic  [3:0] cfg_shift_i,
  input  logic  [7:0] cfg_zp_i,
  input  logic        start_i,
  output logic        busy_o,
  output logic        done_o,

  input  logic        x_valid_i,
  output logic        x_ready_o,
  input  logic [15:0] x_data_i,

  output logic        y_valid_o,
  input  logic        y_ready_i,
  output logic  [7:0] y_data_o
);

  logic               busy_q, done_q, valid_q;
  logic         [7:0] left_q, mult_q, zp_q, data_q;
  logic         [3:0] shift_q;
  logic               accept, sent;
  logic signed [24:0] product, whole;
  logic        [24:0] below;
  logic               up;
  logic signed [25:0] result;

  assign x_ready_o = busy_q & (left_q != '0) & ~valid_q;
  assign accept    = x_valid_i & x_ready_o;
  assign sent      = valid_q & y_ready_i;

  assign product = 25'(signed'(x_data_i)) * 25'(signed'({1'b0, mult_q}));
  assign whole   = product >>> shift_q;
  assign below   = ~('1 << shift_q) & product;
  assign up      = (shift_q != '0) &
                   ((below > (25'd1 << shift_q) >> 1) | ((below == (25'd1 << shift_q) >> 1) & whole[0]));
  assign result  = 26'(whole) + 26'(signed'({1'b0, up})) + 26'(signed'(zp_q));

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      busy_q  <= 1'b0;
      done_q  <= 1'b0;
      valid_q <= 1'b0;
      left_q  <= '0;
      mult_q  <= '0;
      shift_q <= '0;
      zp_q    <= '0;
      data_q  <= '0;
    end else begin
      done_q <= 1'b0;
      if (start_i & ~busy_q) begin
        busy_q  <= 1'b1;
        left_q  <= cfg_len_i;
        mult_q  <= cfg_mult_i;
        shift_q <= cfg_shift_i;
        zp_q    <= cfg_zp_i;
      end
      if (accept) begin
        left_q  <= left_q - 1'b1;
        valid_q <= 1'b1;
        if (result < -26'sd128) begin
          data_q <= 8'h80;
        end else if (result > 26'sd127) begin
          data_q <= 8'h7f;
        end else begin
          data_q <= result[7:0];
        end
      end
      if (sent) begin
        valid_q <= 1'b0;
        if (left_q == '0) begin
          busy_q <= 1'b0;
          done_q <= 1'b1;
        end
      end
    end
  end

  assign busy_o    = busy_q;
  assign done_o    = done_q;
  assign y_valid_o = valid_q;
  assign y_data_o  = data_q;

endmodule
