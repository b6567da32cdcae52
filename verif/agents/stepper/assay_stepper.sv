// Executes the steps of operations: reset, the hold vector of configuration pins, and the latched events.
// Counts clock cycles from 1, for whoever looks at a waveform; the buffer layer counts for itself. `done_o` toggles when the buffer layer has no more jobs.
module assay_stepper #(
  parameter int unsigned HoldWidth = 1
) (
  input  bit                   clk_i,
  input  logic [31:0]          events_i,
  output longint unsigned      cycle_o,
  output bit                   in_reset_o,
  output logic [HoldWidth-1:0] hold_o,
  output bit                   done_o
);
  import "DPI-C" function int unsigned assay_step_edge(input int unsigned events);
  import "DPI-C" function void assay_step_hold(output bit [HoldWidth-1:0] hold);

  import "DPI-C" function void assay_step_declare(input int unsigned width);

  int unsigned        order;   // bit 0: reset asserted, bit 1: level of done_o, bit 2: the hold vector changes
  bit [HoldWidth-1:0] hold;

  initial begin
    assay_step_declare(HoldWidth);
    cycle_o    = 64'd1;
    in_reset_o = 1'b1;
    hold_o     = '0;
    done_o     = 1'b0;
  end

  always @(posedge clk_i) begin
    order = assay_step_edge(events_i);
    cycle_o    <= cycle_o + 64'd1;
    in_reset_o <= order[0];
    done_o     <= order[1];
    if (order[2]) begin
      assay_step_hold(hold);
      hold_o <= hold;
    end
  end
endmodule
