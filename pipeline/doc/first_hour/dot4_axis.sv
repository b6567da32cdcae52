// Dot product of two int8 vectors, four elements of each in a beat, summed in int32.
//
// A beat carries four pairs: pair i has x in its lower and w in its upper byte. TLAST ends a vector;
// one cycle later its sum is at the output. The sum stays in the accumulator until it is taken.
//
// There is no bias, no saturation and no output register: while a sum waits, the next vector may
// come in up to its last beat.
module dot4_axis (
  input  logic             clk_i,
  input  logic             rst_ni,

  input  logic             s_axis_tvalid,
  output logic             s_axis_tready,
  input  logic [3:0][15:0] s_axis_tdata,
  input  logic             s_axis_tlast,

  output logic             m_axis_tvalid,
  input  logic             m_axis_tready,
  output logic [31:0]      m_axis_tdata
);

  logic               take, first_q, first_d, valid_q, valid_d;
  logic signed [31:0] beat_sum, acc_q, acc_d;

  assign s_axis_tready = ~valid_q | m_axis_tready | ~s_axis_tlast;
  assign take          = s_axis_tvalid & s_axis_tready;

  always_comb begin
    beat_sum = '0;
    for (int unsigned i = 0; i < 4; i++) begin
      beat_sum += 32'(signed'(s_axis_tdata[i][7:0])) * 32'(signed'(s_axis_tdata[i][15:8]));
    end
  end

  assign acc_d   = first_q ? beat_sum : acc_q + beat_sum;
  assign valid_d = (valid_q & ~m_axis_tready) | (take & s_axis_tlast);

  always_comb begin
    if (take) begin
      first_d = s_axis_tlast;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      first_q <= 1'b1;
      valid_q <= 1'b0;
    end else begin
      first_q <= first_d;
      valid_q <= valid_d;
    end
  end

  always_ff @(posedge clk_i) begin
    if (take) begin
      acc_q <= acc_d;
    end
  end

  assign m_axis_tvalid = valid_q;
  assign m_axis_tdata  = acc_q;

endmodule
