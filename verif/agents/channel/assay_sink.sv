// Drives ready of one output channel from the stall profile that the buffer layer holds.
// It never looks at valid within a cycle. It is not an observer: see assay_watch.
module assay_sink #(
  parameter int unsigned Channel  = 0,
  parameter bit          HasReady = 1'b1,
  parameter bit          Grant    = 1'b0  // ready is a grant: given only to a request that an earlier edge saw
) (
  input  bit   clk_i,
  input  logic valid_i,
  output logic ready_o
);
  import "DPI-C" function bit assay_sink_edge(
    input int unsigned channel, input bit valid, input bit ready);

  bit ready_next, requested;

  initial ready_o = !HasReady;

  always @(posedge clk_i) begin
    requested  = valid_i && !ready_o;  // a request that is granted at this edge is no longer one
    ready_next = assay_sink_edge(Channel, valid_i, ready_o);
    ready_o <= (ready_next && (requested || !Grant)) || !HasReady;
  end
endmodule
