"""Which tests count: read from their text, never run."""

from __future__ import annotations

from pathlib import Path

import pytest

from verif.selftest.scan import Scan, module_name, scan
from verif.selftest.source import SourceError

HEAD = "import cocotb\nimport os\nimport numpy as np\nfrom cocotb.triggers import Timer\n\n\n"
TEST = "@cocotb.test()\nasync def one(dut):\n"
CHECKED = {
    "assert": "    assert dut.q.value == 1\n",
    "raise": "    if dut.q.value != 1:\n        raise ValueError\n",
    "library": "    np.testing.assert_array_equal(dut.q.value, 1)\n",
    "scoreboard": "    dut.env.scoreboard(1)\n",
    "helper": "    await helper(dut)\n\n\nasync def helper(dut):\n    assert dut.q.value\n",
    "method": "    Bench(dut).check()\n\n\nclass Bench:\n    def check(self):\n        assert self.q\n",
    "handler that raises": "    try:\n        assert dut.q.value\n    except AssertionError:\n        raise\n",
    "handler of others": "    try:\n        assert dut.q.value\n    except KeyError:\n        pass\n",
}
UNCHECKED = {
    "nothing": "    await Timer(1)\n",
    "log": "    dut._log.info('%s', dut.q.value)\n",
    "constant": "    assert True\n",
    "not false": "    assert not 0\n",
    "tuple": "    assert (dut.q.value == 1, 'wrong')\n",
    "itself": "    assert dut.q.value == dut.q.value\n",
    "swallowed": "    try:\n        assert dut.q.value\n    except Exception:\n        pass\n",
    "swallowed by all": "    try:\n        assert dut.q.value\n    except:\n        dut._log.info('wrong')\n",
    "never reached": "    if False:\n        assert dut.q.value\n",
    "hollow helper": "    expect_one(dut)\n\n\ndef expect_one(dut):\n    pass\n",
    "helper of nobody": "    pass\n\n\ndef helper(dut):\n    assert dut.q.value\n",
}
MEDDLES = {
    "os._exit": "    os._exit(0)\n    assert dut.q.value\n",
    "sys.exit": "    import sys\n    sys.exit(0)\n    assert dut.q.value\n",
    "results.xml": "    open('results.xml', 'w')\n    assert dut.q.value\n",
    "COCOTB_RESULTS_FILE": "    os.environ['COCOTB_RESULTS_FILE']\n    assert dut.q.value\n",
    "cocotb.regression._manager_inst": "    cocotb.regression._manager_inst\n    assert dut.q.value\n",
    "ctypes.CDLL": "    import ctypes\n    ctypes.CDLL(None)\n    assert dut.q.value\n",
}


def scanned(root: Path, text: str, **others: str) -> Scan:
    (root / "test_it.py").write_text(text)
    for name, other in others.items():
        (root / f"{name}.py").write_text(other)
    return scan(root, ["test_it.py"], ["test_it.py", *(f"{name}.py" for name in others)])


@pytest.mark.parametrize("body", CHECKED.values(), ids=CHECKED)
def test_a_test_that_could_fail_counts(tmp_path: Path, body: str) -> None:
    assert [(test.name, test.why) for test in scanned(tmp_path, HEAD + TEST + body).tests] == [("one", "")]


@pytest.mark.parametrize("body", UNCHECKED.values(), ids=UNCHECKED)
def test_a_test_that_cannot_fail_does_not_count(tmp_path: Path, body: str) -> None:
    found = scanned(tmp_path, HEAD + TEST + body)
    assert [(test.name, test.why, test.line) for test in found.tests] == [("one", "unchecked", 8)]
    assert found.counted == ()


@pytest.mark.parametrize(("word", "body"), MEDDLES.items(), ids=MEDDLES)
def test_a_test_that_reaches_into_the_runner_does_not_count(tmp_path: Path, word: str, body: str) -> None:
    (test,) = scanned(tmp_path, HEAD + TEST + body).tests
    assert (test.why, test.detail) == ("meddles", word)


def test_a_helper_in_another_file_may_check_or_meddle(tmp_path: Path) -> None:
    text = HEAD + "from bench import look\n" + TEST + "    look(dut)\n"
    assert scanned(tmp_path, text, bench="def look(dut):\n    assert dut.q.value\n").tests[0].why == ""
    found = scanned(tmp_path, text, bench="import os\ndef look(dut):\n    assert dut.q.value\n    os.abort()\n").tests[0]
    assert (found.why, found.file, found.line) == ("meddles", "bench.py", 4)


@pytest.mark.parametrize(
    ("mark", "why"),
    [
        ("@cocotb.test", ""),
        ("@cocotb.test(timeout_time=1, timeout_unit='us')", ""),
        ("@cocotb.test(expect_fail=False, expect_error=(), skip=False)", ""),
        ("@cocotb.test(expect_fail=True)", "expects"),
        ("@cocotb.test(expect_error=ValueError)", "expects"),
        ("@cocotb.xfail()\n@cocotb.test()", "expects"),
        ("@cocotb.test(skip=True)", "skipped"),
    ],
)
def test_what_the_decorator_says_counts(tmp_path: Path, mark: str, why: str) -> None:
    (test,) = scanned(tmp_path, HEAD + mark + "\nasync def one(dut):\n    assert dut.q.value\n").tests
    assert test.why == why


def test_tests_are_found_by_any_spelling(tmp_path: Path) -> None:
    text = (
        "import cocotb as c\nimport pyuvm\nfrom cocotb import test as t\nfrom cocotb.regression import TestFactory\n"
        "@c.test()\nasync def a(dut):\n    assert dut.q\n"
        "@t\nasync def b(dut):\n    assert dut.q\n"
        "@pyuvm.test()\nclass C(pyuvm.uvm_test):\n    def check_phase(self):\n        assert self.q\n"
        "async def d(dut):\n    assert dut.q\n"
        "TestFactory(d).generate_tests()\n"
        "@other.test()\nasync def e(dut):\n    assert dut.q\n"
    )
    assert [test.name for test in scanned(tmp_path, text).tests] == ["a", "b", "C", "d"]


def test_what_was_written_for_cocotb_1_is_named_with_its_place(tmp_path: Path) -> None:
    text = (
        "import cocotb\nfrom cocotb.result import TestFailure\nfrom cocotb.binary import BinaryValue\n"
        "@cocotb.test()\ndef one(dut):\n"
        "    cocotb.fork(run())\n    yield Timer(1, units='ns')\n    dut.d <= 1\n    dut.d.setimmediatevalue(2)\n"
        "    assert dut.q.value.integer == x.integer\n"
    )
    found = scanned(tmp_path, text)
    assert [(site.line, site.found, site.instead) for site in found.drift] == [
        (2, "cocotb.result.TestFailure", "assert"),
        (3, "cocotb.binary.BinaryValue", "cocotb.types.LogicArray"),
        (5, "def one", "async def one"),
        (6, "cocotb.fork", "cocotb.start_soon(...)"),
        (7, "units=", "unit="),
        (8, "<=", ".value = ..."),
        (9, ".setimmediatevalue", "x.set(Immediate(...))"),
        (10, ".value.integer", "int(x.value) or x.value.to_unsigned()"),
    ]
    assert found.tests[0].drift


def test_cocotb_2_is_not_taken_for_cocotb_1(tmp_path: Path) -> None:
    text = HEAD + TEST + "    await Timer(1, unit='ns')\n    assert dut.a.value <= 1 and int(dut.q.value) == 1\n"
    found = scanned(tmp_path, text)
    assert found.drift == ()
    assert not found.tests[0].drift


@pytest.mark.parametrize(
    ("data", "line"),
    [(b"def one(:\n", 1), (b"\xff\xfe", 0), (b"x\0", 0), (b"(" * 5000, 1), (b"1" + b"+1" * 50000, 0), (b"#" * (2 << 20), 0)],
    ids=["syntax", "no text", "zero byte", "brackets", "sum", "large"],
)
def test_a_file_that_is_no_python_is_refused(tmp_path: Path, data: bytes, line: int) -> None:
    (tmp_path / "test_it.py").write_bytes(data)
    with pytest.raises(SourceError) as refused:
        scan(tmp_path, ["test_it.py"], [])
    assert refused.value.reason
    assert refused.value.line == line


def test_nothing_is_executed(tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    scanned(tmp_path, f"open({str(mark)!r}, 'w')\n" + HEAD + TEST + "    assert dut.q\n")
    assert not mark.exists()


def test_a_file_inside_packages_is_imported_through_them(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    assert module_name(tmp_path, "a/b/test_x.py") == ("test_x", "a/b")
    (tmp_path / "a" / "b" / "__init__.py").touch()
    assert module_name(tmp_path, "a/b/test_x.py") == ("b.test_x", "a")
