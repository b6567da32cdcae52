// Pools groups of four samples, by maximum or by average, behind the block-level handshake of a
// high-level-synthesis block: ap_start and the arguments are held until ap_ready, which comes
// together with ap_done at the end of the transaction.
//
// The average is rounded half away from zero. The output has no back-pressure.
module hls_pool (
  input  logic              ap_clk,
  input  logic              ap_rst,
  input  logic              ap_start,
  output logic              ap_done,
  output logic              ap_idle,
  output logic              ap_ready,
  input  logic        [7:0] n,
  input  logic              average,
  input  logic signed [7:0] in_r,
  input  logic              in_r_ap_vld,
  output logic              in_r_ap_ack,
  output logic signed [7:0] out_r,
  output logic              out_r_ap_vld
);

  logic               run_q, done_q, vld_q;
  logic         [7:0] group_q;
  logic         [1:0] place_q;
  logic signed  [7:0] max_q, max_d, out_q;
  logic signed  [9:0] sum_q, sum_d, magnitude, rounded;
  logic               accept, last;

  assign accept    = in_r_ap_vld & in_r_ap_ack;
  assign last      = place_q == 2'd3;
  assign max_d     = (place_q == '0 || in_r > max_q) ? in_r : max_q;
  assign sum_d     = ((place_q == '0) ? 10'sd0 : sum_q) + 10'(in_r);
  assign magnitude = (sum_d < 0) ? -sum_d : sum_d;
  assign rounded   = (magnitude + 10'sd2) >>> 2;

  always_ff @(posedge ap_clk) begin
    vld_q  <= 1'b0;
    done_q <= 1'b0;
    if (ap_rst) begin
      run_q   <= 1'b0;
      group_q <= '0;
      place_q <= '0;
      max_q   <= '0;
      sum_q   <= '0;
      out_q   <= '0;
    end else if (!run_q) begin
      run_q   <= ap_start & ~done_q;
      group_q <= '0;
    end else if (accept) begin
      place_q <= place_q + 1'b1;
      max_q   <= max_d;
      sum_q   <= sum_d;
      if (last) begin
        vld_q   <= 1'b1;
        out_q   <= average ? ((sum_d < 0) ? 8'(-rounded) : 8'(rounded)) : max_d;
        group_q <= group_q + 1'b1;
        if (group_q + 1'b1 == n) begin
          run_q  <= 1'b0;
          done_q <= 1'b1;
        end
      end
    end
  end

  assign in_r_ap_ack  = run_q;
  assign ap_done      = done_q;
  assign ap_ready     = done_q;
  assign ap_idle      = ~run_q & ~ap_start;
  assign out_r        = out_q;
  assign out_r_ap_vld = vld_q;

endmodule
