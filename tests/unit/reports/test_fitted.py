"""A fitted contract proves less: the page and the JSON report say which facts were taken from the RTL."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from pipeline.domain.dossier import Dossier
from pipeline.reports import render
from pipeline.reports.banner import banner

FACTS = ("channel.y.delay", "operation.dot.stream.1.loops")
WORDS = {"en": "proves less", "ko": "증명하는 바가 적"}


@pytest.mark.parametrize("lang", WORDS)
def test_the_page_says_what_was_fitted(lang: str, accepted: Dossier, rejected: Dossier) -> None:
    for dossier in (accepted, rejected):
        plain, fitted = render(dossier, lang), render(replace(dossier, fitted=FACTS), lang)
        assert WORDS[lang] not in plain["report.html"].decode()
        page = fitted["report.html"].decode()
        assert page.count(WORDS[lang]) == 2  # in the verdict, and among the facts of the item
        assert all(page.count(fact) == 2 for fact in FACTS)
        assert json.loads(fitted["report.json"])["fitted"] == list(FACTS)


def test_names_of_facts_are_a_strangers(accepted: Dossier) -> None:
    evil = replace(accepted, fitted=("<script>\x1b", *(f"{number}{'x' * 400}" for number in range(500))))
    page = render(evil, "en")["report.html"].decode()
    assert "<script>\x1b" not in page
    assert "\x1b" not in page
    assert len(" ".join(banner(evil, "en").sentences)) < 2000
