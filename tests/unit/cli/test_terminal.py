from __future__ import annotations

import io
from collections.abc import Mapping

import pytest

from pipeline.cli.layout import line
from pipeline.cli.terminal import MARKS, Face, open_terminal, speaks_utf8


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


def printed(out: io.StringIO, env: Mapping[str, str], *, no_color: bool = False, as_json: bool = False) -> str:
    terminal = open_terminal(out, io.StringIO(), env, "en", as_json=as_json, no_color=no_color)
    terminal.say([line(terminal.face.mark("failed"), " [bold]x[/]")])
    return out.getvalue()


def test_a_screen_gets_colour_from_the_eight_of_ansi() -> None:
    assert printed(Screen(), {"TERM": "xterm-256color", "LANG": "C.UTF-8"}) == "\x1b[1;31m✗\x1b[0m [bold]x[/]\n"


@pytest.mark.parametrize(
    ("screen", "env", "no_color"),
    [
        (False, {"TERM": "xterm"}, False),
        (True, {"TERM": "dumb"}, False),
        (True, {}, False),
        (True, {"TERM": "xterm", "NO_COLOR": "1"}, False),
        (True, {"TERM": "xterm"}, True),
    ],
)
def test_pipe_dumb_no_color_and_the_option_turn_colour_off(screen: bool, env: Mapping[str, str], no_color: bool) -> None:  # noqa: FBT001 - cases
    assert printed(Screen() if screen else io.StringIO(), env, no_color=no_color) == "x [bold]x[/]\n"


def test_nothing_for_people_is_printed_beside_json() -> None:
    assert printed(Screen(), {"TERM": "xterm"}, as_json=True) == ""


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        ({"LC_ALL": "C", "LANG": "ko_KR.UTF-8"}, False),
        ({"LANG": "ko_KR.utf8"}, True),
        ({"LC_CTYPE": "C.UTF-8", "LANG": "C"}, True),
        ({}, False),
    ],
)
def test_glyphs_follow_the_locale(env: Mapping[str, str], expected: bool) -> None:  # noqa: FBT001 - cases
    assert speaks_utf8(env) is expected


def test_every_state_has_its_own_mark_with_and_without_utf8() -> None:
    for face in (Face(utf8=True), Face(utf8=False)):
        marks = [face.glyph(state) for state in MARKS]
        assert len(set(marks)) == len(marks)
    assert "".join(substitute for _, substitute, _ in MARKS.values()).isascii()


def test_columns_come_from_the_environment_within_bounds() -> None:
    widths = [
        open_terminal(io.StringIO(), io.StringIO(), {"COLUMNS": wide}, "en", as_json=False, no_color=False).face.width
        for wide in ("120", "7", "9999", "wide")
    ]
    assert widths == [120, 60, 160, 100]
