"""export and schema over a centre with scripted stages."""

from __future__ import annotations

import io
import json
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from pipeline.cli.export import _to_stream
from pipeline.reports.exports import EXPORTS
from verif.contract.json_schema import json_schema


@pytest.mark.parametrize("export", EXPORTS, ids=lambda export: export.name)
def test_export_to_a_file_and_to_stdout_is_the_same(submitted: Any, export: Any) -> None:
    shown = submitted("export", "1", "--format", export.name)
    assert shown.code == 0
    done = submitted("export", "1", "--format", export.name, "--out", "ci/result")
    assert done.code == 0
    assert "ci/result" in done.out
    assert (submitted.home / "ci" / "result").read_text() == shown.out


def test_exports_are_of_the_run(submitted: Any) -> None:
    root = ET.fromstring(submitted("export", "1", "--format", "junit").out)  # noqa: S314 - our own renderer's
    assert root.tag == "testsuites"
    assert 'name="run" value="1"' in submitted("export", "1", "--format", "junit").out
    assert json.loads(submitted("export", "1", "--format", "sarif").out)["version"] == "2.1.0"
    assert json.loads(submitted("export", "1", "--format", "json").out)["run"]["number"] == 1


def test_json_answers_are_one_object(submitted: Any) -> None:
    answer = submitted("export", "1", "--format", "junit", "--json").json
    assert answer["content"].startswith("<?xml")
    answer = submitted("export", "1", "--format", "sarif", "--out", "x.sarif", "--json").json
    assert answer == {"run": 1, "format": "sarif", "file": str(submitted.home / "x.sarif")}


def test_an_unknown_format_is_refused(submitted: Any) -> None:
    answer = submitted("export", "1", "--format", "pdf")
    assert answer.code == 2
    assert "junit, sarif, lcov, json" in answer.err


def test_a_file_that_cannot_be_written_is_refused(submitted: Any) -> None:
    answer = submitted("export", "1", "--format", "junit", "--out", "npu8")
    assert answer.code == 2
    assert "U-922" in answer.err


def test_a_run_that_does_not_exist_is_refused(submitted: Any) -> None:
    assert submitted("export", "99", "--format", "junit").code == 2


def test_bytes_do_not_depend_on_the_locale() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii", newline="\r\n")
    _to_stream(stream, "부적합\n".encode())
    assert raw.getvalue() == "부적합\n".encode()


def test_schema_is_printed(bench: Any) -> None:
    assert json.loads(bench("schema").out) == json_schema() == bench("schema", "--json").json
    assert bench("schema").out.count("\n") > 100
