// A matrix-vector unit's shell: activations and weights in, results out, non-ANSI ports as Vivado writes them.
module finn_mvau
   (ap_clk,
    ap_rst_n,
    in0_V_TDATA,
    in0_V_TREADY,
    in0_V_TVALID,
    weights_V_TDATA,
    weights_V_TREADY,
    weights_V_TVALID,
    out_V_TDATA,
    out_V_TREADY,
    out_V_TVALID);
  input ap_clk;
  input ap_rst_n;
  input [71:0]in0_V_TDATA;
  output in0_V_TREADY;
  input in0_V_TVALID;
  input [71:0]weights_V_TDATA;
  output weights_V_TREADY;
  input weights_V_TVALID;
  output [7:0]out_V_TDATA;
  input out_V_TREADY;
  output out_V_TVALID;

  reg [7:0] result;
  reg full;
  wire go = in0_V_TVALID & weights_V_TVALID & ~full;
  assign in0_V_TREADY = go;
  assign weights_V_TREADY = go;
  assign out_V_TDATA = result;
  assign out_V_TVALID = full;
  always @(posedge ap_clk)
    if (ap_rst_n == 1'b0) full <= 1'b0;
    else if (go) begin
      full <= 1'b1;
      result <= in0_V_TDATA[7:0] ^ weights_V_TDATA[7:0];
    end else if (out_V_TREADY) full <= 1'b0;
endmodule
