"""Line coverage of every file: how much, where in the file, and which lines never ran."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pipeline.domain.dossier import Coverage, Dossier
from pipeline.messages import text
from pipeline.reports.figures import Strip, strip
from pipeline.reports.units import count, percent
from pipeline.reports.visible import short

MOST_FILES = 40
_MOST_RANGES = 40


@dataclass(frozen=True, slots=True)
class FileRow:
    """One file. `unseen` are ranges of lines that never ran; `hidden` more of them are only in report.json."""

    file: str
    hit: str
    total: str
    percent: str
    strip: Strip
    sentence: str
    unseen: str
    hidden: int
    whole: bool


@dataclass(frozen=True, slots=True)
class CoverageView:
    """Files, least covered first; `branches` in a sentence when they were measured; `hidden` files are in report.json."""

    files: tuple[FileRow, ...]
    hit: str
    total: str
    percent: str
    branches: str
    hidden: int


def coverage_view(dossier: Dossier, lang: str) -> CoverageView | None:
    """The view; None when nothing was measured."""
    files = sorted(dossier.coverage, key=lambda item: (_share(item.hit, item.total), item.file))
    if not files:
        return None
    hit, total = sum(item.hit for item in files), sum(item.total for item in files)
    return CoverageView(
        tuple(_file(item, lang) for item in files[:MOST_FILES]),
        count(hit),
        count(total),
        percent(_share(hit, total)),
        _branches(dossier.metrics, lang),
        max(0, len(files) - MOST_FILES),
    )


def _share(hit: int, total: int) -> float:
    """Percent, cut after one decimal as the coverage stage cuts it: never at a threshold that was not reached."""
    return hit * 1000 // total / 10 if total else 0.0


def _branches(metrics: Mapping[str, float], lang: str) -> str:
    total = metrics.get("branches_total", 0.0)
    if not total:
        return ""
    share = percent(metrics.get("branch_percent", 0.0), 100.0)
    return text("report_branches", lang, percent=share, hit=count(metrics.get("branches_hit", 0.0)), total=count(total))


def _file(item: Coverage, lang: str) -> FileRow:
    unseen = ranges(line for line, hits in item.lines.items() if not hits)
    name, share = short(item.file, 120), percent(_share(item.hit, item.total)) if item.total else "\u2013"
    return FileRow(
        file=name,
        hit=count(item.hit),
        total=count(item.total),
        percent=share,
        strip=strip(item.lines),
        sentence=text("report_strip_sentence", lang, file=name, hit=count(item.hit), total=count(item.total), percent=share),
        unseen=", ".join(unseen[:_MOST_RANGES]),
        hidden=max(0, len(unseen) - _MOST_RANGES),
        whole=item.total > 0 and item.hit == item.total,
    )


def ranges(numbers: Iterable[int]) -> list[str]:
    """Numbers as ranges in rising order, an en dash between the ends of each."""
    found: list[list[int]] = []
    for number in sorted(numbers):
        if found and number == found[-1][1] + 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return [str(first) if first == last else f"{first}\u2013{last}" for first, last in found]
