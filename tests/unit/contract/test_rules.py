"""Every rule of the manifest: one edit of a good manifest, the rule it breaks, where the caret points, what is suggested."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from verif.contract.check import check_contract
from verif.contract.check_ports import check_ports
from verif.contract.diagnostic import Diagnostic
from verif.contract.ports import Port
from verif.contract.read import read_manifest

ROOT = Path(__file__).resolve().parents[3]
GOOD = (Path(__file__).parent / "gemm_q.toml").read_text()
CATALOGUE = tomllib.loads((ROOT / "pipeline/messages/manifest.toml").read_text())
PORTS: dict[str, Any] = {
    "clk_i": ("in", 1), "rst_ni": ("in", 1), "start_i": ("in", 1), "done_o": ("out", 1), "cfg_m_i": ("in", 7),
    "cfg_k_i": ("in", 9),
    "cfg_n_i": ("in", 7), "cfg_mult_i": ("in", 24), "cfg_shift_i": ("in", 5),
    "w_valid_i": ("in", 1), "w_ready_o": ("out", 1), "w_data_i": ("in", 64), "w_last_i": ("in", 1),
    "a_valid_i": ("in", 1), "a_ready_o": ("out", 1), "a_data_i": ("in", 64), "a_last_i": ("in", 1),
    "c_valid_o": ("out", 1), "c_ready_i": ("in", 1), "c_data_o": ("out", 64), "c_last_o": ("out", 1),
}  # fmt: skip

SIGNALS_W = 'handshake = "ready_valid"\nvalid = "w_valid_i"\nready = "w_ready_o"\n'
FIXED_W = 'handshake = "fixed"\nfrom = "DONE"\ndelay = 2\n'
CHANNEL_W = '[[channel]]\nid = "w"\ndir = "in"\n'
PULSE = '{ pulse = "start_i" }'
SECOND = (
    '[[operation]]\nid = "o"\ntensors = { Z = "i8[1]" }\nmath = ["Z[i] = 0"]\nmax_cycles = 9\nsteps = [{ pulse = "zz_i" }]\n'
)
W = '[[operation.stream]]\nchannel = "w"\n'
S_LINE = '"S[m,n] = sum(A[m,k] * B[k,n] for k in K)"'
PACK_W = '"pack(B[kt*T+i, nt*T+j] for i in T)"'
ROLES_C = 'roles = { data = "data", last = "last" }\nfields = { data = "c_'
TYPES = 'S = "i32[M,N]", C = "i8[M,N]" }'
UNUSED = '[[channel]]\nid = "d"\ndir = "out"\nhandshake = "valid"\nvalid = "v"\nfields = { x = "x" }\n'
OPERATION = GOOD[GOOD.index("[[operation]]") : GOOD.index("max_cycles")]
VARS = OPERATION[: OPERATION.index("tensors")]
MATH = OPERATION[len(VARS) :]
KIND = (
    'tensors = { A = "i8[M,K]", B = "i8[K,N]", C = "i8[M,N]" }\n'
    'kind = "gemm_requant"\nroles = { X = "A", W = "B", Y = "C" }\n'
)
SHIFT = '[numerics]\nrequantize = { scheme = "shift", shift = "shift", rounding = "half_up" }\n'
TABLE = "[lut]\ntab = [1, 2, 3]\n"
LAST = "clip(round(relu(S[m,n]) * mult, shift, half_up), -128, 127)"
BF16 = MATH.replace("i32", "f32").replace("i8[M,K]", "bf16[M,K]").replace(LAST, "round(S[m,n], 0, half_up)")
TOLERANT = "[numerics]\ntolerance = { "
FORM = [
    ("E-MAN-120", "max_cycles", 'kind = "gemm"\nmax_cycles', None, None),
    ("E-MAN-120", MATH, MATH[: MATH.index("math")], "operation]]", None),
    ("E-MAN-121", MATH, KIND.replace("gemm_requant", "elementwise"), "elementwise", None),
    ("E-MAN-122", MATH, KIND + "attributes = { transpse_x = true }\n", "transpse_x", "transpose_x"),
    ("E-MAN-122", MATH, KIND.replace("Y =", "y ="), "y =", "Y"),
    ("E-MAN-123", MATH, KIND + "attributes = { zzz = true }\n", "zzz", None),
    ("E-MAN-123", "max_cycles", "attributes = { stride = 1 }\nmax_cycles", "attributes", None),
    ("E-MAN-124", MATH, KIND + "attributes = { transpose_x = 1 }\n", "1", None),
    ("E-MAN-125", MATH, KIND.replace('"B", Y', '"Q", Y'), "Q", None),
    ("E-MAN-126", MATH, KIND.replace("i8[K,N]", "i8[K,N,1]"), "i8[K,N,1]", None),
    ("E-MAN-128", MATH, KIND, "gemm_requant", None),
    ("E-MAN-128", OPERATION, SHIFT.replace(', rounding = "half_up"', "") + VARS + KIND, "gemm_requant", None),
    ("E-MAN-020", OPERATION, TOLERANT + 'C = "percent(3)" }\n' + OPERATION, "percent(3)", None),
    ("E-MAN-012", OPERATION, '[numerics]\naccumulator = { order = "tree(1)" }\n' + OPERATION, "tree(1)", None),
    # rule, text, its replacement, where the caret stands (None: not looked at), suggestion
    ("E-MAN-001", "[contract]", "#" * (256 << 10) + "\n[contract]", None, None),
    ("E-MAN-002", 'profile = "axis"', 'profile = = "axis"', '= "axis"', None),
    ("E-MAN-002", "parameters = { N = 8 }", "parameters = { N = " + "9" * 5000 + " }", None, None),
    ("E-MAN-003", "parameters = { N = 8 }", "parameters = " + "[" * 40 + "]" * 40, None, None),
    ("E-MAN-003", "parameters = { N = 8 }", ".".join("a" * 50) + " = 1", None, None),
    ("E-MAN-011", 'top = "gemm_q"\n', "", "design]", None),
    ("E-MAN-012", 'top = "gemm_q"', "top = 7", "7", None),
    ("E-MAN-012", 'port = "clk_i"', 'port = ["clk_i"]', '["clk_i"]', None),
    ("E-MAN-012", 'A = "i8[M,K]"', 'A = "i65[M,K]"', "i65[M,K]", None),
    ("E-MAN-012", '"j: T"', '"j T"', "j T", None),
    ("E-MAN-012", 'files = ["rtl/*.sv"]', 'files = ["../*.sv"]', "../*.sv", None),
    ("E-MAN-013", 'dir = "out"', 'dir = "oyt"', "oyt", "out"),
    ("E-MAN-016", 'dir = "out"', 'dir = "sideways"', "sideways", None),
    ("E-MAN-014", "max_cycles", "max_cycle", "max_cycle ", "max_cycles"),
    ("E-MAN-014", "active = 0", "actve = 0", "actve", "active"),
    ("E-MAN-014", ROLES_C, 'roles = { dat = "data" }\nfields = { data = "c_', "dat =", "data"),
    ("E-MAN-014", '{ wait = "done" }', '{ wayt = "done" }', "wayt", "wait"),
    ("E-MAN-015", "[let]", "[zzz]\n[let]", "zzz", None),
    ("E-MAN-017", 'profile = "axis"', 'profile = "mmio"', "mmio", None),
    ("E-MAN-017", "[[operation]]", '[[bus]]\nid = "b"\n[[operation]]', "bus]]", None),
    ("E-MAN-017", "[[operation]]", "[registers]\nCTRL = { at = 0 }\n[[operation]]", "registers]", None),
    ("E-MAN-017", W, '[[operation.region]]\nid = "x"\n' + W, "operation.region", None),
    ("E-MAN-017", "max_cycles", "done_alt = []\nmax_cycles", "done_alt", None),
    ("E-MAN-017", "max_cycles", "abort = []\nmax_cycles", "abort", None),
    ("E-MAN-017", '{ wait = "done" }', '{ poll = "X" }', "poll", None),
    ("E-MAN-017", "half_up", "inexact", "inexact", None),
    ("E-MAN-018", "active = 0", "active = 2", "2", None),
    ("E-MAN-018", '"i8[M,K]"', '"i8[M,K] in -129..127"', "i8[M,K] in", None),
    ("E-MAN-020", '"500 + 4*M*K*N//T"', '"500 + * 4"', "* 4", None),
    ("E-MAN-021", '"500 + 4*M*K*N//T"', '"500 + 1.5"', "1.5", None),
    ("E-MAN-020", '"500 + 4*M*K*N//T"', "'500 + \"M\"'", '"M"', None),
    ("E-MAN-020", '"500 + 4*M*K*N//T"', '"500 + 4j"', "4j", None),
    ("E-MAN-020", '"1..64", K', '"1-64", K', "1-64", None),
    ("E-MAN-020", S_LINE, '"S[m,m] = 0"', "m,m]", None),
    ("E-MAN-021", '"500 + 4*M*K*N//T"', '"500 / M"', "500 / M", None),
    ("E-MAN-021", '"500 + 4*M*K*N//T"', '"500 + (M, K)"', "(M, K)", None),
    ("E-MAN-022", '"500 + 4*M*K*N//T"', '"500' + " + 4" * 200 + '"', None, None),
    ("E-MAN-023", '"500 + 4*M*K*N//T"', '"' + "-" * 100 + '1"', None, None),
    ("E-MAN-024", "relu(", "rely(", "rely", "relu"),
    ("E-MAN-024", "half_up", "half_upp", "half_upp", "half_up"),
    ("E-MAN-025", "relu(", "softplus(", "softplus", None),
    ("E-MAN-026", ", -128, 127)", ", -128)", "clip(", None),
    ("E-MAN-033", '"500 + 4*M*K*N//T"', '"u2000(M)"', "u2000", None),
    ("E-MAN-040", '"w_data_i"', '"w_data_i[0:7]"', "w_data_i[0:7]", None),
    ("E-MAN-040", '"w_data_i"', '"chip.bus.data"', "chip.bus.data", None),
    ("E-MAN-041", "[let]\n", '[let]\n"a-b" = 1\n', '"a-b"', None),
    ("E-MAN-042", '{ pulse = "start_i" }, { run', '{ pulse = "start_i", run', "{ pulse", None),
    ("E-MAN-042", '{ pulse = "start_i" }', "{ }", "{ }", None),
]
MEANING = [
    ("E-MAN-127", OPERATION, SHIFT + VARS + KIND.replace("i8[M,N]", "i8[M,N+1]"), "i8[M,N+1]", None),
    ("E-MAN-129", "* mult, shift", "/ mult, S[m,n] / 3", "S[m,n] / 3", None),
    ("E-MAN-129", LAST, "S[m,n] / 2", "S[m,n] / 2", None),
    ("E-MAN-130", OPERATION, TABLE + OPERATION.replace("relu(S[m,n])", "lut(tab, relu(S[m,n]))"), "lut(tab", None),
    ("E-MAN-131", OPERATION, TOLERANT + 'C = "ulp(3)" }\n' + OPERATION, "ulp(3)", None),
    ("E-MAN-050", OPERATION, TOLERANT + 'zzz = "lsb(3)" }\n' + OPERATION, "zzz", None),
    ("E-MAN-028", OPERATION, TOLERANT + 'C = "bound(qq)" }\n' + OPERATION, "qq", None),
    ("E-MAN-132", OPERATION, '[numerics]\naccumulator = { order = "any" }\n' + VARS + BF16, "sum(A[m,k]", None),
    ("E-MAN-133", 'A = "i8[M,K]"', 'A = "f64[M,K]"', "f64[M,K]", None),
    ("E-MAN-051", OPERATION, TABLE.replace("tab", "S") + OPERATION, "[1, 2, 3]", None),
    ("E-MAN-031", OPERATION, '[lut]\nt = { size = 4, value = "1 // i" }\n' + OPERATION, "1 // i", None),
    ("E-MAN-027", OPERATION, TABLE + OPERATION.replace("relu(S[m,n])", "fold(0, acc, ac + 1 for j in 3)"), "ac + 1", "acc"),
    ("E-MAN-039", "relu(S[m,n])", "fold(0, acc, acc + 1 for j in 65537)", "fold(0", None),
    ("E-MAN-038", "relu(S[m,n])", "outside(S[m], 0)", "S[m]", None),
    ("E-MAN-027", "4*M*K*N//T", "4*m*K*N//T", "m*K", "M"),
    ("E-MAN-027", 'T = "param.N"', 'T = "param.M"', "param.M", "param.N"),
    ("E-MAN-027", '"kt: K//T", "j: T"', '"kt: Kk//T", "j: T"', "Kk//", "K"),
    ("E-MAN-028", "4*M*K*N//T", "4*wavelength", "wavelength", None),
    ("E-MAN-028", 'K = "T..256 step T"', 'K = "T..256 step wavelength"', "wavelength", None),
    ("E-MAN-028", '"i8[M,K]"', '"i8[M,wavelength]"', "wavelength", None),
    ("E-MAN-028", 'cfg_k_i = "K"', 'cfg_k_i = "wavelength"', "wavelength", None),
    ("E-MAN-029", "relu(S[m,n])", "relu(s[m,n])", "s[", "S"),
    ("E-MAN-030", "relu(S[m,n])", "relu(Weights[m,n])", "Weights", None),
    ("E-MAN-031", "4*M*K*N//T", "4*M*K*N//(T-8)", "4*M*K*N//(T-8)", None),
    ("E-MAN-031", "i8[M,K]", "i8[M,K//(M-M)]", "K//(M-M)", None),
    ("E-MAN-032", "4*M*K*N//T", "(4 << -M)", "4 << -M", None),
    ("E-MAN-033", "4*M*K*N//T", "2**2**M", "2**2**M", None),
    ("E-MAN-034", PACK_W, '"pack(B[kt*T+i, nt*T+j]+0 for i in T)"', "B[kt*T+i, nt*T+j]+0", None),
    ("E-MAN-035", 'M = "1..64"', 'M = "64..1"', "64..1", None),
    ("E-MAN-035", "256 step T", "256 step 0", "T..256 step 0", None),
    ("E-MAN-036", '"nt: N//T", "kt: K//T", "j: T"', '"nt: N//T", "kt: K//T", "j: T-9"', "T-9", None),
    ("E-MAN-037", PACK_W, PACK_W.replace(" in T)", " in T, pad(0))"), "pad(0)", None),
    ("E-MAN-038", "A[m,k] * B", "A[m] * B", "A[m]", None),
    ("E-MAN-038", "S[m,n] = sum", "S[m] = sum", "S[m]", None),
    ("E-MAN-039", "B[k,n] for k in K)", "B[k,n] for k in K << 40)", "K << 40", None),
    ("E-MAN-043", 'id = "a"', 'id = "w"', "w", None),
    ("E-MAN-045", 'dir = "out"', 'dir = "out"\nclock = "clk"', "clk", None),
    ("E-MAN-046", 'ready = "c_ready_i"\n', "", "ready_valid", None),
    ("E-MAN-047", 'dir = "out"\nhandshake = "ready_valid"', 'dir = "out"\nhandshake = "valid"', "c_ready_i", None),
    ("E-MAN-048", "[[operation]]", UNUSED + "[[operation]]", "d", None),
    ("E-MAN-049", '{ wait = "done" }', '{ wait = "don" }', "don", "done"),
    ("E-MAN-049", ROLES_C, 'roles = { data = "dta" }\nfields = { data = "c_', "dta", "data"),
    ("E-MAN-049", 'channel = "w"', 'channel = "W"', "W", "w"),
    ("E-MAN-049", "max_cycles", 'overflow = { c = "wrap" }\nmax_cycles', "c =", "C"),
    ("E-MAN-050", '"w", "a", "c"] }', '"w", "a", "zz"] }', "zz", None),
    ("E-MAN-051", '"nt: N//T", "kt: K//T", "j: T"', '"nt: N//T", "K: K//T", "j: T"', "K//T", None),
    ("E-MAN-051", "S[m,n] = sum", "S[m,N] = sum", "S[m,N]", None),
    ("E-MAN-052", '"C[m,n] = clip', '"S[m,n] = 1", "C[m,n] = clip', "S[m,n] = 1", None),
    ("E-MAN-053", S_LINE, S_LINE.replace("A[m,k]", "C[m,k]"), "C[m,k]", None),
    ("E-MAN-054", ', last = "j == T-1"', "", "w", None),
    ("E-MAN-055", '"w", "a", "c"] }', '"w", "a"] }', "c", None),
    ("E-MAN-056", ' C = "i8[M,N]" }', ' C = "i8[M,N]", D = "i16[M,N]" }', "i16[M,N]", None),
    ("E-MAN-057", "pack(C[r, nt*T+j] for j in T)", "pack(u8(0) for j in T)", 'i8[M,N]" }', None),
    ("E-MAN-058", '"pack(A[r, kt*T+i] for i in T)"', '"pack(S[r, kt*T+i] for i in T)"', "operation.stream", None),
    ("E-MAN-060", "B[kt*T+i, nt*T+j]", "B[kt*T+i+1, nt*T+j]", "kt*T+i+1", None),
    ("E-MAN-060", "A[m,k] * B[k,n]", "A[m,k] * B[n,k]", "n,k", None),
    ("E-MAN-061", "max_cycles", 'where = "M > 64"\nmax_cycles', "M > 64", None),
    ("E-MAN-062", 'M = "1..64", K = "T..256 step T"', 'M = "1..64", K = "T..9+8//(65-M)-M"', None, None),
    ("E-MAN-063", "i32[M,N]", "i32[M-1,N-9]", "i32[M-1,N-9]", None),
    ("E-MAN-064", '"500 + 4*M*K*N//T"', '"5 - M"', "5 - M", None),
    ("E-MAN-064", 'wait = "done" }', 'wait = "done", within = "M-1" }', "M-1", None),
    ("E-MAN-065", "pack(A[r, kt*T+i] for i in T)", "pack(A[r, kt*T+i] for i in K)", "pack(A", None),
    ("E-MAN-066", '"j == T-1"', '"j"', "j", None),
    ("E-MAN-067", "B[kt*T+i, nt*T+j]", "B[kt*T, nt*T+j]", "i8[K,N]", None),
    ("E-MAN-067", "pack(A[r, kt*T+i] for", "pack(bits(A[r, kt*T+i], 6, 0) for", "i8[M,K]", None),
    ("E-MAN-068", "pack(C[r, nt*T+j] for j in T)", "pack(C[r, nt*T+j] for j in T-1)", 'i8[M,N]" }', None),
    ("E-MAN-069", 'partial = "repeat"\n', "", "a", None),
    ("E-MAN-071", TYPES, TYPES.replace("i32", "i16") + '\noverflow = { S = "never" }', "S", None),
    ("E-MAN-072", '"T..256 step T"', '"T..2**20 step T"', "S[m,n]", None),
    ("E-MAN-073", "relu(S[m,n]) * mult", "relu(S[m,n]) ** mult", None, None),
    ("E-MAN-046", SIGNALS_W, 'handshake = "fixed"\nfrom = "done"\n', "fixed", None),
    ("E-MAN-046", SIGNALS_W, 'handshake = "fixed"\ndelay = 2\n', "fixed", None),
    ("E-MAN-049", 'dir = "out"', 'dir = "out"\nmatch = "lst"', "lst", "last"),
    ("E-MAN-100", 'handshake = "ready_valid"', 'handshake = "fixed"\nfrom = "done"\ndelay = 2', "w_valid_i", None),
    ("E-MAN-100", 'dir = "in"', 'dir = "in"\ndelay = 2', "2", None),
    ("E-MAN-100", 'dir = "in"', 'dir = "in"\nmatch = "last"', "last", None),
    ("E-MAN-100", 'dir = "in"', 'dir = "in"\nlag = 3', "3", None),
    ("E-MAN-101", SIGNALS_W, FIXED_W.replace("DONE", "dune"), "dune", "done"),
    ("E-MAN-102", SIGNALS_W, FIXED_W.replace("DONE", "midnight"), "midnight", None),
    ("E-MAN-103", SIGNALS_W, FIXED_W.replace("DONE", "w.last"), "w.last", None),
    ("E-MAN-104", CHANNEL_W + SIGNALS_W, SECOND + CHANNEL_W + FIXED_W.replace("DONE", "zz_i"), "zz_i", None),
    ("E-MAN-105", '{ pulse = "start_i" }, ', "", "start", None),
    ("E-MAN-105", '{ wait = "done" } ]', '{ wait = "done" }, { set = { cfg_m_i = 1 }, until = "done" } ]', "done", None),
    ("E-MAN-106", '"w", "a", "c"] }', '"w", "a", "c"] }, { run = ["a"] }', "a", None),
    ("E-MAN-106", '{ run = ["w", "a", "c"] }', '{ for = ["i: 1"], do = [{ run = ["w", "a", "c"] }] }', "w", None),
    ("E-MAN-107", PULSE, PULSE + ', { for = ["i: M", "j: 300"], do = [{ idle = 1 }] }', "{ for", None),
    ("E-MAN-107", PULSE, PULSE + ', { for = ["i: M-2"], do = [{ idle = 1 }] }', "{ for", None),
    ("E-MAN-031", PULSE, PULSE + ', { for = ["i: 1//(M-M)"], do = [{ idle = 1 }] }', "1//(M-M)", None),
    ("E-MAN-064", PULSE, PULSE + ', { for = ["i: 2"], do = [{ wait = "done", within = "i" }] }', None, None),
    ("E-MAN-028", '{ pulse = "start_i" }', '{ for = ["i: 2"], do = [{ set = { start_i = "j%2" } }] }', "j%2", None),
    ("E-MAN-051", '{ pulse = "start_i" }', '{ for = ["M: 2"], do = [{ idle = 1 }] }', "2", None),
    ("E-MAN-108", SIGNALS_W, FIXED_W.replace("DONE", "done").replace("delay = 2", "delay = 1"), "1", None),
    ("E-MAN-108", SIGNALS_W, FIXED_W.replace("DONE", "done") + 'every = "M-1"\n', "M-1", None),
    ("E-MAN-109", "[[reset]]", "".join(f'[[clock]]\nport = "clk{n}"\n' for n in range(4)) + "[[reset]]", "clk3", None),
    ("E-MAN-074", "[let]", "[claims]\nmac_per_cycle = -1\n[let]", "-1", None),
]  # fmt: skip
PORT_CASES: list[Any] = [
    # rule, manifest edit (text, replacement), port edit, caret, suggestion
    ("E-MAN-080", ('"clk_i"', '"clk_j"'), {}, "clk_j", "clk_i"),
    ("E-MAN-081", ('"clk_i"', '"takt"'), {}, "takt", None),
    ("E-MAN-082", None, {"done_o": ("in", 1)}, "done_o", None),
    ("E-MAN-082", None, {"cfg_m_i": ("out", 7)}, "cfg_m_i", None),
    ("E-MAN-083", ('"w_last_i"', '"w_last_i[1]"'), {}, "w_last_i[1]", None),
    ("E-MAN-084", None, {"w_valid_i": ("in", 2)}, "w_valid_i", None),
    ("E-MAN-085", None, {"w_data_i": ("in", 56)}, "pack(B", None),
    ("E-MAN-086", None, {"cfg_k_i": ("in", 8)}, 'K"', None),
    ("E-MAN-086", ("[[event]]", '[[tie]]\nport = "test_i"\nvalue = 4\n[[event]]'), {"test_i": ("in", 2)}, "test_i", None),
    ("E-MAN-088", ("[[event]]", '[[tie]]\nport = "w_data_i[3]"\nvalue = 0\n[[event]]'), {}, "w_data_i", None),
    ("E-MAN-089", None, {"test_i": ("in", 2)}, "gemm_q", None),
    ("E-MAN-090", None, {"busy_o": ("out", 1)}, "gemm_q", None),
    ("E-MAN-017", None, {"pad_io": ("inout", 1)}, "gemm_q", None),
    ("E-MAN-110", None, {"w_data_i": ("in", 64, ((7, 0),))}, "w_data_i", None),
    ("E-MAN-110", ('"w_data_i"', '"w_data_i[7:0]"'), {"w_data_i": ("in", 64, ((0, 7),))}, "w_data_i[7:0]", None),
    ("E-MAN-112", None, {"cfg_m_i": ("in", 65)}, "cfg_m_i", None),
    ("E-MAN-111", ('"w_data_i"', '"w_data_i[*]"'), {}, "w_data_i[*]", None),
    ("E-MAN-080", ('"w_data_i"', '"bus.date"'), {"bus.data": ("in", 64)}, "bus.date", "bus.data"),
]


def points_at(diagnostic: Diagnostic, text: str, marker: str) -> bool:
    span = diagnostic.span
    line = text.splitlines()[span.line - 1]
    assert 1 <= span.column <= len(line) + 1
    assert span.column - 1 + span.length <= max(len(line), span.column)
    return line[span.column - 1 :].startswith(marker)


def judge(found: list[Diagnostic], text: str, rule: str, marker: str | None, suggestion: str | None) -> None:
    mine = [diagnostic for diagnostic in found if diagnostic.rule == rule]
    assert mine, found
    if marker is not None:
        assert any(points_at(diagnostic, text, marker) for diagnostic in mine), mine
    if suggestion is not None:
        assert suggestion in {diagnostic.args.get("suggestion") for diagnostic in mine}
    for diagnostic in found:
        entry = CATALOGUE[diagnostic.rule]
        for message in (text for part in entry.values() for text in part.values()):
            message.format(**diagnostic.args)


def everything(text: str) -> list[Diagnostic]:
    contract, found = read_manifest(text)
    return found if contract is None else check_contract(contract)


def test_the_example_is_without_fault() -> None:
    contract, found = read_manifest(GOOD)
    assert found == []
    assert contract is not None
    assert check_contract(contract) == []
    ports = {name: Port(name, *shape) for name, shape in PORTS.items()}
    assert check_ports(contract, ports) == []


@pytest.mark.parametrize(("rule", "old", "new", "marker", "suggestion"), FORM, ids=lambda value: str(value)[:24])
def test_form(rule: str, old: str, new: str, marker: str | None, suggestion: str | None) -> None:
    text = edited(old, new)
    contract, found = read_manifest(text)
    assert contract is None
    judge(found, text, rule, marker, suggestion)


@pytest.mark.parametrize(("rule", "old", "new", "marker", "suggestion"), MEANING, ids=lambda value: str(value)[:24])
def test_meaning(rule: str, old: str, new: str, marker: str | None, suggestion: str | None) -> None:
    text = edited(old, new)
    contract, found = read_manifest(text)
    assert contract is not None, found
    judge(check_contract(contract), text, rule, marker, suggestion)


def edited(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new, 1)


@pytest.mark.parametrize(("rule", "edit", "changed", "marker", "suggestion"), PORT_CASES, ids=lambda value: str(value)[:24])
def test_ports(
    rule: str, edit: tuple[str, str] | None, changed: dict[str, Any], marker: str, suggestion: str | None
) -> None:
    text = edited(*edit) if edit else GOOD
    contract, found = read_manifest(text)
    assert contract is not None, found
    ports = {name: Port(name, *shape) for name, shape in (PORTS | changed).items()}
    found = check_ports(contract, ports)
    judge(found, text, rule, marker, suggestion)
    if rule == "E-MAN-090":
        assert {diagnostic.severity for diagnostic in found} == {"note"}


SELFTEST_CASES = ROOT / "tests/unit/selftest/test_plan.py"


def test_every_rule_has_a_case_and_an_entry() -> None:
    used, selftest = (
        {rule for path in (ROOT / folder).rglob("*.py") for rule in re.findall(r"E-MAN-\d{3}", path.read_text())}
        for folder in ("verif/contract", "verif/selftest")
    )
    assert used | selftest == set(CATALOGUE)
    assert selftest <= set(re.findall(r"E-MAN-\d{3}", SELFTEST_CASES.read_text()))
    assert used == {case[0] for case in (*FORM, *MEANING, *PORT_CASES)} | {"E-MAN-044"}


@pytest.mark.parametrize("kind", ["clock", "reset"])
def test_nothing_declared(kind: str) -> None:
    text = f"{kind} = []\n" + re.sub(rf"\[\[{kind}\]\]\n(\w+ = .*\n)+", "", GOOD)
    contract, found = read_manifest(text)
    assert contract is not None, found
    judge(check_contract(contract), text, "E-MAN-044", f"{kind} = []", None)


def test_every_entry_has_both_languages_and_the_same_places() -> None:
    for rule, entry in CATALOGUE.items():
        assert {"title", "what", "next"} <= set(entry) <= {"title", "what", "expected", "next"}, rule
        for part in entry.values():
            assert set(part) == {"en", "ko"}, rule
            assert set(re.findall(r"{(\w+)}", part["en"])) == set(re.findall(r"{(\w+)}", part["ko"])), rule


def test_all_errors_at_once_in_order_of_the_text() -> None:
    text = GOOD.replace("active = 0", "actve = 0").replace('dir = "out"', 'dir = "oyt"').replace("relu(", "rely(")
    found = everything(text)
    assert [diagnostic.rule for diagnostic in found] == ["E-MAN-014", "E-MAN-013", "E-MAN-024"]
    assert [diagnostic.span.line for diagnostic in found] == sorted(diagnostic.span.line for diagnostic in found)


def test_arguments_are_short_and_printable() -> None:
    found = everything(GOOD.replace('top = "gemm_q"', r'top = "\u202egemm' + "x" * 500 + r'\u0007"'))
    assert found[0].rule == "E-MAN-012"
    assert all(value.isprintable() and len(value) <= 100 for value in found[0].args.values())
