"""coverage.lcov: read back, and the counts are the dossier's."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.adapters.process import run
from pipeline.domain.dossier import Coverage, Dossier
from pipeline.reports.lcov import lcov


def read_back(data: bytes) -> dict[str, dict[str, object]]:
    found: dict[str, dict[str, object]] = {}
    lines: dict[int, int] = {}
    name, record = "", {}
    for line in data.decode().splitlines():
        key, _, value = line.partition(":")
        if key == "SF":
            name, record, lines = value, {}, {}
        elif key == "DA":
            number, hits = value.split(",")
            assert int(number) > max(lines, default=0)
            lines[int(number)] = int(hits)
        elif key in {"LF", "LH"}:
            record[key] = int(value)
        elif key == "end_of_record":
            found[name] = {**record, "lines": lines}
        else:
            assert line == "TN:assay"
    return found


def test_counts_are_those_of_the_dossier(rejected: Dossier) -> None:
    found = read_back(lcov(rejected))
    assert list(found) == ["gemm_axis.sv", "gemm_axis_pe.sv"]
    for item in rejected.coverage:
        assert found[item.file] == {"LF": item.total, "LH": item.hit, "lines": dict(item.lines)}


def test_nothing_measured_is_an_empty_file(broken: Dossier) -> None:
    assert lcov(broken) == b""


def test_a_file_without_lines_has_no_record(rejected: Dossier) -> None:
    empty = replace(rejected, coverage=(Coverage("types.svh", 0, 0, {}), *rejected.coverage))
    assert lcov(empty) == lcov(rejected)


@pytest.mark.parametrize("name", ["/etc/passwd", "../../x.sv", "a\nend_of_record\nSF:/etc/passwd", "a/../b.sv", "\ud800.sv"])
def test_a_name_never_leaves_the_submission(rejected: Dossier, name: str) -> None:
    data = lcov(replace(rejected, coverage=(Coverage(name, 1, 2, {1: 1, 2: 0}),)))
    (path,) = read_back(data)
    assert not path.startswith("/")
    assert ".." not in path.split("/")
    assert data.count(b"\n") == 7


@pytest.mark.skipif(not shutil.which("lcov"), reason="lcov is not installed")
def test_lcov_reads_it(rejected: Dossier, tmp_path: Path) -> None:
    (tmp_path / "coverage.lcov").write_bytes(lcov(rejected))
    done = run(("lcov", "--summary", "coverage.lcov"), cwd=tmp_path, wall_s=60.0)
    assert done.code == 0
    assert b"93.5% (58 of 62 lines)" in done.log
