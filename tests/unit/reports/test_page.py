from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from pipeline.domain.canonical import sha256
from pipeline.domain.dossier import Dossier
from pipeline.messages import LANGUAGES, message
from pipeline.reports import render

Every = Callable[[], tuple[Dossier, ...]]
VOID = {"meta", "br", "link", "img", "input", "hr"}


class Reader(HTMLParser):
    """Reads a page as a browser would: elements, attributes, visible text; and whether elements close in order."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.open: list[str] = []
        self.crossed: list[str] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.crossed.append(tag)

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.words.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"[ \n]+", " ", " ".join(self.words))


def page(dossier: Dossier, lang: str = "en") -> str:
    return render(dossier, lang)["report.html"].decode()


def read(dossier: Dossier, lang: str = "en") -> Reader:
    reader = Reader()
    reader.feed(page(dossier, lang))
    reader.close()
    return reader


def values(reader: Reader, name: str) -> list[str]:
    return [value for _, attribute, value in reader.attributes if attribute == name]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_pages_are_whole_in_both_languages(every: Every, lang: str) -> None:
    for dossier in every():
        reader = read(dossier, lang)
        assert (reader.open, reader.crossed) == ([], [])
        assert ("html", "lang", lang) in reader.attributes
        assert "<key>" not in reader.text
        assert len(render(dossier, lang)["report.html"]) < 400_000


def test_ids_are_unique_and_every_link_has_its_goal(every: Every) -> None:
    for dossier in every():
        reader = read(dossier)
        ids = values(reader, "id")
        assert len(ids) == len(set(ids))
        assert {goal[1:] for goal in values(reader, "href")} <= set(ids)
        assert set(values(reader, "aria-labelledby")) <= set(ids)


def test_the_same_dossier_gives_the_same_bytes(rejected: Dossier) -> None:
    shuffled = replace(
        rejected,
        metrics=dict(reversed(rejected.metrics.items())),
        environment=replace(rejected.environment, versions=dict(reversed(rejected.environment.versions.items()))),
    )
    assert render(rejected, "ko") == render(shuffled, "ko")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_nothing_of_a_hostile_dossier_gets_out_of_its_place(hostile: Dossier, rejected: Dossier, lang: str) -> None:
    text = page(hostile, lang)
    reader = read(hostile, lang)
    assert set(reader.tags) <= set(read(rejected, lang).tags)
    assert {name for _, name, _ in reader.attributes} <= {name for _, name, _ in read(rejected, lang).attributes}
    assert (reader.open, reader.crossed) == ([], [])
    assert all(char.isprintable() or char in "\n\u00a0\u202f" for char in text)
    assert "⟦U+202E⟧" in text
    assert "⟦U+001B⟧" in text
    assert "{{7*7}}" in text
    assert len(text.encode()) < 400_000


def test_the_page_asks_nobody_for_anything(every: Every, hostile: Dossier) -> None:
    for dossier in (*every(), hostile):
        reader = read(dossier)
        assert not set(reader.tags) & {"script", "link", "img", "iframe", "object", "embed", "form", "base", "foreignobject"}
        assert all(value.startswith("#") for value in values(reader, "href"))
        assert not {name for _, name, _ in reader.attributes if name in {"style", "src", "srcset"} or name.startswith("on")}
        (style,) = re.findall(r"<style>(.*?)</style>", page(dossier), re.DOTALL)
        assert not re.search(r"url\(|@import|//|expression", style)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_policy_allows_the_style_sheet_and_nothing_else(rejected: Dossier, hostile: Dossier, lang: str) -> None:
    for dossier in (rejected, hostile):
        (style,) = re.findall(r"<style>(.*?)</style>", page(dossier, lang), re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        (policy,) = [value for value in values(read(dossier, lang), "content") if "default-src" in value]
        assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def test_the_json_is_the_whole_dossier_and_the_page_names_its_digest(rejected: Dossier) -> None:
    files = render(rejected, "en")
    raw = json.loads(files["report.json"])
    assert raw["schema"] == "assay-dossier/1"
    assert [finding["id"] for finding in raw["findings"]] == [finding.id for finding in rejected.findings]
    assert raw["reproduce"] == dict(rejected.reproduce)
    assert raw["coverage"][0]["lines"]["22"] == 0
    assert render(rejected, "ko")["report.json"] == files["report.json"]
    assert sha256(files["report.json"]) in read(rejected).text


def test_the_page_holds_every_figure_of_the_dossier(rejected: Dossier) -> None:
    text = read(rejected).text
    environment, submission = rejected.environment, rejected.submission
    digests = [submission.archive, environment.tree_digest, environment.manifest_digest, environment.plan_digest]
    for digest in (*digests, environment.toolchain_digest, rejected.verdict_digest):
        assert len(digest) == 64
        assert digest in text
    for value in (
        submission.name,
        "128 · 7c1f2a9e04d3",
        "N=4 DEPTH=16",
        "2026-11-22 14:01:58 UTC+09:00",
        "level 2",
        "5.48.0",
    ):
        assert value in text
    for value in (
        "9,418,204",
        "93.5\u202f%",
        "83.3\u202f%",
        "28.4\u202fs",
        "17.5\u202fs",
        "4.9\u202fs",
        "812.3\u202fkB",
        "46 / 50",
        "22\u201324, 61",
    ):
        assert value in text


def test_every_testpoint_has_a_row_with_its_counts_or_its_reason(rejected: Dossier) -> None:
    rows = dict(re.findall(r'<tr id="t\d+".*?lang="en">([A-Z]+-\d\d)</th>(.*?)</tr>', page(rejected), re.DOTALL))
    assert list(rows) == [row.id for row in rejected.decision.rows]
    for row in rejected.decision.rows:
        cells = re.findall(r'<td class="num.*?">(.*?)</td>', rows[row.id])
        counts = [row.planned, row.executed, row.judged, row.failed, row.checks]
        assert cells == ([f"{count:,}" for count in counts] if row.state == "planned" else [])
        assert html.escape(row.reason) in rows[row.id]


def test_a_divergence_is_shown_in_every_notation(rejected: Dossier) -> None:
    text = read(rejected).text
    for value in ("\u221250", "0xce", "1100 1110", "0x1c", "0001 1100", "0xd2", "+78", "4 of 8 bits differ: 7, 6, 4, 1"):
        assert value in text
    for value in (
        "C[3,0]",
        "m_axis_c",
        "gemm_requant",
        "M=6 K=1 N=16",
        "1,419",
        "15 of 16 compared beats differ (93.8\u202f%)",
    ):
        assert value in text
    assert page(rejected).count('class="wrong"') == 4


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_finding_says_what_to_do_and_how_to_see_it_again(rejected: Dossier, lang: str) -> None:
    text = read(rejected, lang).text
    for finding in rejected.findings:
        told = message(finding.rule, finding.args, lang)
        assert told.title in text
        assert rejected.reproduce.get(finding.id, "") in text
    for finding in (rejected.findings[1], rejected.findings[-1]):
        told = message(finding.rule, finding.args, lang)
        assert " ".join(told.what.split()) in text
        assert told.next in text


def test_source_lines_carry_a_caret_below_what_is_meant(refused: Dossier) -> None:
    source = re.search(r'<pre class="source".*?</pre>', page(refused), re.DOTALL)
    assert source is not None
    assert "<code>  <mark>$system</mark>(&#34;id&#34;);\n</code>" in source[0]
    assert '<span class="caret" aria-hidden="true">  ^^^^^^^</span>' in source[0]


def test_faults_of_the_design_come_before_ours(rejected: Dossier) -> None:
    turned = replace(rejected, findings=tuple(reversed(rejected.findings)))
    states = re.findall(r'<article class="find s-(\w+)">', page(turned))
    assert states == ["failed", "broken", "note"]
