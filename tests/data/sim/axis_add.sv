// Adds a constant to every beat: AXI4-Stream in, skid buffer, AXI4-Stream out. Not a model of good pipelining.
module axis_add #(
  parameter int unsigned W    = 16,
  parameter int unsigned Plus = 1
) (
  input  logic         clk_i,
  input  logic         rst_ni,
  input  logic [W-1:0] a_data_i,
  input  logic         a_last_i,
  input  logic         a_valid_i,
  output logic         a_ready_o,
  output logic [W-1:0] c_data_o,
  output logic         c_last_o,
  output logic         c_valid_o,
  input  logic         c_ready_i,
  input  logic [7:0]   mode_i,
  input  logic         start_i,
  output logic         done_o
);
  logic [W:0] skid_q;
  logic       skid_valid_q;
  logic       out_free;

  assign out_free  = !c_valid_o || c_ready_i;
  assign a_ready_o = !skid_valid_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      skid_valid_q <= 1'b0;
      c_valid_o    <= 1'b0;
      done_o       <= 1'b0;
    end else begin
      done_o <= start_i;
      if (out_free) begin
        c_valid_o <= skid_valid_q || a_valid_i;
        {c_last_o, c_data_o} <= skid_valid_q ? skid_q : {a_last_i, W'(a_data_i + Plus + mode_i)};
        skid_valid_q <= 1'b0;
      end else if (a_valid_i && a_ready_o) begin
        skid_q       <= {a_last_i, W'(a_data_i + Plus + mode_i)};
        skid_valid_q <= 1'b1;
      end
    end
  end
endmodule
