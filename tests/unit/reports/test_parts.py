from __future__ import annotations

import re
from dataclasses import replace
from importlib import resources
from pathlib import Path

import pytest

from pipeline.domain.dossier import Coverage, Dossier
from pipeline.messages import LANGUAGES, words
from pipeline.reports.coverage import coverage_view, ranges
from pipeline.reports.divergence import apart
from pipeline.reports.figures import bar, bit_lanes, strip
from pipeline.reports.findings import MOST_OTHERS, findings_view
from pipeline.reports.progress import run_timeline, stage_cells
from pipeline.reports.reasons import known, reason
from pipeline.reports.units import count, duration, moment, percent, seconds_between, size
from pipeline.reports.visible import columns, short, visible
from verif.judge.fault import Divergence
from verif.testplan.features import reason_without
from verif.testplan.reader import standard_testplan
from verif.testplan.select import NOT_IMPLEMENTED

PACKAGE = Path(str(resources.files("pipeline.reports")))


def test_every_label_exists_in_both_languages_and_is_used() -> None:
    sources = [*PACKAGE.rglob("*.py"), *PACKAGE.rglob("*.html")]
    used = {key for file in sources for key in re.findall(r'"(report_[a-z0-9_]+)"', file.read_text(encoding="utf-8"))}
    families = {f"report_family_{point.id.split('-')[0].lower()}" for point in standard_testplan().testpoints}
    present = {key: entry for key, entry in words().items() if key.startswith("report_")}
    assert used | families == set(present)
    assert [key for key, entry in present.items() if set(entry) != set(LANGUAGES) or not all(entry.values())] == []


def test_both_languages_fill_the_same_values() -> None:
    found = {key: [set(re.findall(r"\{(\w+)\}", entry[lang])) for lang in LANGUAGES] for key, entry in words().items()}
    assert [key for key, (en, ko) in found.items() if key.startswith("report_") and en != ko] == []


def test_every_reason_of_the_plan_has_korean_words() -> None:
    needs = {need for point in standard_testplan().testpoints for need in point.needs}
    told = [reason_without(need, "axis") for need in needs]
    told += ["not for profile axis", "milestone V2S is not asked by the policy", NOT_IMPLEMENTED]
    assert [text for text in told if not known(text) or reason(text, "ko") == text] == []
    assert reason("made up", "ko") == "made up"


@pytest.mark.parametrize(
    ("value", "shown"), [(0, "0"), (1024, "1,024"), (-1234.5, "\u22121,234.5"), (2**200, f"{2**200:,}"), (3.0, "3")]
)
def test_counts(value: float, shown: str) -> None:
    assert count(value) == shown


@pytest.mark.parametrize(
    ("value", "threshold", "shown"),
    [(89.96, 90.0, "89.96"), (89.9, 90.0, "89.9"), (90.0, 90.0, "90.0"), (79.9999, 80.0, "79.9999"), (12.34, None, "12.3")],
)
def test_no_percentage_is_rounded_across_its_threshold(value: float, threshold: float | None, shown: str) -> None:
    assert percent(value, threshold) == f"{shown}\u202f%"


def test_percentages_just_below_stay_below() -> None:
    assert percent(80.0 - 1e-9, 80.0) == "79.999999\u202f%"


def test_durations_sizes_and_times() -> None:
    assert [duration(s, "en") for s in (0.44, 372.0, 8290)] == ["0.4\u202fs", "6\u202fmin 12\u202fs", "2\u202fh 18\u202fmin"]
    assert [duration(s, "ko") for s in (48.3, 372.0, 8290)] == ["48.3초", "6분 12초", "2시간 18분"]
    assert [size(b) for b in (740, 14_200, 3.1e6, 2e9)] == ["740\u202fbyte", "14.2\u202fkB", "3.1\u202fMB", "2.0\u202fGB"]
    assert moment("2026-11-22T05:02:03.250+00:00").shown == "2026-11-22 05:02:03 UTC"
    assert moment("<b>").shown == "<b>"
    assert moment(None).shown == "\u2013"
    assert seconds_between("2026-11-22T05:00:00+00:00", "2026-11-22T14:00:01+09:00") == 1.0
    assert seconds_between("2026-11-22T05:00:00", "2026-11-22T14:00:01+09:00") is None
    assert seconds_between(None, "x") is None


def test_what_cannot_be_seen_is_made_visible() -> None:
    assert visible("a\x1b[0m\u202eb\n\ud800") == "a⟦U+001B⟧[0m⟦U+202E⟧b⟦U+000A⟧⟦U+D800⟧"
    assert visible("e" + "\u0301" * 9) == "e\u0301\u0301"
    assert visible("한글 0x1f\u202f%") == "한글 0x1f\u202f%"
    assert short("abcdef", 4) == "abc…"
    assert short("abcd", 4) == "abcd"
    assert len(short("<" * 100, 60)) <= 11
    assert columns("한a") == 3


def test_bars_are_empty_only_at_zero_and_full_only_at_all() -> None:
    assert bar(0, 10, 100) == 0
    assert bar(1, 100_000, 100) == 1.5
    assert bar(99_999, 100_000, 100) == 99
    assert bar(10, 10, 100) == 100
    assert bar(1, 0, 100) == 0


def test_a_strip_shows_every_line_that_never_ran() -> None:
    assert strip({1: 1, 2: 0, 4: 3}).miss == "M1 0h1v16H1z"
    long = strip({line: int(line != 7777) for line in range(1, 10_000)})
    assert long.miss.count("M") == 1
    assert long.length <= 200
    assert strip({}).hit == ""


def test_ranges_join_neighbours_only() -> None:
    assert ranges([9, 1, 2, 3, 7]) == ["1\u20133", "7", "9"]


def test_files_come_least_covered_first(rejected: Dossier) -> None:
    found = coverage_view(rejected, "en")
    assert found is not None
    assert [(file.file, file.hit, file.total, file.unseen) for file in found.files] == [
        ("gemm_axis.sv", "46", "50", "22\u201324, 61"),
        ("gemm_axis_pe.sv", "12", "12", ""),
    ]
    assert (found.hit, found.total) == ("58", "62")
    assert coverage_view(replace(rejected, coverage=()), "en") is None


def test_coverage_is_cut_as_the_stage_cuts_it(rejected: Dossier) -> None:
    almost = coverage_view(replace(rejected, coverage=(Coverage("a.sv", 7996, 10000, {}),)), "en")
    assert almost is not None
    assert almost.percent == almost.files[0].percent == "79.9\u202f%"


def test_bits_keep_their_numbers() -> None:
    found = bit_lanes(f"{0xCE:040b}", f"{0x1C | 1 << 39:040b}")
    assert found is not None
    bits = [bit for lane in found.lanes for bit in lane.bits]
    assert [len(bits) - 1 - at for at, bit in enumerate(bits) if bit.wrong] == [39, 7, 6, 4, 1]
    assert (bits[0].number, bits[-1].number) == ("39", "0")
    assert bit_lanes("1", "0") is None


def test_values_wider_than_declared_are_shown_whole() -> None:
    found = apart(Divergence(0, "op", {}, "c", 0, 0, "C", 300, -1, 8, 0, 1, 1), "en")
    assert (found.expected.hex, found.observed.hex) == ("0x12c", "0x1ff")
    assert found.expected.binary == "1 0010 1100"


def test_groups_show_the_first_whole_and_count_the_rest(rejected: Dossier) -> None:
    many = tuple(replace(rejected.findings[1], seed=seed) for seed in range(40))
    found = findings_view(replace(rejected, findings=many), "en")
    (block,) = found.errors
    assert (block.count, len(block.others), block.hidden) == (40, MOST_OTHERS, 39 - MOST_OTHERS)
    assert block.apart is not None


def test_the_timeline_starts_at_zero_and_keeps_its_scale(rejected: Dossier) -> None:
    found = run_timeline(rejected, "en")
    assert found is not None
    assert [bar.name for bar in found.bars] == [step.spec.name for step in rejected.steps]
    simulate, build = found.bars[4], found.bars[3]
    assert simulate.width / build.width == pytest.approx(30.6 / 4.9, rel=0.01)
    assert found.bars[0].x == 120
    assert run_timeline(replace(rejected, steps=()), "en") is None


def test_stages_say_what_they_did_and_why_they_did_not(rejected: Dossier, broken: Dossier) -> None:
    cells = {cell.name: cell for cell in stage_cells(rejected, "en")}
    assert list(cells) == ["intake", "gate", "lint", "build", "simulate", "judge", "coverage"]
    assert (cells["judge"].mark.word, cells["judge"].note, cells["judge"].time) == ("failed", "80 of 81 seeds", "0.2\u202fs")
    assert cells["judge"].reasons == ("wrong result", "payload changed while VALID waited")
    ours = {cell.name: (cell.mark.word, cell.reasons) for cell in stage_cells(broken, "en")}
    assert ours["simulate"] == ("broken", ("the disk is full",))
    assert ours["judge"] == ("skipped", ("simulate.0 broke",))
