// Delays a word by Depth enabled clock cycles, Depth >= 1. All stages are reset to zero.
//
// It is not a memory: every stage is a register and moves whenever en_i is high.
module delay_line #(
  parameter int unsigned Width = 8,
  parameter int unsigned Depth = 1
) (
  input  logic             clk_i,
  input  logic             rst_ni,
  input  logic             en_i,
  input  logic [Width-1:0] data_i,
  output logic [Width-1:0] data_o
);

  logic [Depth*Width-1:0] stages_q, stages_d;

  if (Depth == 1) begin : gen_single
    assign stages_d = data_i;
  end else begin : gen_chain
    assign stages_d = {stages_q[(Depth-1)*Width-1:0], data_i};
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      stages_q <= '0;
    end else if (en_i) begin
      stages_q <= stages_d;
    end
  end

  assign data_o = stages_q[Depth*Width-1-:Width];

endmodule
