"""Drawings of beats: well-formed, everything of a stranger's escaped, values where they belong."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

import pytest

from pipeline.reports.beats import page, svg, windows

HOSTILE = '<script>alert("\u202e")</script>'


def channel(pin: str = "a_data_i", **more: Any) -> dict[str, Any]:
    field = {"pin": pin, "bits": 16, "cut": True, "values": ["0102", "0304"]}
    last = {"pin": "a_last_i", "bits": 1, "cut": False, "values": ["0", "1"]}
    return {"id": "a", "dir": "in", "count": 2, "valid": "a_valid_i", "ready": "a_ready_o", "fields": [field, last]} | more


def test_beats_stand_between_idle_cycles() -> None:
    (window,) = windows([channel()], "clk")
    assert window.beats == (None, 0, 1, None)
    rows = {signal.name: signal.values for signal in window.signals}
    assert rows["a_valid_i"] == ("0", "1", "1", "0")
    assert rows["a_ready_o"] == ("1", "1", "1", "1")
    assert rows["a_data_i"] == ("", "0102", "0304", "")
    assert rows["a_last_i"] == ("0", "0", "1", "0")


def test_a_channel_without_handshake_has_no_handshake_rows() -> None:
    (window,) = windows([channel(valid="", ready="")], "clk")
    assert [signal.kind for signal in window.signals] == ["clock", "bus", "bit"]


def test_the_drawing_is_xml_with_every_value() -> None:
    text = svg(windows([channel(), channel(id="b")], "clk"), "en")
    root = ET.fromstring(text)  # noqa: S314 - our own renderer's
    words = [node.text for node in root.iter() if node.tag.endswith("text")]
    assert words.count("…0102") == words.count("…0304") == 2
    assert words.count("beat 0") == 2
    assert {"a", "b", "a_valid_i", "a_last_i"} <= set(words)


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_nothing_hostile_reaches_the_page_as_markup(lang: str) -> None:
    drawn = windows([channel(pin=HOSTILE, id=HOSTILE)], HOSTILE)
    text = page(HOSTILE, [(HOSTILE, [HOSTILE], drawn), ("empty", [], ())], lang)
    assert "<script" not in text
    assert "\u202e" not in text
    assert "default-src 'none'" in text
    ET.fromstring(svg(drawn, lang))  # noqa: S314 - our own renderer's


def test_what_is_no_sketch_is_refused() -> None:
    with pytest.raises(KeyError):
        windows([{"id": "a"}], "clk")
