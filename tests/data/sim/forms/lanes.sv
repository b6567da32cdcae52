// Interface ports, with and without a modport, whose clocks come in with them; a small table written through plain ports.
interface lane_if #(parameter int unsigned W = 16) (input logic clk);
  logic [W-1:0] data;
  logic [7:0]   side [2];
  logic         valid, ready;
  modport slave (input clk, data, side, valid, output ready);
endinterface

module lanes_out (lane_if lane, input logic rst_ni, input logic load_i, input logic [15:0] data_i, output logic free_o);
  assign free_o = !lane.valid || lane.ready;
  always_ff @(posedge lane.clk or negedge rst_ni) begin
    if (!rst_ni) lane.valid <= 1'b0;
    else if (free_o) begin
      lane.valid <= load_i;
      lane.data  <= data_i;
      lane.side  <= '{data_i[7:0], data_i[15:8]};
    end
  end
endmodule

module lanes (
  lane_if.slave      a,
  lane_if            c,
  input  logic       rst_ni,
  input  logic [1:0] addr_i,
  input  logic [7:0] value_i,
  input  logic       write_i,
  input  logic       clear_i
);
  logic [7:0] table_q [4];
  logic [1:0] index_q;
  logic       free;

  assign a.ready = free;

  always_ff @(posedge a.clk or negedge rst_ni) begin
    if (!rst_ni) begin
      index_q <= 2'd0;
    end else begin
      if (write_i) table_q[addr_i] <= value_i;
      if (a.valid && a.ready) index_q <= index_q + 2'd1;
      if (clear_i) index_q <= 2'd0;
    end
  end

  lanes_out out (.lane(c), .rst_ni, .load_i(a.valid), .data_i(a.data + 16'(table_q[index_q]) + {a.side[1], a.side[0]}),
                 .free_o(free));
endmodule
