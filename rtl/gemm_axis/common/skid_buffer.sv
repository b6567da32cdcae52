// Two-entry valid/ready buffer whose outputs are all registers: VALID, READY and payload.
//
// A beat appears at the output one cycle after it was accepted; a beat crosses in every cycle when
// nobody stalls. READY stays low during reset and rises at the first clock edge after it. The
// payload is not reset.
//
// It is not a FIFO: the second entry only covers the cycle in which READY falls. It does not cross
// clocks.
module skid_buffer #(
  parameter int unsigned Width = 8
) (
  input  logic             clk_i,
  input  logic             rst_ni,

  input  logic             valid_i,
  output logic             ready_o,
  input  logic [Width-1:0] data_i,

  output logic             valid_o,
  input  logic             ready_i,
  output logic [Width-1:0] data_o
);

  logic             ready_q;
  logic             valid_q, valid_d;
  logic             spare_valid_q, spare_valid_d;
  logic [Width-1:0] data_q, spare_q;
  logic             accept, load;

  assign accept = valid_i & ready_q;
  assign load   = ready_i | ~valid_q;

  always_comb begin
    valid_d       = valid_q;
    spare_valid_d = spare_valid_q;
    if (load) begin
      valid_d       = spare_valid_q | accept;
      spare_valid_d = 1'b0;
    end else if (accept) begin
      spare_valid_d = 1'b1;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      ready_q       <= 1'b0;
      valid_q       <= 1'b0;
      spare_valid_q <= 1'b0;
    end else begin
      ready_q       <= ~spare_valid_d;
      valid_q       <= valid_d;
      spare_valid_q <= spare_valid_d;
    end
  end

  always_ff @(posedge clk_i) begin
    if (load) begin
      if (valid_d) begin
        data_q <= spare_valid_q ? spare_q : data_i;
      end
    end else if (accept) begin
      spare_q <= data_i;
    end
  end

  assign ready_o = ready_q;
  assign valid_o = valid_q;
  assign data_o  = data_q;

endmodule
