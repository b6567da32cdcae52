// Delays signals by whole cycles: the fields of a channel that lag behind their handshake, or the handshake on its way to
// the monitor of such a channel. Reset empties the line, so that nothing crosses from one job into the next.
module assay_lag #(
  parameter int unsigned Width = 1,
  parameter int unsigned Lag   = 1
) (
  input  bit               clk_i,
  input  bit               in_reset_i,
  input  logic [Width-1:0] now_i,
  output logic [Width-1:0] late_o
);
  logic [Width-1:0] line [Lag];

  initial for (int i = 0; i < Lag; i++) line[i] = '0;

  assign late_o = line[Lag-1];

  always @(posedge clk_i) begin
    line[0] <= in_reset_i ? '0 : now_i;
    for (int i = 1; i < Lag; i++) line[i] <= in_reset_i ? '0 : line[i-1];
  end
endmodule
