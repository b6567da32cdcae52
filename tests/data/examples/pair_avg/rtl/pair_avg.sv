// Average of pairs of samples, rounded half away from zero, behind request and grant on both
// sides. A grant is given only while a request is there; a request stays until it is granted.
module pair_avg (
  input  logic              clk_i,
  input  logic              rst_ni,

  input  logic              in_req_i,
  output logic              in_gnt_o,
  input  logic signed [7:0] in_data_i,

  output logic              out_req_o,
  input  logic              out_gnt_i,
  output logic signed [7:0] out_data_o
);

  logic              half_q, full_q;
  logic signed [7:0] first_q, data_q, rounded;
  logic signed [8:0] sum;
  logic              take;

  assign in_gnt_o = in_req_i & ~full_q;
  assign take     = in_req_i & in_gnt_o;
  assign sum      = 9'(first_q) + 9'(in_data_i);
  assign rounded  = 8'((sum + ((sum < 0) ? 9'sd0 : 9'sd1)) >>> 1);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      half_q  <= 1'b0;
      full_q  <= 1'b0;
      first_q <= '0;
      data_q  <= '0;
    end else begin
      if (take) begin
        half_q <= ~half_q;
        if (half_q) begin
          full_q <= 1'b1;
          data_q <= rounded;
        end else begin
          first_q <= in_data_i;
        end
      end
      if (full_q & out_gnt_i) begin
        full_q <= 1'b0;
      end
    end
  end

  assign out_req_o  = full_q;
  assign out_data_o = data_q;

endmodule
