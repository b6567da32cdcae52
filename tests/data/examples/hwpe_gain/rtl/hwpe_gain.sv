// Multiplies four int8 lanes by a constant gain in sixteenths, rounds down and saturates. Ports are
// SystemVerilog interfaces; the byte strobes pass through.
module hwpe_gain (
  input logic            clk_i,
  input logic            rst_ni,
  input logic      [7:0] gain_i,
  hwpe_stream_if.sink    x,
  hwpe_stream_if.source  y
);

  logic        valid_q;
  logic [31:0] data_q, data_d;
  logic  [3:0] strb_q;

  assign x.ready = ~valid_q;

  for (genvar i = 0; i < 4; i++) begin : gen_lane
    logic signed [16:0] product;
    logic signed [12:0] scaled;

    assign product = 17'(signed'(x.data[8*i+:8])) * 17'(signed'({1'b0, gain_i}));
    assign scaled  = 13'(product >>> 4);

    always_comb begin
      data_d[8*i+:8] = scaled[7:0];
      if (scaled < -13'sd128) begin
        data_d[8*i+:8] = 8'h80;
      end else if (scaled > 13'sd127) begin
        data_d[8*i+:8] = 8'h7f;
      end
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      valid_q <= 1'b0;
      data_q  <= '0;
      strb_q  <= '0;
    end else if (x.valid & x.ready) begin
      valid_q <= 1'b1;
      data_q  <= data_d;
      strb_q  <= x.strb;
    end else if (y.ready) begin
      valid_q <= 1'b0;
    end
  end

  assign y.valid = valid_q;
  assign y.data  = data_q;
  assign y.strb  = strb_q;

endmodule
