"""Every export renders every dossier to the same bytes again, and knows its name and its file."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from pipeline.domain.dossier import Dossier
from pipeline.reports import render
from pipeline.reports.exports import EXPORTS, export_of
from pipeline.reports.json_report import json_report


def test_names_and_files_are_unique() -> None:
    assert len({export.name for export in EXPORTS}) == len(EXPORTS) == len({export.file for export in EXPORTS})
    assert {"junit", "sarif", "lcov", "json"} <= {export.name for export in EXPORTS}


@pytest.mark.parametrize("export", EXPORTS, ids=lambda export: export.name)
def test_same_dossier_same_bytes(every: Callable[[], tuple[Dossier, ...]], export: object) -> None:
    known = export_of(export.name)  # type: ignore[attr-defined]
    for dossier in every():
        data = known.render(dossier, "en")
        assert data == known.render(dossier, "en")
        assert not data or data.endswith(b"\n")
        data.decode()


def test_json_is_the_report(accepted: Dossier) -> None:
    assert export_of("json").render(accepted, "ko") == json_report(accepted)
    assert json.loads(json_report(accepted))["design"] == "gemm_axis"


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(KeyError):
        export_of("pdf")


def test_exports_lie_beside_the_page(accepted: Dossier, broken: Dossier) -> None:
    files = render(accepted, "ko")
    assert set(files) == {"report.html", "report.json", "junit.xml", "results.sarif", "coverage.lcov"}
    assert all(files[export.file] == export.render(accepted, "ko") for export in EXPORTS)
    assert "coverage.lcov" not in render(broken, "ko")
