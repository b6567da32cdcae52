"""report.json: the whole dossier as one canonical JSON object, for machines and for the digest that the page prints."""

from __future__ import annotations

from pipeline.domain.canonical import canonical_json
from pipeline.domain.dossier import Dossier

SCHEMA = "assay-dossier/1"


def json_report(dossier: Dossier) -> bytes:
    """Every field of the dossier, findings with their ids, `reproduce` from finding id to command line, and `schema`."""
    return canonical_json(dossier.to_json() | {"schema": SCHEMA}) + b"\n"
