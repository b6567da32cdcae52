"""Reports: pure renderers of the dossier. The same dossier gives the same bytes; no clock, no network, no store."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.domain.dossier import Dossier
from pipeline.reports.exports import EXPORTS
from pipeline.reports.html import html_report
from pipeline.reports.json_report import json_report

__all__ = ["render"]


def render(dossier: Dossier, lang: str) -> Mapping[str, bytes]:
    """File name -> bytes: `report.html`, one self-contained page in `lang` (en or ko), and every export that is not empty.

    `report.json` is the dossier; the page names its digest.
    """
    exports = {export.file: export.render(dossier, lang) for export in EXPORTS}
    page = {"report.html": html_report(dossier, json_report(dossier), lang)}
    return page | {name: data for name, data in exports.items() if data}
