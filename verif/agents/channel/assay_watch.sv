// The monitor of one channel, either direction: sees the pins only, drives nothing, knows nothing of what was planned.
// Reports every accepted beat and every protocol observation to the buffer layer; holds no opinion.
module assay_watch #(
  parameter int unsigned Channel  = 0,
  parameter int unsigned Clock    = 0,
  parameter int unsigned Width    = 1,
  parameter int unsigned MaxWidth = 32   // of all channels in the harness: a DPI function has one signature in a model
) (
  input bit               clk_i,
  input bit               in_reset_i,
  input logic             valid_i,
  input logic             ready_i,
  input logic [Width-1:0] payload_i
);
  import "DPI-C" function void assay_watch_beat(
    input int unsigned channel, input bit [MaxWidth-1:0] payload);
  import "DPI-C" function void assay_watch_mark(
    input int unsigned channel, input int unsigned what);
  import "DPI-C" function void assay_watch_declare(
    input int unsigned channel, input int unsigned width, input int unsigned clock);

  localparam int unsigned Dropped = 0, Changed = 1, InReset = 2, AfterReset = 3, FirstValid = 4, FirstReady = 5;

  bit             was_reset;    // reset was asserted at the previous edge
  bit             waiting;      // valid without ready at the previous edge
  bit             seen_valid;   // since release
  bit             seen_ready;
  bit [Width-1:0] last_payload;

  initial begin
    assay_watch_declare(Channel, Width, Clock);
    was_reset    = 1'b0;
    waiting      = 1'b0;
    seen_valid   = 1'b0;
    seen_ready   = 1'b0;
    last_payload = '0;
  end

  always @(posedge clk_i) begin
    was_reset    <= in_reset_i;
    waiting      <= valid_i && !ready_i && !in_reset_i;
    last_payload <= payload_i;
    seen_valid   <= !in_reset_i && (seen_valid || valid_i);
    seen_ready   <= !in_reset_i && (seen_ready || ready_i);
    if (in_reset_i) begin
      if (valid_i) assay_watch_mark(Channel, InReset);
    end else begin
      if (valid_i && was_reset) assay_watch_mark(Channel, AfterReset);
      if (valid_i && !seen_valid) assay_watch_mark(Channel, FirstValid);
      if (ready_i && !seen_ready) assay_watch_mark(Channel, FirstReady);
      if (waiting && !valid_i) assay_watch_mark(Channel, Dropped);
      if (waiting && valid_i && payload_i != last_payload) assay_watch_mark(Channel, Changed);
      if (valid_i && ready_i) assay_watch_beat(Channel, MaxWidth'(payload_i));
    end
  end
endmodule
