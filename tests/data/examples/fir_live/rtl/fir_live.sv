// Three-tap filter whose taps and mode are plain pins, read in every cycle: they must stand still
// until done_o. One operation filters cfg_len_i + 2 samples to cfg_len_i results.
//
// y[l] = x[l]*w0 + x[l+1]*w1 + x[l+2]*w2, negative results cut to zero when cfg_relu_i is set.
module fir_live (
  input  logic               clk_i,
  input  logic               rst_ni,

  input  logic         [7:0] cfg_len_i,
  input  logic signed  [7:0] cfg_w0_i,
  input  logic signed  [7:0] cfg_w1_i,
  input  logic signed  [7:0] cfg_w2_i,
  input  logic               cfg_relu_i,
  input  logic               start_i,
  output logic               done_o,

  input  logic               x_valid_i,
  output logic               x_ready_o,
  input  logic signed  [7:0] x_data_i,

  output logic               y_valid_o,
  input  logic               y_ready_i,
  output logic signed [17:0] y_data_o
);

  logic               busy_q, done_q, valid_q;
  logic         [8:0] count_q;
  logic signed  [7:0] x1_q, x2_q;
  logic signed [17:0] sum, data_q;
  logic               accept, sent;

  assign x_ready_o = busy_q & ~valid_q;
  assign accept    = x_valid_i & x_ready_o;
  assign sent      = valid_q & y_ready_i;
  assign sum       = 18'(x2_q) * 18'(cfg_w0_i) + 18'(x1_q) * 18'(cfg_w1_i) + 18'(x_data_i) * 18'(cfg_w2_i);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      busy_q  <= 1'b0;
      done_q  <= 1'b0;
      valid_q <= 1'b0;
      count_q <= '0;
      x1_q    <= '0;
      x2_q    <= '0;
      data_q  <= '0;
    end else begin
      done_q <= 1'b0;
      if (start_i & ~busy_q) begin
        busy_q  <= 1'b1;
        count_q <= '0;
      end
      if (accept) begin
        count_q <= count_q + 1'b1;
        x1_q    <= x_data_i;
        x2_q    <= x1_q;
        if (count_q >= 9'd2) begin
          valid_q <= 1'b1;
          data_q  <= (cfg_relu_i && sum < 0) ? '0 : sum;
        end
      end
      if (sent) begin
        valid_q <= 1'b0;
        if (count_q == 9'(cfg_len_i) + 9'd2) begin
          busy_q <= 1'b0;
          done_q <= 1'b1;
        end
      end
    end
  end

  assign done_o    = done_q;
  assign y_valid_o = valid_q;
  assign y_data_o  = data_q;

endmodule
