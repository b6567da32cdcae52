// Drives ready of one output channel from the stall profile that the buffer layer holds.
// It never looks at valid within a cycle. It is not an observer: see assay_watch.
module assay_sink #(
  parameter int unsigned Channel  = 0,
  parameter bit          HasReady = 1'b1
) (
  input  bit              clk_i,
  input  longint unsigned cycle_i,
  input  logic            valid_i,
  output logic            ready_o
);
  import "DPI-C" function bit assay_sink_edge(
    input int unsigned channel, input longint unsigned cycle, input bit valid, input bit ready);

  bit ready_next;

  initial ready_o = !HasReady;

  always @(posedge clk_i) begin
    ready_next = assay_sink_edge(Channel, cycle_i, valid_i, ready_o);
    ready_o <= ready_next || !HasReady;
  end
endmodule
