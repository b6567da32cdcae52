// Byte-serial pins without a handshake: everything is counted from the start pulse and from what it brings about.
// Synchronous reset, active high; configuration is taken with the pulse.
module serial (
  input  logic       clk_i,
  input  logic       rst_i,
  input  logic       start_i,
  input  logic [7:0] scale_i,
  input  logic [3:0] len_i,
  input  logic [7:0] bias_i [0:1],
  input  logic [7:0] din_i,
  input  logic [7:0] extra_i,  // taken two cycles after the first output
  output logic [7:0] dout_o [1:0],
  output logic       done_o,
  output logic [15:0] sum_o
);
  logic        busy_q;
  logic [7:0]  t_q, scale_q;
  logic [7:0]  len_q;
  logic [15:0] bias_q, sum_q;
  logic [15:0] mem_q [16];
  logic [7:0]  out_index;
  logic        in_window, out_window;

  assign in_window  = t_q[0] && (t_q >> 1) < len_q;
  assign out_index  = t_q - 8'(3 * len_q);
  assign out_window = t_q >= 8'(3 * len_q) && out_index < len_q;

  always_ff @(posedge clk_i) begin
    done_o <= 1'b0;
    if (rst_i) begin
      busy_q <= 1'b0;
      t_q    <= 8'd0;
    end else if (start_i) begin
      busy_q  <= 1'b1;
      t_q     <= 8'd1;
      scale_q <= scale_i;
      len_q   <= 8'(len_i);
      bias_q  <= {bias_i[1], bias_i[0]};
      sum_q   <= 16'd0;
    end else if (busy_q) begin
      t_q <= t_q + 8'd1;
      if (in_window) mem_q[4'(t_q >> 1)] <= 16'(din_i) * 16'(scale_q) + bias_q;
      {dout_o[1], dout_o[0]} <= out_window ? mem_q[4'(out_index)] : {dout_o[0], ~dout_o[1]};
      sum_q <= sum_q + (out_window ? mem_q[4'(out_index)] : 16'd0) + (t_q == 8'(3 * len_q + 3) ? 16'(extra_i) : 16'd0);
      if (t_q == 8'(4 * len_q + 4)) begin
        done_o <= 1'b1;
        sum_o  <= sum_q;
        busy_q <= 1'b0;
      end else begin
        sum_o  <= ~sum_q;
      end
    end else begin
      sum_o <= ~sum_o;
    end
  end
endmodule
