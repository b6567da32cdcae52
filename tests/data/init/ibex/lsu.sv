// A reader of words from memory: requests are granted, replies come with a valid of their own.
module lsu (
  input  logic        clk_i,
  input  logic        rst_ni,
  output logic        data_req_o,
  input  logic        data_gnt_i,
  output logic [31:0] data_addr_o,
  output logic        data_we_o,
  output logic [3:0]  data_be_o,
  output logic [31:0] data_wdata_o,
  input  logic        data_rvalid_i,
  input  logic        data_err_i,
  input  logic [31:0] data_rdata_i,
  input  logic        start_i,
  input  logic [31:0] cfg_base_i,
  input  logic        test_en_i,
  output logic        busy_o
);
  logic [1:0] state;
  assign data_req_o = state == 2'd1;
  assign data_we_o = 1'b0;
  assign data_be_o = '1;
  assign data_addr_o = cfg_base_i;
  assign busy_o = state != 2'd0 & ~test_en_i;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      state <= 2'd0;
      data_wdata_o <= '0;
    end else begin
      if (state == 2'd0 && start_i) state <= 2'd1;
      else if (data_req_o && data_gnt_i) state <= 2'd2;
      else if (data_rvalid_i && !data_err_i) begin
        state <= 2'd0;
        data_wdata_o <= data_rdata_i;
      end
    end
  end
endmodule
