// The monitor of one channel without a handshake, either direction: the buffer layer knows at which edges a beat crosses,
// because they are counted from what the contract names. Reads the pins at these edges; drives nothing.
module assay_fixed #(
  parameter int unsigned Channel  = 0,
  parameter int unsigned Clock    = 0,
  parameter int unsigned Width    = 1,
  parameter int unsigned MaxWidth = 32   // of all channels in the harness: a DPI function has one signature in a model
) (
  input bit               clk_i,
  input logic             event_i,       // the level of the event that beats count from, 0 when it is something else
  input logic [Width-1:0] payload_i
);
  import "DPI-C" function bit assay_fixed_edge(input int unsigned channel, input bit event_rose);
  import "DPI-C" function void assay_watch_beat(
    input int unsigned channel, input bit [MaxWidth-1:0] payload);
  import "DPI-C" function void assay_watch_declare(
    input int unsigned channel, input int unsigned width, input int unsigned clock);

  bit was_event;

  initial begin
    assay_watch_declare(Channel, Width, Clock);
    was_event = 1'b0;
  end

  always @(posedge clk_i) begin
    was_event <= event_i;
    if (assay_fixed_edge(Channel, event_i && !was_event)) assay_watch_beat(Channel, MaxWidth'(payload_i));
  end
endmodule
