// A stream scaled by a register, with the port names of Vivado's packager.
module scaler #(
  parameter integer C_S00_AXI_DATA_WIDTH = 32,
  parameter integer C_S00_AXI_ADDR_WIDTH = 4
) (
  input  wire                                  aclk,
  input  wire                                  aresetn,
  input  wire [C_S00_AXI_ADDR_WIDTH-1:0]       s00_axi_awaddr,
  input  wire [2:0]                            s00_axi_awprot,
  input  wire                                  s00_axi_awvalid,
  output wire                                  s00_axi_awready,
  input  wire [C_S00_AXI_DATA_WIDTH-1:0]       s00_axi_wdata,
  input  wire [(C_S00_AXI_DATA_WIDTH/8)-1:0]   s00_axi_wstrb,
  input  wire                                  s00_axi_wvalid,
  output wire                                  s00_axi_wready,
  output wire [1:0]                            s00_axi_bresp,
  output reg                                   s00_axi_bvalid,
  input  wire                                  s00_axi_bready,
  input  wire [C_S00_AXI_ADDR_WIDTH-1:0]       s00_axi_araddr,
  input  wire [2:0]                            s00_axi_arprot,
  input  wire                                  s00_axi_arvalid,
  output wire                                  s00_axi_arready,
  output wire [C_S00_AXI_DATA_WIDTH-1:0]       s00_axi_rdata,
  output wire [1:0]                            s00_axi_rresp,
  output reg                                   s00_axi_rvalid,
  input  wire                                  s00_axi_rready,
  input  wire [31:0]                           s_axis_tdata,
  input  wire [3:0]                            s_axis_tkeep,
  input  wire                                  s_axis_tlast,
  input  wire                                  s_axis_tvalid,
  output wire                                  s_axis_tready,
  output wire [31:0]                           m_axis_tdata,
  output wire [3:0]                            m_axis_tkeep,
  output wire                                  m_axis_tlast,
  output wire                                  m_axis_tvalid,
  input  wire                                  m_axis_tready
);
  reg [C_S00_AXI_DATA_WIDTH-1:0] factor;
  assign s00_axi_awready = s00_axi_awvalid & s00_axi_wvalid & ~s00_axi_bvalid;
  assign s00_axi_wready = s00_axi_awready;
  assign s00_axi_bresp = 2'b00;
  assign s00_axi_arready = ~s00_axi_rvalid;
  assign s00_axi_rdata = factor;
  assign s00_axi_rresp = 2'b00;
  assign s_axis_tready = m_axis_tready;
  assign m_axis_tvalid = s_axis_tvalid;
  assign m_axis_tdata = s_axis_tdata * factor;
  assign m_axis_tkeep = s_axis_tkeep;
  assign m_axis_tlast = s_axis_tlast;
  always @(posedge aclk) begin
    if (!aresetn) begin
      factor <= 1;
      s00_axi_bvalid <= 1'b0;
      s00_axi_rvalid <= 1'b0;
    end else begin
      if (s00_axi_awready) begin
        factor <= s00_axi_wdata & {{(C_S00_AXI_DATA_WIDTH-4){1'b1}}, s00_axi_wstrb};
        s00_axi_bvalid <= 1'b1;
      end else if (s00_axi_bready) s00_axi_bvalid <= 1'b0;
      if (s00_axi_arvalid & s00_axi_arready) s00_axi_rvalid <= 1'b1;
      else if (s00_axi_rready) s00_axi_rvalid <= 1'b0;
    end
  end
endmodule
