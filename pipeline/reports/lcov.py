"""coverage.lcov: line coverage as an LCOV tracefile, for editors and coverage services."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.domain.dossier import Coverage, Dossier
from pipeline.reports.machine import relative_path


def lcov(dossier: Dossier) -> bytes:
    """One record for each file, its path relative to the submission's root; empty when nothing was measured.

    A file without a line to run has no record: there is nothing to say of it, and readers refuse records without lines.
    """
    files = [item for item in dossier.coverage if item.lines and relative_path(item.file)]
    return "".join(line + "\n" for item in files for line in _record(item)).encode()


def _record(item: Coverage) -> Iterator[str]:
    yield "TN:assay"
    yield f"SF:{relative_path(item.file)}"
    for number, hits in sorted(item.lines.items()):
        yield f"DA:{number},{hits}"
    yield f"LF:{len(item.lines)}"
    yield f"LH:{sum(hits > 0 for hits in item.lines.values())}"
    yield "end_of_record"
