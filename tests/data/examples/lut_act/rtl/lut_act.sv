// Activation by table: y = x * clamp(x + 64, 0, 128) / 128 for int8, a hard swish, rounded half up.
// The 256 entries are constants.
module lut_act (
  input  logic              clk_i,
  input  logic              rst_ni,
  input  logic              x_valid_i,
  output logic              x_ready_o,
  input  logic signed [7:0] x_data_i,
  output logic              y_valid_o,
  input  logic              y_ready_i,
  output logic signed [7:0] y_data_o
);

  logic [7:0] swish [256];

  for (genvar i = 0; i < 256; i++) begin : gen_entry
    localparam int X    = (i < 128) ? i : i - 256;
    localparam int Gate = (X < -64) ? 0 : (X > 64) ? 128 : X + 64;
    assign swish[i] = 8'((X * Gate + 64) >>> 7);
  end

  logic       valid_q;
  logic [7:0] data_q;

  assign x_ready_o = ~valid_q | y_ready_i;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      valid_q <= 1'b0;
      data_q  <= '0;
    end else if (x_ready_o) begin
      valid_q <= x_valid_i;
      if (x_valid_i) begin
        data_q <= swish[8'(x_data_i)];
      end
    end
  end

  assign y_valid_o = valid_q;
  assign y_data_o  = data_q;

endmodule
