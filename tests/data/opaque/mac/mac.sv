// A multiply-accumulate unit: q_o gains a_i * b_i in each cycle in which en_i is high; clr_i begins anew.
module mac #(
    parameter int Width = 8
) (
    input  logic                      clk_i,
    input  logic                      rst_ni,
    input  logic                      en_i,
    input  logic                      clr_i,
    input  logic signed [Width-1:0]   a_i,
    input  logic signed [Width-1:0]   b_i,
    output logic signed [4*Width-1:0] q_o
);
  logic signed [2*Width-1:0] product;
  assign product = a_i * b_i;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) q_o <= '0;
    else if (clr_i) q_o <= '0;
    else if (en_i) q_o <= q_o + (4 * Width)'(product);
  end
endmodule
