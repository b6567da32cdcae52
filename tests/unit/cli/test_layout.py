from __future__ import annotations

import pytest
from rich.cells import cell_len

from pipeline.cli import layout


def test_columns_align_by_cells_and_not_by_characters() -> None:
    rows = layout.table([["불합격", "1"], ["ok", "12,345"]])
    assert rows == ["  불합격        1", "  ok       12,345"]
    assert len({cell_len(row) for row in rows}) == 1


@pytest.mark.parametrize(
    ("seconds", "english", "korean"),
    [
        (0.4, "0.4 s", "0.4초"),
        (48.3, "48.3 s", "48.3초"),
        (59.96, "1 min 0 s", "1분 0초"),
        (372, "6 min 12 s", "6분 12초"),
        (8280, "2 h 18 min", "2시간 18분"),
        (-1, "0.0 s", "0.0초"),
    ],
)
def test_durations(seconds: float, english: str, korean: str) -> None:
    assert layout.duration(seconds, "en") == english
    assert layout.duration(seconds, "ko") == korean


def test_a_percentage_is_never_rounded_up_across_its_threshold() -> None:
    assert layout.percent(89.96, 90.0) == "89.96 %"
    assert layout.percent(89.94, 90.0) == "89.9 %"
    assert layout.percent(91.25, 90.0) == "91.2 %"


def test_control_bytes_and_direction_marks_become_spaces() -> None:
    assert layout.plain("a\x1b[31mb\u202ec\nd") == "a [31mb c d"


def test_cut_counts_cells() -> None:
    assert layout.cut("가나다라", 6) == "가나.."
    assert layout.cut("short", 6) == "short"


def test_wrap_keeps_words_and_the_width() -> None:
    lines = [text.plain for text in layout.wrap("설계가 낸 값이 다릅니다 and some more words", 20, "  ")]
    assert " ".join(line.strip() for line in lines) == "설계가 낸 값이 다릅니다 and some more words"
    assert max(cell_len(line) for line in lines) <= 20


@pytest.mark.parametrize(("done", "total", "drawn"), [(0, 0, "...."), (1, 2, "##.."), (3.99, 4, "###."), (4, 4, "####")])
def test_bar_is_full_only_when_all_is_done(done: float, total: float, drawn: str) -> None:
    assert layout.bar(done, total, 4) == f"[{drawn}]"


def test_line_is_never_read_as_markup() -> None:
    assert layout.line("[red]x[/red]", (":smile:", "bold")).plain == "[red]x[/red]:smile:"
