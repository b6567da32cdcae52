// One stream: data moves when valid and ready are both high.
interface hwpe_stream_if #(
  parameter int unsigned DataWidth = 32
);
  logic                   valid;
  logic                   ready;
  logic [DataWidth-1:0]   data;
  logic [DataWidth/8-1:0] strb;

  modport sink(input valid, input data, input strb, output ready);
  modport source(output valid, output data, output strb, input ready);
endinterface
