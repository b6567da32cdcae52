"""junit.xml: what CI servers read, its structure, and that nothing but ACCEPTED is green."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from pipeline.domain.dossier import Dossier
from pipeline.domain.outcome import Verdict
from pipeline.reports.junit import junit

# The elements that Surefire writes and Jenkins' junit-10.xsd allows: attributes with (!) or without duty, and children.
ATTRIBUTES = {
    "testsuites": {"name", "time", "tests", "failures", "errors"},
    "testsuite": {"name!", "tests!", "failures!", "errors!", "skipped", "time", "timestamp"},
    "testcase": {"name!", "classname", "time"},
    "failure": {"type", "message"},
    "error": {"type", "message"},
    "skipped": {"type", "message"},
    "properties": set(),
    "property": {"name!", "value!"},
    "system-out": set(),
}
CHILDREN = {
    "testsuites": {"testsuite"},
    "testsuite": {"properties", "testcase"},
    "testcase": {"failure", "error", "skipped", "system-out"},
    "properties": {"property"},
}
TIME = re.compile(r"\d+\.\d{3}")
ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def parsed(dossier: Dossier, lang: str = "en") -> ET.Element:
    return ET.fromstring(junit(dossier, lang))  # noqa: S314 - our own renderer is what is tested


def check_structure(element: ET.Element) -> None:
    allowed = ATTRIBUTES[element.tag]
    assert set(element.attrib) <= {name.rstrip("!") for name in allowed}
    assert {name[:-1] for name in allowed if name.endswith("!")} <= set(element.attrib)
    assert {child.tag for child in element} <= CHILDREN.get(element.tag, set())
    assert "time" not in element.attrib or TIME.fullmatch(element.attrib["time"])
    assert re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)?", element.get("timestamp", ""))
    for child in element:
        check_structure(child)


def cases(root: ET.Element) -> dict[str, ET.Element]:
    return {f"{case.get('classname')} {case.get('name', '').split()[0]}": case for case in root.iter("testcase")}


def kind(case: ET.Element) -> str:
    kinds = [child.tag for child in case if child.tag != "system-out"]
    assert len(kinds) <= 1
    return kinds[0] if kinds else "passed"


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_structure_is_what_readers_agree_on(every: Callable[[], tuple[Dossier, ...]], hostile: Dossier, lang: str) -> None:
    for dossier in (*every(), hostile):
        check_structure(parsed(dossier, lang))


def test_counts_are_those_of_the_cases(every: Callable[[], tuple[Dossier, ...]]) -> None:
    for dossier in every():
        root = parsed(dossier)
        for element in (root, *root.iter("testsuite")):
            kinds = [kind(case) for case in element.iter("testcase")]
            assert int(element.attrib["tests"]) == len(kinds) > 0
            assert int(element.attrib["failures"]) == kinds.count("failure")
            assert int(element.attrib["errors"]) == kinds.count("error")
            assert int(element.get("skipped", kinds.count("skipped"))) == kinds.count("skipped")


def test_every_testpoint_and_step_is_a_case(rejected: Dossier) -> None:
    names = [name.split()[-1] for name in cases(parsed(rejected))]
    assert sorted(names) == sorted(
        ["verdict", *(row.id for row in rejected.decision.rows), *(step.spec.name for step in rejected.steps)]
    )


def test_the_designs_failures_and_our_errors_are_apart(rejected: Dossier) -> None:
    found = cases(parsed(rejected))
    assert kind(found["gemm_axis.ROB ROB-01"]) == "failure"
    assert kind(found["gemm_axis.RST RST-06"]) == "error"
    planned = next(row.id for row in rejected.decision.rows if row.outcome and not row.failed and row.id != "RST-06")
    assert kind(found[f"gemm_axis.{planned.split('-', 1)[0]} {planned}"]) == "passed"
    for row in rejected.decision.rows:
        if row.state != "planned":
            case = found[f"gemm_axis.{row.id.split('-', 1)[0]} {row.id}"]
            assert kind(case) == "skipped"
            assert case[0].get("message")
            assert case[0].get("type") == row.state


def test_a_failure_says_what_and_how_to_see_it_again(rejected: Dossier) -> None:
    failure = cases(parsed(rejected))["gemm_axis.ROB ROB-01"][0]
    first = next(finding for finding in rejected.findings if finding.testpoint == "ROB-01")
    assert failure.get("type") == "J-002"
    assert "C[3,0]" in (failure.text or "")
    assert f"reproduce: {rejected.reproduce[first.id]}" in (failure.text or "")
    assert (failure.text or "").count("reproduce: ") == 3


def test_findings_beyond_the_bound_are_counted(rejected: Dossier) -> None:
    one = next(finding for finding in rejected.findings if finding.testpoint == "ROB-01")
    many = replace(rejected, findings=tuple(replace(one, seed=seed) for seed in range(33)))
    body = cases(parsed(many))["gemm_axis.ROB ROB-01"][0].text or ""
    assert body.count("J-002 ") == 20
    assert "13 more findings are in report.json." in body


def test_a_refused_design_names_the_place(refused: Dossier) -> None:
    failure = cases(parsed(refused))["gemm_axis.stages gate"][0]
    assert failure.tag == "failure"
    assert failure.get("type") == "S-101"
    assert "rtl/gemm_axis.sv:41:3" in (failure.text or "")


def test_steps_have_their_time_and_testpoints_none(rejected: Dossier) -> None:
    found = cases(parsed(rejected))
    assert found["gemm_axis.stages intake"].get("time") == "0.400"
    assert found["gemm_axis.ROB ROB-01"].get("time") is None


def test_only_accepted_is_green(every: Callable[[], tuple[Dossier, ...]]) -> None:
    wanted = {Verdict.ACCEPTED: "passed", Verdict.REJECTED: "failure", Verdict.INCONCLUSIVE: "error"}
    for dossier in every():
        verdict = cases(parsed(dossier))["gemm_axis.verdict verdict"]
        assert kind(verdict) == wanted[dossier.decision.verdict]


def test_a_criterion_not_met_is_not_green(accepted: Dossier) -> None:
    low = replace(accepted.decision.criteria[0], measured=12.5)
    decision = replace(accepted.decision, verdict=Verdict.INCONCLUSIVE, criteria=(low,))
    root = parsed(replace(accepted, decision=decision))
    assert root.attrib["errors"] == "1"
    assert "12.5" in (cases(root)["gemm_axis.verdict verdict"][0].text or "")


def test_properties_identify_the_run(rejected: Dossier) -> None:
    found = {item.get("name"): item.get("value") for item in parsed(rejected).iter("property")}
    assert found["verdict"] == "REJECTED"
    assert found["policy"] == "core-1"
    assert found["verdict_digest"] == "4d" * 32
    assert found["toolchain_digest"] == "e2" * 32
    assert found["tree_digest"] == "b2" * 32


def test_hostile_text_is_bounded_and_legal(hostile: Dossier) -> None:
    data = junit(hostile, "en")
    assert len(data) < 12_000_000
    assert not ILLEGAL.search(data.decode())
    root = ET.fromstring(data)  # noqa: S314 - our own renderer is what is tested
    texts = [text for element in root.iter() for text in (element.text, *element.attrib.values()) if text]
    assert not any("\x1b" in text or "\u202e" in text or "\u0000" in text for text in texts)
    assert {element.tag for element in root.iter()} <= set(ATTRIBUTES)
    assert any("<script>" in text for text in texts)


def test_same_dossier_same_bytes(rejected: Dossier) -> None:
    assert junit(rejected, "ko") == junit(rejected, "ko") != junit(rejected, "en")
