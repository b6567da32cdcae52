"""results.sarif: valid by the official schema, findings at their places, and our faults never among the results."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from jsonschema import Draft4Validator

from pipeline.domain.dossier import Dossier
from pipeline.domain.finding import Finding, Location
from pipeline.domain.outcome import Outcome, Verdict
from pipeline.reports.sarif import SCHEMA, sarif

DATA = Path(__file__).resolve().parents[2] / "data" / "sarif"
FILE = DATA / "sarif-schema-2.1.0.json"


@pytest.fixture(scope="session")
def schema() -> Draft4Validator:
    return Draft4Validator(json.loads(FILE.read_bytes()))


def run_of(dossier: Dossier, lang: str = "en") -> dict[str, Any]:
    log = json.loads(sarif(dossier, lang))
    assert len(log["runs"]) == 1
    found: dict[str, Any] = log["runs"][0]
    return found


def with_place(dossier: Dossier, file: str, line: int = 7) -> dict[str, Any]:
    found = Finding("S-101", Outcome.FAILED, args={"what": "$system"}, location=Location(file, line, 3, 7))
    result: dict[str, Any] = run_of(replace(dossier, findings=(found,)))["results"][0]["locations"][0]
    return result


def test_schema_is_the_one_that_is_named() -> None:
    assert hashlib.sha256(FILE.read_bytes()).hexdigest() in (DATA / "README.md").read_text()
    assert json.loads(FILE.read_bytes())["id"] == SCHEMA


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_valid_by_the_official_schema(
    every: Callable[[], tuple[Dossier, ...]], hostile: Dossier, schema: Draft4Validator, lang: str
) -> None:
    few = replace(hostile, findings=hostile.findings[:60])
    for dossier in (*every(), few):
        assert [error.message[:200] for error in schema.iter_errors(json.loads(sarif(dossier, lang)))] == []


def test_the_schema_refuses_what_is_wrong(rejected: Dossier, schema: Draft4Validator) -> None:
    log = json.loads(sarif(rejected, "en"))
    log["runs"][0]["results"][0]["snippit"] = {}
    log["runs"][0]["results"][1]["level"] = "fatal"
    assert len(list(schema.iter_errors(log))) == 2


def test_results_are_the_designs_and_notes(rejected: Dossier) -> None:
    results = run_of(rejected)["results"]
    designs = [finding for finding in rejected.findings if finding.outcome is not Outcome.BROKEN]
    assert [result["ruleId"] for result in results] == [finding.rule for finding in designs]
    assert [result["level"] for result in results] == [finding.severity for finding in designs]
    assert {"error", "note"} == {result["level"] for result in results}


def test_rules_are_indexed_and_explained(rejected: Dossier) -> None:
    run = run_of(rejected)
    rules = run["tool"]["driver"]["rules"]
    assert len({rule["id"] for rule in rules}) == len(rules) > 1
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    assert all(rule["shortDescription"]["text"] and rule["help"]["text"].strip() for rule in rules)


def test_fingerprint_is_the_findings_id(rejected: Dossier) -> None:
    results = run_of(rejected)["results"]
    assert [result["partialFingerprints"] for result in results] == [
        {"assayFindingId/v1": finding.id} for finding in rejected.findings if finding.outcome is not Outcome.BROKEN
    ]


def test_a_place_in_the_source_is_relative(refused: Dossier) -> None:
    run = run_of(refused)
    place = run["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "rtl/gemm_axis.sv", "uriBaseId": "%SRCROOT%"}
    assert place["region"] == {"startLine": 41, "startColumn": 3, "endColumn": 10}
    assert place["contextRegion"] == {"startLine": 41, "snippet": {"text": '  $system("id");'}}
    assert "%SRCROOT%" in run["originalUriBaseIds"]


@pytest.mark.parametrize(
    "file", ["/etc/passwd", "../../x.sv", "a/./../b.sv", "file:///x", "http://h/x?q#f", "a b%2e.sv", "가/\u202e\n.sv"]
)
def test_a_uri_never_leaves_the_submission(refused: Dossier, file: str) -> None:
    uri = urlsplit(with_place(refused, file)["physicalLocation"]["artifactLocation"]["uri"])
    assert (uri.scheme, uri.netloc, uri.query, uri.fragment) == ("", "", "", "")
    assert uri.path.isascii()
    assert not uri.path.startswith("/")
    assert ".." not in unquote(uri.path).split("/")


def test_a_place_that_is_none_is_left_out(refused: Dossier, schema: Draft4Validator) -> None:
    assert "physicalLocation" not in with_place(refused, "../..")
    odd = Finding("S-101", Outcome.FAILED, location=Location("a.sv", 0, 0, 0))
    dossier = replace(refused, findings=(odd,))
    assert run_of(dossier)["results"][0]["locations"][0]["physicalLocation"]["region"]["startLine"] == 1
    assert schema.is_valid(json.loads(sarif(dossier, "en")))


def test_a_failure_without_a_place_names_its_testpoint(rejected: Dossier) -> None:
    result = next(result for result in run_of(rejected)["results"] if result["ruleId"] == "J-002")
    assert result["locations"] == [
        {"logicalLocations": [{"name": "ROB-01", "fullyQualifiedName": "gemm_axis/ROB-01", "kind": "testpoint"}]}
    ]
    assert result["properties"]["reproduce"].startswith("assay repro 128 --testpoint ROB-01 --seed 0x")
    assert result["properties"]["divergence"]["observed"] == "28"


def test_our_faults_are_notifications(rejected: Dossier) -> None:
    run = run_of(rejected)
    known = run["tool"]["driver"]["notifications"]
    told = run["invocations"][0]["toolExecutionNotifications"]
    assert [known[item["descriptor"]["index"]]["id"] for item in told[1:]] == ["P-402"]
    assert "P-402" not in {result["ruleId"] for result in run["results"]}


def test_no_verdict_is_no_success(every: Callable[[], tuple[Dossier, ...]]) -> None:
    for dossier in every():
        run, verdict = run_of(dossier), dossier.decision.verdict
        invocation = run["invocations"][0]
        assert invocation["executionSuccessful"] is (verdict is not Verdict.INCONCLUSIVE)
        assert invocation["toolExecutionNotifications"][0]["message"]["text"].startswith(verdict.value)
        assert run["properties"]["verdict"] == verdict.value
        assert run["properties"]["verdict_digest"] == dossier.verdict_digest


def test_times_are_in_utc(accepted: Dossier) -> None:
    invocation = run_of(accepted)["invocations"][0]
    assert invocation["startTimeUtc"] == "2026-11-22T05:02:00.000Z"
    assert invocation["endTimeUtc"] == "2026-11-22T05:03:06.000Z"
    odd = replace(accepted, run=replace(accepted.run, created_at="yesterday", finished_at="2026-11-22T14:03:06"))
    assert not {"startTimeUtc", "endTimeUtc"} & set(run_of(odd)["invocations"][0])


def test_hostile_text_is_visible_and_bounded(hostile: Dossier) -> None:
    data = sarif(hostile, "en").decode("ascii")
    assert len(data) < 40_000_000
    assert "\\u202e" not in data
    assert "\\u001b" not in data
    assert "\\u0000" not in data
    assert "U+202E" in data
