"""`assay init --fit`: what is printed, what is written, what is refused before anything is built."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.cli.init_fit import tell, write_fitted
from pipeline.cli.terminal import Face, Terminal
from pipeline.domain.fitting import End, Fitting, Searched, Trial
from pipeline.errors import UsageError

FACT = "channel.y.delay"
WRONG = {"channel": "y", "planned": "3", "extra": "1", "cycle": "9"}
TRIALS = (
    Trial(0, {}, "differs", rule="J-003", args=WRONG),
    Trial(1, {FACT: "2"}, "fits", beats=1234),
    Trial(2, {FACT: "3"}, "same", same_as=1),
    Trial(3, {FACT: "4"}, "senseless"),
    Trial(4, {FACT: "5"}, "open"),
)


def told(end: End, lang: str = "en", *, as_json: bool = False) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    terminal = Terminal(out, err, Face(lang, utf8=True, width=100), json=as_json)
    chosen = 1 if end in {"fitted", "unwritten"} else 0 if end == "stated" else None
    found = Fitting((Searched(FACT, "1", 64),), TRIALS, 1234567, end, chosen, "text" if end == "fitted" else "")
    return tell(terminal, found, "own/assay.toml", 300.0), out.getvalue(), err.getvalue()


def test_the_table_names_every_reading_and_its_first_mismatch() -> None:
    code, out, err = told("fitted")
    assert (code, err) == (0, "")
    rows = [line for line in out.splitlines() if line[:1] in set("✓✗/?")]
    assert rows[0].startswith("✗  0  as the manifest stands  J-003 ")
    assert "expected" not in rows[0]
    assert rows[1] == "✓  1  channel.y.delay = 2  fits, 1,234 beats"
    assert rows[2:5] == [
        "/  2  channel.y.delay = 3  same beats as reading 1",
        "/  3  channel.y.delay = 4  has no meaning",
        "?  4  channel.y.delay = 5  not tried",
    ]
    assert "1,234,567 combinations" in out
    assert "own/assay.toml: one of 5 readings fits" in out
    assert "proves less" in out


RULES: dict[End, str] = {"none": "N-145", "several": "N-146", "late": "N-147", "unwritten": "N-148"}


@pytest.mark.parametrize("lang", ["en", "ko"])
@pytest.mark.parametrize("end", RULES)
def test_an_end_without_an_answer_has_its_rule(end: End, lang: str) -> None:
    code, out, err = told(end, lang)
    assert code == 2
    assert RULES[end] in err
    assert "{" not in out + err
    answer = json.loads(told(end, lang, as_json=True)[1])
    assert [error["rule"] for error in answer["errors"]] == [RULES[end]]
    assert answer["exit_code"] == 2


def test_the_answer_for_machines() -> None:
    answer = json.loads(told("fitted", as_json=True)[1])
    assert (answer["end"], answer["chosen"], answer["changes"], answer["errors"]) == ("fitted", 1, {FACT: "2"}, [])
    assert [trial["state"] for trial in answer["trials"]] == ["differs", "fits", "same", "senseless", "open"]
    assert "text" not in answer
    stated = json.loads(told("stated", as_json=True)[1])
    assert (stated["changes"], stated["exit_code"]) == ({}, 0)


def test_a_manifest_keeps_its_line_ends_and_its_mode(tmp_path: Path) -> None:
    file = tmp_path / "assay.toml"
    file.write_bytes(b"a\r\nb\r\n")
    file.chmod(0o640)
    (tmp_path / "link").symlink_to(file)
    write_fitted(tmp_path / "link", b"a\r\nb\r\n", "a\nc\n")
    assert file.read_bytes() == b"a\r\nc\r\n"
    assert file.stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in tmp_path.iterdir()) == ["assay.toml", "link"]


def test_a_manifest_that_changed_meanwhile_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "assay.toml"
    file.write_bytes(b"mine")
    with pytest.raises(UsageError, match="N-149"):
        write_fitted(file, b"what was tried", "new")
    assert file.read_bytes() == b"mine"


@pytest.mark.parametrize("more", [["--force"], ["--top", "x"]])
def test_fit_is_no_draft(more: list[str], bench: Any) -> None:
    (bench.home / "assay.toml").write_text("mine")
    assert bench("init", bench.home, "--fit", *more).code == 2
    assert (bench.home / "assay.toml").read_text() == "mine"


def test_a_fact_is_searched_with_fit_only(bench: Any) -> None:
    assert bench("init", bench.home, "--fact", FACT).code == 2
    assert not (bench.home / "assay.toml").exists()


def test_no_manifest_and_a_name_that_leads_elsewhere(bench: Any) -> None:
    assert "U-921" in bench("init", bench.home, "--fit").err
    assert "N-141" in bench("init", bench.home, "--fit", "--manifest", "../x.toml").err
