// Four accumulators that a plain load port feeds; their sums stand on an unpacked array only in the
// cycle of done_o, and are cleared right after it.
//
// busy_o is high from the first term to the last, while the last product is still on its way: it
// falls before done_o rises.
module array_mac (
  input  logic               clk_i,
  input  logic               rst_ni,

  input  logic               x_valid_i,
  input  logic signed  [7:0] x_a_i,
  input  logic        [31:0] x_b_i,
  input  logic               x_last_i,

  output logic               busy_o,
  output logic               done_o,
  output logic signed [23:0] acc_o [4]
);

  logic busy_q, term_q, last_q, done_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      busy_q <= 1'b0;
      term_q <= 1'b0;
      last_q <= 1'b0;
      done_q <= 1'b0;
    end else begin
      term_q <= x_valid_i;
      last_q <= x_valid_i & x_last_i;
      done_q <= last_q;
      if (x_valid_i) begin
        busy_q <= ~x_last_i;
      end
    end
  end

  for (genvar n = 0; n < 4; n++) begin : gen_lane
    logic signed [15:0] product_q;
    logic signed [23:0] acc_q;

    always_ff @(posedge clk_i) begin
      product_q <= 16'(x_a_i) * 16'(signed'(x_b_i[8*n+:8]));
    end

    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) begin
        acc_q <= '0;
      end else if (done_q) begin
        acc_q <= '0;
      end else if (term_q) begin
        acc_q <= acc_q + 24'(product_q);
      end
    end

    assign acc_o[n] = acc_q;
  end

  assign busy_o = busy_q;
  assign done_o = done_q;

endmodule
