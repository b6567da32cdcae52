// Matrix-vector unit of a dataflow network: four activations and four 4-bit weights per beat, one
// result after every three pairs of beats. Ports as FINN names them.
//
// No stream has TLAST or TKEEP: the number of beats is fixed, so nothing marks an end.
module finn_mvu (
  input  logic        ap_clk,
  input  logic        ap_rst_n,

  output logic        in0_V_TREADY,
  input  logic        in0_V_TVALID,
  input  logic [31:0] in0_V_TDATA,

  output logic        in1_V_TREADY,
  input  logic        in1_V_TVALID,
  input  logic [15:0] in1_V_TDATA,

  input  logic        out0_V_TREADY,
  output logic        out0_V_TVALID,
  output logic [23:0] out0_V_TDATA
);

  logic               take;
  logic         [1:0] beat_q;
  logic               valid_q;
  logic signed [23:0] sum, acc_q;
  logic        [23:0] data_q;

  assign take = in0_V_TVALID & in1_V_TVALID & (~valid_q | (beat_q != 2'd2));

  always_comb begin
    sum = (beat_q == '0) ? '0 : acc_q;
    for (int unsigned i = 0; i < 4; i++) begin
      sum = sum + 24'(signed'(in0_V_TDATA[8*i+:8])) * 24'(signed'(in1_V_TDATA[4*i+:4]));
    end
  end

  always_ff @(posedge ap_clk) begin
    if (!ap_rst_n) begin
      beat_q  <= '0;
      valid_q <= 1'b0;
    end else begin
      if (out0_V_TREADY) begin
        valid_q <= 1'b0;
      end
      if (take) begin
        beat_q <= (beat_q == 2'd2) ? '0 : beat_q + 1'b1;
        if (beat_q == 2'd2) begin
          valid_q <= 1'b1;
        end
      end
    end
    if (take) begin
      acc_q <= sum;
      if (beat_q == 2'd2) begin
        data_q <= sum;
      end
    end
  end

  assign in0_V_TREADY  = take;
  assign in1_V_TREADY  = take;
  assign out0_V_TVALID = valid_q;
  assign out0_V_TDATA  = data_q;

endmodule
