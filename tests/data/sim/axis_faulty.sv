// One register stage that adds `plus_i`, with faults switched on by `fault_i`. Every checker of the transactors has one here.
module axis_faulty #(
  parameter int unsigned W        = 16,
  parameter bit          BadReset = 1'b0
) (
  input  logic         clk_i,
  input  logic         rst_ni,
  input  logic [W-1:0] a_data_i,
  input  logic         a_valid_i,
  output logic         a_ready_o,
  output logic [W-1:0] c_data_o,
  output logic         c_valid_o,
  input  logic         c_ready_i,
  input  logic [7:0]   plus_i,
  input  logic [7:0]   fault_i,
  input  logic         start_i,
  output logic         done_o,
  output logic         t_valid_o,
  output logic         t_bit_o
);
  localparam int unsigned Drop = 0, Change = 1, Repeat = 2, Swallow = 3, Late = 4, Powerup = 5, Spin = 6, Silent = 7;

  logic         full_q, hidden_q;
  logic [W-1:0] data_q, before_q, never_reset_q;
  logic [1:0]   repeat_q;
  logic         take, give;

  assign give      = c_valid_o && c_ready_i;
  assign a_ready_o = !full_q || give;
  assign take      = a_valid_i && a_ready_o;
  assign c_valid_o = BadReset && !rst_ni ? 1'b1 : full_q && !hidden_q;
  assign c_data_o  = fault_i[Powerup] ? never_reset_q : data_q;
  assign t_valid_o = take;  // a channel without ready, one bit wide
  assign t_bit_o   = ^a_data_i;

  // An endless loop in zero time, entered only when the fault is on.
  always @(posedge clk_i) begin
    if (fault_i[Spin] && take) begin
      for (logic [31:0] i = 0; i < 2; i = (never_reset_q == data_q + 1) ? i + 1 : i ^ 32'd1) begin
        before_q[0] <= i[0];
      end
    end
    before_q <= a_data_i;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      full_q   <= BadReset;
      hidden_q <= 1'b0;
      repeat_q <= 2'd0;
      done_o   <= 1'b0;
    end else begin
      done_o   <= start_i && !fault_i[Silent];
      hidden_q <= fault_i[Drop] && full_q && !c_ready_i && !hidden_q;
      if (full_q && !c_ready_i && fault_i[Change]) data_q <= ~data_q;
      if (give) full_q <= 1'b0;
      if (take) begin
        full_q   <= !fault_i[Swallow];
        data_q   <= (fault_i[Late] ? before_q : a_data_i) + W'(plus_i);
        repeat_q <= fault_i[Repeat] ? 2'd3 : 2'd0;
      end else if (give && repeat_q != 2'd0) begin
        full_q   <= 1'b1;
        repeat_q <= repeat_q - 2'd1;
      end
    end
  end
endmodule
