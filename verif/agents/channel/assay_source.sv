// Drives one input channel: valid and payload, told beat by beat by the buffer layer. A fixed channel uses the payload only.
// It never looks at ready within a cycle: everything is sampled before the clock edge and driven after it.
// It is not an observer: what crossed the pins is recorded by assay_watch.
module assay_source #(
  parameter int unsigned Channel  = 0,
  parameter int unsigned Width    = 1,
  parameter int unsigned MaxWidth = 32,   // of all channels in the harness: a DPI function has one signature in a model
  parameter bit          HasReady = 1'b1
) (
  input  bit               clk_i,
  input  logic             ready_i,
  output logic             valid_o,
  output logic [Width-1:0] payload_o
);
  import "DPI-C" function int unsigned assay_source_edge(
    input int unsigned channel, input bit ready);
  import "DPI-C" function void assay_source_payload(input int unsigned channel, output bit [MaxWidth-1:0] payload);

  int unsigned       order;    // bit 0: valid from now on, bit 1: the payload changes
  bit [MaxWidth-1:0] payload;

  initial begin
    valid_o   = 1'b0;
    payload_o = '0;
  end

  always @(posedge clk_i) begin
    order = assay_source_edge(Channel, ready_i || !HasReady);
    valid_o <= order[0];
    if (order[1]) begin
      assay_source_payload(Channel, payload);
      payload_o <= payload[Width-1:0];
    end
  end
endmodule
