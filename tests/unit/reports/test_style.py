from __future__ import annotations

import re
from importlib import resources
from itertools import product

import pytest

SHEET = resources.files("pipeline.reports").joinpath("templates", "report.css").read_text(encoding="utf-8")
TONES = ("pass", "fail", "broken", "skip", "warn")
PLAIN = ("ink", "ink-2", "ink-3", "link", *TONES)
GROUNDS = ("ground", "paper", "sunk")


def themes() -> dict[str, dict[str, str]]:
    blocks = re.findall(r":root \{(.*?)\}", SHEET, re.DOTALL)
    light, dark, paper = (dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block)) for block in blocks)
    return {"light": light, "dark": light | dark, "print": light | paper}


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark", "print"])
def test_every_text_can_be_read_on_every_ground_it_stands_on(theme: str) -> None:
    tokens = themes()[theme]
    pairs = [*product(PLAIN, GROUNDS), *((tone, f"{tone}-t") for tone in TONES)]
    pairs += product(("ink", "ink-2"), [f"{tone}-t" for tone in TONES])
    pairs += [("ink-3", "fail-t"), ("ink-3", "broken-t"), ("ink-2", "warn-t")]
    low = {pair: round(ratio, 2) for pair in pairs if (ratio := contrast(tokens[pair[0]], tokens[pair[1]])) < 4.5}
    assert low == {}


def test_contrast_is_measured_as_wcag_measures_it() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


def test_no_text_is_smaller_than_11_px() -> None:
    sizes = [float(size) for size in re.findall(r"font(?:-size)?:[^;{}]*?(\d+(?:\.\d+)?)px", SHEET)]
    assert min(sizes) == 11
    assert "italic" not in SHEET


def test_both_themes_define_the_same_tokens() -> None:
    found = themes()
    assert set(found["dark"]) == set(found["light"]) == set(found["print"])
    assert {tone: found["dark"][tone] == found["light"][tone] for tone in PLAIN} == dict.fromkeys(PLAIN, False)
