// Dot product in bfloat16: every product is rounded, then every sum, in the order of the beats, to
// nearest with ties to even. Subnormal numbers are kept; every NaN comes out as 7FC0.
//
// One pair per cycle, without a pipeline: this shows the arithmetic, not its speed.
module bf16_dot (
  input  logic        clk_i,
  input  logic        rst_ni,
  input  logic        x_valid_i,
  output logic        x_ready_o,
  input  logic [15:0] x_a_i,
  input  logic [15:0] x_b_i,
  input  logic        x_last_i,
  output logic        y_valid_o,
  input  logic        y_ready_i,
  output logic [15:0] y_data_o
);

  localparam logic [15:0] NotANumber = 16'h7fc0;
  localparam logic [14:0] Infinity   = 15'h7f80;
  localparam int          LeastPower = -133; // of the last bit of a subnormal number

  // Magnitude, exponent of the last bit, and the two classes that are no finite numbers.
  typedef struct packed {
    logic               sign;
    logic signed [11:0] power;
    logic        [7:0]  digits;
    logic               infinite;
    logic               nan;
  } number_t;

  function automatic number_t unpack(logic [15:0] bits);
    unpack.sign     = bits[15];
    unpack.power    = 12'(signed'({4'd0, bits[14:7]})) + ((bits[14:7] == '0) ? -12'sd133 : -12'sd134);
    unpack.digits   = {bits[14:7] != '0, bits[6:0]};
    unpack.infinite = bits[14:0] == Infinity;
    unpack.nan      = bits[14:0] > Infinity;
  endfunction

  // digits * 2**power, and a little more when rest is set, to the nearest pattern.
  function automatic logic [15:0] pack(logic sign, int power, logic [32:0] digits, logic rest);
    int          first, drop;
    logic [32:0] below;
    logic        half, up;
    logic [31:0] kept, pattern;
    first = 0;
    for (int i = 0; i < 33; i++) begin
      if (digits[i]) begin
        first = i;
      end
    end
    drop = first - 7;
    if (power + drop < LeastPower) begin
      drop = LeastPower - power;
    end
    below = '0;
    half  = 1'b0;
    if (drop <= 0) begin
      kept = 32'(digits << -drop);
    end else if (drop > 33) begin
      kept = '0;
    end else begin
      kept  = 32'(digits >> drop);
      half  = 1'(digits >> (drop - 1));
      below = digits & ((33'd1 << (drop - 1)) - 33'd1);
    end
    up      = half & (kept[0] | rest | (|below));
    pattern = ((power + drop - LeastPower) <<< 7) + kept + 32'(up);
    pack = {sign, (digits == '0) ? 15'd0 : (pattern >= 32'(Infinity)) ? Infinity : 15'(pattern)};
  endfunction

  function automatic logic [15:0] multiply(logic [15:0] x, logic [15:0] y);
    number_t a, b;
    a = unpack(x);
    b = unpack(y);
    if (a.nan | b.nan | (a.infinite & b.digits == '0) | (b.infinite & a.digits == '0)) begin
      multiply = NotANumber;
    end else if (a.infinite | b.infinite) begin
      multiply = {a.sign ^ b.sign, Infinity};
    end else begin
      multiply = pack(a.sign ^ b.sign, 32'(a.power) + 32'(b.power), 33'(a.digits) * 33'(b.digits), 1'b0);
    end
  endfunction

  function automatic logic [15:0] add(logic [15:0] x, logic [15:0] y);
    number_t            a, b;
    int                 distance;
    logic        [32:0] greater, lesser;
    logic               lost, sign;
    logic signed [33:0] sum;
    a = (x[14:0] >= y[14:0]) ? unpack(x) : unpack(y);
    b = (x[14:0] >= y[14:0]) ? unpack(y) : unpack(x);
    distance = 32'(a.power) - 32'(b.power);
    greater  = {1'b0, a.digits, 24'd0};
    lesser   = (distance > 32) ? '0 : {1'b0, b.digits, 24'd0} >> distance;
    lost     = (distance > 24) & (b.digits != '0);
    sum      = 34'(greater) + 34'(lesser);
    if (a.sign != b.sign) begin
      sum = 34'(greater) - 34'(lesser) - 34'(lost);
    end
    sign = (sum == '0) ? a.sign & b.sign : a.sign;
    if (a.nan | b.nan | (a.infinite & b.infinite & (a.sign != b.sign))) begin
      add = NotANumber;
    end else if (a.infinite) begin
      add = {a.sign, Infinity};
    end else begin
      add = pack(sign, 32'(a.power) - 24, sum[32:0], lost);
    end
  endfunction

  logic        valid_q, first_q, accept;
  logic [15:0] acc_q;

  assign x_ready_o = ~valid_q;
  assign accept    = x_valid_i & x_ready_o;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      valid_q <= 1'b0;
      first_q <= 1'b1;
      acc_q   <= '0;
    end else if (accept) begin
      acc_q   <= add(first_q ? '0 : acc_q, multiply(x_a_i, x_b_i));
      first_q <= x_last_i;
      valid_q <= x_last_i;
    end else if (y_ready_i) begin
      valid_q <= 1'b0;
    end
  end

  assign y_valid_o = valid_q;
  assign y_data_o  = acc_q;

endmodule
