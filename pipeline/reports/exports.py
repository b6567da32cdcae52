"""Every form in which a run can be handed to another program. A new one is a renderer in its own file and a line here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pipeline.domain.dossier import Dossier
from pipeline.reports.json_report import json_report
from pipeline.reports.junit import junit
from pipeline.reports.lcov import lcov
from pipeline.reports.sarif import sarif


@dataclass(frozen=True, slots=True)
class Export:
    """`name` is what `--format` takes, `file` what it is called beside the report; `render(dossier, lang)` gives UTF-8."""

    name: str
    media_type: str
    file: str
    render: Callable[[Dossier, str], bytes]


EXPORTS = (
    Export("junit", "application/xml", "junit.xml", junit),
    Export("sarif", "application/sarif+json", "results.sarif", sarif),
    Export("lcov", "text/plain", "coverage.lcov", lambda dossier, _lang: lcov(dossier)),
    Export("json", "application/json", "report.json", lambda dossier, _lang: json_report(dossier)),
)


def export_of(name: str) -> Export:
    """The export called `name`; raises KeyError."""
    return {export.name: export for export in EXPORTS}[name]
