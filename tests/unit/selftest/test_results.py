"""results.xml of a hostile process: what cocotb writes is read, everything else is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from verif.jobs.selftest import main
from verif.selftest.results import MAX_BYTES, ResultsError, read_results

GOOD = b"""<?xml version='1.0' encoding='utf-8'?>
<testsuites name="cocotb tests"><testsuite name="m" errors="0"><testcase classname="m" name="one" time="0.1"><properties>
<property name="cocotb" value="True"/></properties></testcase>
<testcase classname="m" name="two/a=1"><failure message="assert 1 == 2" type="AssertionError">Traceback</failure></testcase>
<testcase classname="m" name="three"><skipped message="later"/></testcase>
<testcase classname="m" name="four"><error message="Test initialization failed"/></testcase></testsuite></testsuites>"""
BOMB = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><testsuites><testsuite name="&b;"/></testsuites>'
BAD = {
    "nothing": b"",
    "no xml": b"PASS",
    "cut": GOOD[:200],
    "entities": BOMB,
    "external": b'<!DOCTYPE testsuites SYSTEM "file:///etc/passwd"><testsuites/>',
    "instruction": b"<?php x?><testsuites/>",
    "another root": b"<html/>",
    "a case elsewhere": b'<testsuites><testcase classname="m" name="one"/></testsuites>',
    "deep": b"<testsuites>" + b"<a>" * 50 + b"</a>" * 50 + b"</testsuites>",
    "large": b"<testsuites>" + b" " * MAX_BYTES + b"</testsuites>",
    "many": b'<testsuites><testsuite name="m">' + b"<testcase/>" * 10_001 + b"</testsuite></testsuites>",
}


def test_what_cocotb_writes_is_read() -> None:
    found = [(case.module, case.name, case.state, case.kind, case.message) for case in read_results(GOOD)]
    assert found == [
        ("m", "one", "passed", "", ""),
        ("m", "two/a=1", "failed", "AssertionError", "assert 1 == 2"),
        ("m", "three", "skipped", "", "later"),
        ("m", "four", "error", "", "Test initialization failed"),
    ]
    assert read_results(GOOD)[1].trace == "Traceback"


@pytest.mark.parametrize("data", BAD.values(), ids=BAD)
def test_anything_else_is_refused(data: bytes) -> None:
    with pytest.raises(ResultsError):
        read_results(data)


def test_texts_are_bounded_and_printable() -> None:
    long = b"x" * 5000 + b"&#x9b;&#x202e;"
    data = GOOD.replace(b"assert 1 == 2", long).replace(b"Traceback", long)
    case = read_results(data)[1]
    assert len(case.message) == 1000
    assert len(case.trace) == 4000
    assert case.message.isprintable()


def test_the_job_answers_for_every_file(tmp_path: Path) -> None:
    (tmp_path / "0.xml").write_bytes(GOOD)
    (tmp_path / "1.xml").write_bytes(BOMB)
    assert main([str(tmp_path / "out"), str(tmp_path / "0.xml"), str(tmp_path / "1.xml")]) == 0
    text = (tmp_path / "out").read_text()
    assert text.count('"cases"') == text.count('"refused"') == 1
