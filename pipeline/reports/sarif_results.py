"""Findings as SARIF has them: rules with their texts, results with their places, notifications for what of ours broke."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any
from urllib.parse import quote

from pipeline.domain.dossier import Dossier
from pipeline.domain.finding import Finding, Location
from pipeline.messages import message
from pipeline.reports.machine import block, clean, relative_path, seed_of, told
from pipeline.reports.visible import short, visible

ROOT_ID = "%SRCROOT%"
FINGERPRINT = "assayFindingId/v1"
Object = dict[str, Any]


def rule_id(finding: Finding) -> str:
    """The rule's id as rules and results name it."""
    return clean(finding.rule, 40)


def rules(findings: Sequence[Finding], lang: str) -> list[Object]:
    """One reporting descriptor for each rule that occurs, in order of first occurrence; placeholders stay visible."""
    firsts: dict[str, Finding] = {}
    for finding in findings:
        firsts.setdefault(rule_id(finding), finding)
    return [_rule(name, finding, lang) for name, finding in firsts.items()]


def _rule(name: str, finding: Finding, lang: str) -> Object:
    known = message(finding.rule, {}, lang)
    return {
        "id": name,
        "shortDescription": _text(clean(known.title)),
        "fullDescription": _text(block(known.what)),
        "help": _text(f"{block(known.expected)}\n{block(known.next)}"),
        "defaultConfiguration": {"level": finding.severity},
    }


def results(findings: Sequence[Finding], dossier: Dossier, lang: str) -> list[Object]:
    """One result for each finding, `ruleIndex` into `rules(findings, ...)`."""
    index = {name: at for at, name in enumerate(dict.fromkeys(rule_id(finding) for finding in findings))}
    return [_result(finding, index[rule_id(finding)], dossier, lang) for finding in findings]


def _result(finding: Finding, index: int, dossier: Dossier, lang: str) -> Object:
    return {
        "ruleId": rule_id(finding),
        "ruleIndex": index,
        "level": finding.severity,
        "message": _message(finding, dossier, lang),
        "locations": [_location(finding, dossier)],
        "partialFingerprints": {FINGERPRINT: finding.id},
        "properties": _properties(finding, dossier),
    }


def notifications(findings: Sequence[Finding], dossier: Dossier, lang: str) -> list[Object]:
    """The same findings as notifications of the tool about itself, `index` into `rules(findings, ...)`."""
    index = {name: at for at, name in enumerate(dict.fromkeys(rule_id(finding) for finding in findings))}
    return [
        {
            "descriptor": {"id": rule_id(finding), "index": index[rule_id(finding)]},
            "level": finding.severity,
            "message": _message(finding, dossier, lang),
            "locations": [_location(finding, dossier)],
            "properties": _properties(finding, dossier),
        }
        for finding in findings
    ]


def _message(finding: Finding, dossier: Dossier, lang: str) -> Object:
    known = told(finding, dossier, lang)
    return _text(f"{known.title}\n{known.body}")


def _location(finding: Finding, dossier: Dossier) -> Object:
    """The place in the source where there is one; the testpoint, or the design, as a logical place."""
    design = clean(dossier.design, 120)
    testpoint = clean(finding.testpoint, 40)
    logical = {"name": testpoint, "fullyQualifiedName": f"{design}/{testpoint}", "kind": "testpoint"}
    found: Object = {"logicalLocations": [logical if testpoint else {"name": design, "kind": "module"}]}
    if finding.location and relative_path(finding.location.file):
        found["physicalLocation"] = _physical(finding.location)
    return found


def _physical(location: Location) -> Object:
    line, column = max(1, location.line), max(1, location.column)
    region: Object = {"startLine": line, "startColumn": column, "endColumn": column + max(1, location.length)}
    uri = quote(relative_path(location.file), safe="/")
    found: Object = {"artifactLocation": {"uri": uri, "uriBaseId": ROOT_ID}, "region": region}
    if location.source.strip():
        found["contextRegion"] = {"startLine": line, "snippet": _text(visible(short(location.source.rstrip("\r\n"))))}
    return found


def _properties(finding: Finding, dossier: Dossier) -> Object:
    """What SARIF has no field for. Integers as text: a value may be wider than a reader's numbers."""
    found: Object = {"outcome": finding.outcome.value, "findingId": finding.id}
    if finding.seed is not None:
        found["seed"] = seed_of(finding.seed)
    if line := dossier.reproduce.get(finding.id):
        found["reproduce"] = clean(line, 300)
    if finding.divergence:
        known = asdict(finding.divergence)
        del known["variables"]
        found["divergence"] = {name: clean(str(value), 80) for name, value in known.items()}
    return found


def _text(given: str) -> Object:
    return {"text": given or "-"}
