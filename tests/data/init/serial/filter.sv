// Bits in after a start, a byte of their sum out a fixed time later: no handshake at all.
module filter (
  input  logic       clk,
  input  logic       rstn,
  input  logic       start,
  input  logic       sdi,
  input  logic [3:0] cfg_taps,
  output logic [7:0] dout
);
  logic [7:0] sum;
  logic reset_core;
  assign reset_core = ~rstn;
  core u_core (.clock(clk), .reset(reset_core), .start, .bit_in(sdi), .taps(cfg_taps), .sum);
  assign dout = sum;
endmodule

module core (
  input  logic       clock,
  input  logic       reset,
  input  logic       start,
  input  logic       bit_in,
  input  logic [3:0] taps,
  output logic [7:0] sum
);
  always_ff @(posedge clock or posedge reset)
    if (reset) sum <= 8'd0;
    else sum <= start ? 8'd0 : sum + {7'd0, bit_in} + {4'd0, taps};
endmodule
