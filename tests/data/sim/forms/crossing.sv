// Two clocks, requests and grants, fields that lag behind, and beats that come in any order between two ids.
// Each id has a queue of its own from clk_i to clk2_i; on the far side id 1 goes first.
module crossing_queue (
  input  logic       clk_i,
  input  logic       clk2_i,
  input  logic       rst_ni,
  input  logic       push_i,
  input  logic [7:0] data_i,
  output logic       room_o,
  output logic       some_o,
  output logic [7:0] data_o,
  input  logic       pop_i
);
  logic [7:0] mem_q [16];
  logic [4:0] head_q, head_gray_q, head_s1_q, head_s2_q, tail_q, tail_gray_q, tail_s1_q, tail_s2_q;
  logic [4:0] tail_near;

  function automatic logic [4:0] gray(input logic [4:0] value);
    return value ^ (value >> 1);
  endfunction

  always_comb for (int i = 0; i < 5; i++) tail_near[i] = ^(tail_s2_q >> i);
  assign room_o = head_q - tail_near < 5'd12;
  assign some_o = head_s2_q != tail_gray_q;
  assign data_o = mem_q[tail_q[3:0]];

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      {head_q, head_gray_q, tail_s1_q, tail_s2_q} <= '0;
    end else begin
      {tail_s2_q, tail_s1_q} <= {tail_s1_q, tail_gray_q};
      if (push_i) begin
        mem_q[head_q[3:0]] <= data_i;
        head_q      <= head_q + 5'd1;
        head_gray_q <= gray(head_q + 5'd1);
      end
    end
  end

  always_ff @(posedge clk2_i or negedge rst_ni) begin
    if (!rst_ni) begin
      {tail_q, tail_gray_q, head_s1_q, head_s2_q} <= '0;
    end else begin
      {head_s2_q, head_s1_q} <= {head_s1_q, head_gray_q};
      if (pop_i) begin
        tail_q      <= tail_q + 5'd1;
        tail_gray_q <= gray(tail_q + 5'd1);
      end
    end
  end
endmodule

module crossing (
  input  logic       clk_i,
  input  logic       clk2_i,
  input  logic       rst_ni,
  input  logic       a_req_i,
  output logic       a_gnt_o,
  input  logic [7:0] a_data_i,
  input  logic       a_id_i,
  output logic       c_req_o,
  input  logic       c_gnt_i,
  output logic [7:0] c_data_o,
  output logic       c_id_o
);
  logic       took_q, asked_q, give, first;
  logic [1:0] room, some;
  logic [7:0] data0, data1;
  logic [8:0] one_q;

  assign a_gnt_o = &room && a_req_i;
  assign first   = some[1];
  assign c_req_o = |some;
  assign give    = c_req_o && c_gnt_i;

  crossing_queue queue0 (.clk_i, .clk2_i, .rst_ni, .push_i(took_q && !a_id_i), .data_i(a_data_i), .room_o(room[0]),
                         .some_o(some[0]), .data_o(data0), .pop_i(give && !first));
  crossing_queue queue1 (.clk_i, .clk2_i, .rst_ni, .push_i(took_q && a_id_i), .data_i(a_data_i), .room_o(room[1]),
                         .some_o(some[1]), .data_o(data1), .pop_i(give && first));

  // The fields of `a` come one cycle after its grant.
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) took_q <= 1'b0;
    else         took_q <= a_req_i && a_gnt_o;
  end

  // Those of `c` two cycles after; a grant without a request at the edge before spoils them.
  always_ff @(posedge clk2_i or negedge rst_ni) begin
    if (!rst_ni) begin
      asked_q <= 1'b0;
    end else begin
      asked_q <= c_req_o && !give;
      one_q   <= give ? {first, (first ? data1 : data0) + (c_gnt_i && !asked_q ? 8'd99 : 8'd1)} : ~one_q;
      {c_id_o, c_data_o} <= one_q;
    end
  end
endmodule
