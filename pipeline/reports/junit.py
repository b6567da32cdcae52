"""junit.xml: the run as CI servers read it, in the elements and attributes that Surefire and Jenkins agree on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from xml.etree import ElementTree as ET

from pipeline.domain.dossier import Dossier
from pipeline.reports.junit_cases import Case, Suite, suites
from pipeline.reports.machine import clean, identity
from pipeline.reports.units import moment, seconds_between

_TO_THE_SECOND = len("2026-11-22T14:02:00")


def junit(dossier: Dossier, lang: str) -> bytes:
    """UTF-8 XML: a suite for the verdict, one for the steps and one for each family of testpoints.

    Steps have their time, testpoints none: they share simulations. The verdict's suite has what the run is identified by
    as properties. A case has at most one of `failure` (the design's), `error` (ours, or no verdict) and `skipped`.
    """
    found = suites(dossier, lang)
    design, begun = clean(dossier.design, 120), moment(dossier.run.created_at).machine[:_TO_THE_SECOND]
    cases = [case for suite in found for case in suite.cases]
    seconds = seconds_between(dossier.run.created_at, dossier.run.finished_at)
    root = ET.Element("testsuites", {"name": f"assay {design}", **_totals(cases, seconds)})
    for suite in found:
        properties = identity(dossier) if suite is found[0] else {}
        root.append(_suite(suite, design, begun, properties))
    ET.indent(root)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def _totals(cases: Iterable[Case], seconds: float | None) -> dict[str, str]:
    kinds = [case.kind for case in cases]
    counts = {"tests": len(kinds), "failures": kinds.count("failure"), "errors": kinds.count("error")}
    return {name: str(number) for name, number in counts.items()} | _time(seconds)


def _time(seconds: float | None) -> dict[str, str]:
    return {} if seconds is None else {"time": f"{max(0.0, seconds):.3f}"}


def _suite(suite: Suite, design: str, begun: str, properties: Mapping[str, str]) -> ET.Element:
    known = [case.seconds for case in suite.cases if case.seconds is not None]
    attributes = {"name": suite.name} | _totals(suite.cases, sum(known) if known else None)
    attributes["skipped"] = str(sum(case.kind == "skipped" for case in suite.cases))
    element = ET.Element("testsuite", attributes | ({"timestamp": begun} if begun else {}))
    if properties:
        listed = ET.SubElement(element, "properties")
        for name, value in properties.items():
            ET.SubElement(listed, "property", {"name": name, "value": value})
    element.extend(_case(case, f"{design}.{suite.name}") for case in suite.cases)
    return element


def _case(case: Case, classname: str) -> ET.Element:
    element = ET.Element("testcase", {"name": case.name, "classname": classname} | _time(case.seconds))
    if case.kind:
        ET.SubElement(element, case.kind, {"type": case.type, "message": case.message}).text = case.body
    if case.output:
        ET.SubElement(element, "system-out").text = case.output
    return element
