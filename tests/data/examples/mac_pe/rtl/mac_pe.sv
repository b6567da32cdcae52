// Multiply-accumulate unit: one beat carries an operand pair, the beat marked last ends a dot
// product. The sum waits in the accumulator until it is taken, and no pair enters meanwhile.
//
// It does not saturate: 32 bits hold every sum of up to 2**17 products.
module mac_pe (
  input  logic               clk_i,
  input  logic               rst_ni,

  input  logic               in_valid_i,
  output logic               in_ready_o,
  input  logic signed  [7:0] a_i,
  input  logic signed  [7:0] b_i,
  input  logic               last_i,

  output logic               out_valid_o,
  input  logic               out_ready_i,
  output logic signed [31:0] acc_o
);

  logic               valid_q;
  logic               first_q;
  logic signed [31:0] acc_q;
  logic signed [15:0] product;
  logic               accept;

  assign in_ready_o = ~valid_q;
  assign accept     = in_valid_i & in_ready_o;
  assign product    = 16'(a_i) * 16'(b_i);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      valid_q <= 1'b0;
      first_q <= 1'b1;
      acc_q   <= '0;
    end else begin
      if (accept) begin
        first_q <= last_i;
        acc_q   <= (first_q ? 32'sd0 : acc_q) + 32'(product);
        valid_q <= last_i;
      end else if (out_ready_i) begin
        valid_q <= 1'b0;
      end
    end
  end

  assign out_valid_o = valid_q;
  assign acc_o       = acc_q;

endmodule
