// Dot product behind byte-serial pins without any handshake: the cycle after start_i brings the
// number of pairs, then come the bytes of the pairs, one per cycle. Two cycles after the last byte
// the three bytes of the sum leave, least significant first.
module serial_dot (
  input  logic              clk_i,
  input  logic              rst_ni,
  input  logic              start_i,
  input  logic signed [7:0] din_i,
  output logic        [7:0] dout_o
);

  typedef enum logic [2:0] {Idle, Count, First, Second, Byte0, Byte1, Byte2} state_e;

  state_e             state_q;
  logic         [7:0] left_q;
  logic signed  [7:0] a_q;
  logic signed [23:0] acc_q;
  logic         [7:0] dout_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      state_q <= Idle;
      left_q  <= '0;
      a_q     <= '0;
      acc_q   <= '0;
      dout_q  <= '0;
    end else begin
      dout_q <= '0;
      unique case (state_q)
        Count: begin
          left_q  <= din_i;
          acc_q   <= '0;
          state_q <= First;
        end
        First: begin
          a_q     <= din_i;
          state_q <= Second;
        end
        Second: begin
          acc_q   <= acc_q + 24'(a_q) * 24'(din_i);
          left_q  <= left_q - 1'b1;
          state_q <= (left_q == 8'd1) ? Byte0 : First;
        end
        Byte0: begin
          dout_q  <= acc_q[7:0];
          state_q <= Byte1;
        end
        Byte1: begin
          dout_q  <= acc_q[15:8];
          state_q <= Byte2;
        end
        Byte2: begin
          dout_q  <= acc_q[23:16];
          state_q <= Idle;
        end
        default: begin
          if (start_i) begin
            state_q <= Count;
          end
        end
      endcase
    end
  end

  assign dout_o = dout_q;

endmodule
