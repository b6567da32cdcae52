// Custom function unit with the ports of CFU-Playground. Function 0 clears the accumulator,
// function 1 adds four int8 products to it, function 2 scales: round_half_up(a * b / 2**31),
// clipped to int8. Every command gets one response, in order; functions 0 and 1 answer with the
// accumulator.
//
// Other function ids answer zero and change nothing.
module cfu_simd (
  input  logic        cmd_valid,
  output logic        cmd_ready,
  input  logic  [9:0] cmd_payload_function_id,
  input  logic [31:0] cmd_payload_inputs_0,
  input  logic [31:0] cmd_payload_inputs_1,
  output logic        rsp_valid,
  input  logic        rsp_ready,
  output logic [31:0] rsp_payload_outputs_0,
  input  logic        reset,
  input  logic        clk
);

  localparam logic [9:0] Clear = 10'd0;
  localparam logic [9:0] Mac   = 10'd1;
  localparam logic [9:0] Scale = 10'd2;

  logic               valid_q;
  logic signed [31:0] acc_q, sum;
  logic        [31:0] answer_q;
  logic signed [33:0] wide; // the product without the bits below the rounding bit
  logic signed [32:0] scaled;

  assign cmd_ready = ~valid_q;

  always_comb begin
    sum = acc_q;
    for (int unsigned i = 0; i < 4; i++) begin
      sum = sum + 32'(signed'(cmd_payload_inputs_0[8*i+:8])) * 32'(signed'(cmd_payload_inputs_1[8*i+:8]));
    end
  end

  assign wide   = 34'((64'(signed'(cmd_payload_inputs_0)) * 64'(signed'(cmd_payload_inputs_1))) >>> 30);
  assign scaled = signed'(wide[33:1]) + 33'(signed'({1'b0, wide[0]}));

  always_ff @(posedge clk) begin
    if (reset) begin
      valid_q  <= 1'b0;
      acc_q    <= '0;
      answer_q <= '0;
    end else if (valid_q) begin
      valid_q <= ~rsp_ready;
    end else if (cmd_valid) begin
      valid_q <= 1'b1;
      unique case (cmd_payload_function_id)
        Clear: begin
          acc_q    <= '0;
          answer_q <= '0;
        end
        Mac: begin
          acc_q    <= sum;
          answer_q <= sum;
        end
        Scale: begin
          answer_q <= scaled[31:0];
          if (scaled < -33'sd128) begin
            answer_q <= -32'sd128;
          end else if (scaled > 33'sd127) begin
            answer_q <= 32'sd127;
          end
        end
        default: answer_q <= '0;
      endcase
    end
  end

  assign rsp_valid             = valid_q;
  assign rsp_payload_outputs_0 = answer_q;

endmodule
