"""TOML places: every key and value is found where it stands; hostile texts end in one diagnostic, quickly."""

import string
import time
import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from verif.contract.check import check_contract
from verif.contract.read import read_manifest
from verif.contract.source import SourceError, load

TEXT = """# comment with = and [brackets]
top = "first"   # tail
[a]
"quoted key".dotted = 'lit # eral'
list = [ 1, "two", # why
  { in = "three", list = [4] } ]
[[t]]
x = 1
[[t]]
x = "é\\tb"
[t.sub]
y = 2
[[t.deep]]
z = true
[[t.deep]]
z = false
multi = \"\"\"
line one "quoted"
line two\"\"\"
"""


def found(path: tuple[str | int, ...]) -> str:
    source = load(TEXT)
    span = source.place(path)
    return TEXT.split("\n")[span.line - 1][span.column - 1 : span.column - 1 + span.length]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (("top",), "first"),
        (("a", "quoted key", "dotted"), "lit # eral"),
        (("a", "list", 0), "1"),
        (("a", "list", 1), "two"),
        (("a", "list", 2), '{ in = "three", list = [4] }'),
        (("a", "list", 2, "in"), "three"),
        (("a", "list", 2, "list", 0), "4"),
        (("t", 0, "x"), "1"),
        (("t", 1, "x"), "é\\tb"),
        (("t", 1, "sub", "y"), "2"),
        (("t", 1, "deep", 0, "z"), "true"),
        (("t", 1, "deep", 1, "z"), "false"),
        (("t", 1, "deep", 1, "multi"), 'line one "quoted"'),
    ],
)
def test_values_are_found(path: tuple[str | int, ...], text: str) -> None:
    assert found(path) == text


def test_keys_are_found() -> None:
    source = load(TEXT)
    assert source.key(("a", "quoted key", "dotted")) == source.key(("a", "quoted key"))
    assert (source.key(("t", 1, "deep", 1, "z")).line, source.key(("t", 1, "sub")).line) == (16, 11)
    assert source.below(("t", 1))["@sub.y"].line == 12


names = st.text(string.ascii_letters + string.digits + "_-", min_size=1, max_size=6)
scalars = st.integers(-99, 99) | st.booleans() | st.text(string.printable, max_size=8)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3), max_leaves=8
)


def toml(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {toml(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list):
        return "[ # start\n" + ",\n".join(toml(item) for item in value) + "\n]"
    if isinstance(value, str):
        return '"' + "".join(c if c.isalnum() or c in " #=[]{},." else f"\\u{ord(c):04x}" for c in value) + '"'
    return str(value).lower()


def paths(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[tuple[str | int, ...], object]]:
    items = list(value.items()) if isinstance(value, dict) else list(enumerate(value)) if isinstance(value, list) else []
    below = [pair for key, item in items for pair in paths(item, (*path, key))]
    return below if items else [(path, value)]


@given(st.dictionaries(names, values, min_size=1, max_size=4), st.booleans())
@settings(max_examples=150, deadline=None)
def test_every_scalar_of_any_document_is_found(document: dict[str, object], tables: bool) -> None:  # noqa: FBT001  drawn
    lines = [f"{key} = {toml(value)}" for key, value in document.items()]
    if tables:
        lines = ["[[root.list]]", *lines, "[[root.list]]", *lines]
    text = "\n".join(lines)
    source = load(text)
    root: tuple[str | int, ...] = ("root", "list", 1) if tables else ()
    for path, value in paths(document):
        span = source.place((*root, *path))
        shown = text.split("\n")[span.line - 1][span.column - 1 : span.column - 1 + span.length]
        if isinstance(value, int):
            assert tomllib.loads(f"v = {shown}")["v"] == value
        elif isinstance(value, str) and value:
            assert tomllib.loads(f'v = "{shown}"')["v"] == value


@given(st.text(max_size=200) | st.text(alphabet="[]{}=\"'.,#\n\\ abk01", max_size=200))
@settings(max_examples=300, deadline=None)
def test_any_text_ends_in_diagnostics(text: str) -> None:
    contract, found = read_manifest(text)
    assert contract is None
    assert found
    assert all(d.span.line >= 1 and d.span.column >= 1 and d.span.length >= 1 for d in found)


@pytest.mark.parametrize(
    "text",
    [
        "x = " + "[" * 100_000,
        "x = " + "{a=" * 60_000,
        ".".join("a" * 100_000) + " = 1",
        "[" + ".".join("a" * 100_000) + "]",
        "x = " + "1" * 200_000,
        '"""\\"' * 40_000,
        "[[tie]]\n" * 30_000,
        "[[operation]]\n[[operation.stream]]\n" * 6_000,
        "x = [" + "1," * 120_000 + "]",
        "a.b.c.d = 1\n" * 20_000,
        "\n" * 250_000,
        "x = " + "'''" * 80_001,
        "\ud800 = 1",
        "w" * 250_000,
    ],
    ids=lambda text: ascii(text[:12]),
)
def test_large_texts_end_soon(text: str) -> None:
    begin = time.perf_counter()
    contract, found = read_manifest(text)
    assert contract is None
    assert found
    assert time.perf_counter() - begin < 5


def test_broken_text_has_its_line_and_column() -> None:
    with pytest.raises(SourceError) as caught:
        load('a = 1\nb = "x\n')
    assert (caught.value.diagnostic.rule, caught.value.diagnostic.span.line) == ("E-MAN-002", 2)


GOOD = """[contract]
version = "1.0"
profile = "axis"
[design]
name = "d"
top = "d"
files = ["d.sv"]
[[clock]]
port = "c"
[[reset]]
port = "r"
[[channel]]
id = "x"
dir = "in"
handshake = "ready_valid"
valid = "xv"
ready = "xr"
fields = { data = "xd" }
[[channel]]
id = "y"
dir = "out"
handshake = "ready_valid"
valid = "yv"
ready = "yr"
fields = { data = "yd" }
[[operation]]
id = "o"
vars = { M = "1..4" }
tensors = { A = "i8[M]", B = "i8[M]" }
math = ["B[m] = A[m]"]
max_cycles = "100"
steps = [ { run = ["x", "y"] } ]
[[operation.stream]]
channel = "x"
loops = ["m: M"]
fields = { data = "pack(A[m])" }
[[operation.stream]]
channel = "y"
loops = ["m: M"]
fields = { data = "pack(B[m])" }
"""
PIECES = [
    "M",
    "4",
    "m",
    "A[m]",
    "0",
    "-1",
    "//",
    "%",
    "<<",
    "2**99",
    "pack(",
    ")",
    "for i in 3",
    "1..2",
    "i8[M]",
    '"',
    "x",
    "}",
]


@given(st.integers(0, len(GOOD) - 1), st.integers(0, 9), st.lists(st.sampled_from(PIECES), max_size=3).map(" ".join))
@settings(max_examples=300, deadline=None)
def test_any_edit_is_read_and_checked_without_a_surprise(at: int, removed: int, piece: str) -> None:
    contract, found = read_manifest(GOOD[:at] + piece + GOOD[at + removed :])
    assert (contract is None) == bool(found)
    if contract is not None:
        assert all(d.rule.startswith("E-MAN-") for d in check_contract(contract))


def test_the_small_manifest_is_good() -> None:
    contract, found = read_manifest(GOOD)
    assert found == []
    assert contract is not None
    assert check_contract(contract) == []
