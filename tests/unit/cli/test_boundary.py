"""The one error boundary: rule ids, exit codes, both languages, never a traceback."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.cli.app import Switches
from pipeline.errors import InfrastructureError
from pipeline.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("argv", "rule"),
    [
        (["nonsense"], "U-920"),
        (["check"], "U-920"),
        (["show", "1", "--lang", "xx"], "U-920"),
        (["check", "nowhere"], "U-921"),
        (["check", "npu8", "--policy", "core-9"], "U-903"),
        (["check", "npu8", "--sandbox", "wish"], "U-924"),
        (["show", "77"], "U-910"),
        (["watch", "77"], "U-910"),
        (["report", "77"], "U-910"),
        (["repro", "77", "--testpoint", "FUN-01", "--seed", "0x1"], "U-910"),
        (["repro", "77", "--testpoint", "FUN-01", "--seed", "xyz"], "U-923"),
        (["repro", "77", "--testpoint", "FUN-01", "--seed", "1" * 17], "U-923"),
        (["demo"], "U-925"),
    ],
)
@pytest.mark.parametrize("lang", ["en", "ko"])
def test_usage_errors(bench: Any, argv: list[str], rule: str, lang: str) -> None:
    bench.settings = lambda: Settings(bench.home, lang=lang)
    answer = bench(*argv)
    assert answer.code == 2
    assert answer.out == ""
    assert f"✗ {rule}  " in answer.err
    assert ("exit 2 (usage)" if lang == "en" else "종료 코드 2 (사용법)") in answer.err
    assert "Traceback" not in answer.err


def test_an_error_for_a_machine_is_an_object_and_nothing_else(bench: Any) -> None:
    answer = bench("show", "77", "--json")
    assert answer.code == answer.json["exit_code"] == 2
    assert answer.json["errors"][0]["rule"] == "U-910"
    assert answer.err == ""


def test_what_nobody_foresaw_is_one_line_and_a_file(bench: Any, tmp_path: Path) -> None:
    def explode(*_: object) -> Any:
        raise ZeroDivisionError("[bold]secret\x1b[2J of the stack")

    bench.open = explode
    answer = bench("runs")
    assert answer.code == 3
    assert "! P-001  " in answer.err
    assert "ZeroDivisionError: [bold]secret [2J of the stack" in answer.err
    assert "Traceback" not in answer.err
    (kept,) = (tmp_path / "errors").iterdir()
    assert str(kept) in answer.err
    assert "Traceback" in kept.read_text()
    assert bench("runs", "--json").json["errors"][0]["rule"] == "P-001"


def test_a_setting_that_is_wrong_is_named(bench: Any) -> None:
    bench.settings = lambda: Settings.from_environment({"ASSAY_SLOTS": "many", "HOME": "/x"})
    answer = bench("runs", "--lang", "ko")
    assert answer.code == 2
    assert "ASSAY_SLOTS" in answer.err
    assert "설정을" in answer.err


def test_infrastructure_errors_are_ours(bench: Any) -> None:
    def closed(*_: object) -> Any:
        raise InfrastructureError("P-011", reason="no space")

    bench.open = closed
    answer = bench("runs")
    assert answer.code == 3
    assert "! P-011" in answer.err


def test_ctrl_c_leaves_politely(bench: Any) -> None:
    def interrupted(*_: object) -> Any:
        raise KeyboardInterrupt

    bench.open = interrupted
    answer = bench("runs")
    assert answer.code == 130
    assert "Ctrl-C" in answer.err
    assert "Traceback" not in answer.err


def test_help_speaks_both_languages(bench: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert bench("--help").code == 0
    english = capsys.readouterr().out
    assert bench("check", "--help", "--lang=ko").code == 0
    korean = capsys.readouterr().out
    assert all(verb in english for verb in ("check", "submit", "watch", "show", "report", "repro", "up", "doctor", "demo"))
    assert "판정 기준" in korean
    assert all(option in korean for option in ("--json", "--lang", "--no-color"))


def test_switches_end_where_arguments_begin() -> None:
    assert Switches.read(["show", "--json", "--lang", "ko", "1"]) == Switches(json=True, lang="ko")
    assert Switches.read(["show", "--", "--json"]) == Switches()
    assert Switches.read(["show", "--lang"]) == Switches()


def test_doctor_says_what_to_do(bench: Any) -> None:
    from pipeline.adapters.diagnosis import Probe

    bench.probes = (Probe("disk", "ok", "9.0 GiB free"), Probe("redis", "problem", rule="P-040"))
    answer = bench("doctor")
    assert answer.code == 3
    assert "✓ disk   ok" in answer.out
    assert "✗ redis  problem" in answer.out
    assert "P-040" in answer.out
    assert "assay up" in answer.out
    assert bench("doctor", "--json").json["probes"][1]["message"]["rule"] == "P-040"
    bench.probes = bench.probes[:1]
    assert bench("doctor", "--lang", "ko").code == 0


def test_up_tells_its_parts_and_how_to_use_it(bench: Any) -> None:
    bench.told = (("redis", "started"), ("worker", "started"), ("worker", "ended"), ("sweep", "P-011"))
    answer = bench("up")
    assert answer.code == 0
    assert "✓ redis  started" in answer.out
    assert "! worker  ended by itself" in answer.out
    assert "P-011" in answer.out
    assert "assay submit PATH" in answer.out
    lines = [json.loads(line) for line in bench("up", "--json").out.splitlines()]
    assert lines[0] == {"part": "redis", "what": "started"}


def test_repro_hands_over_what_was_asked(bench: Any) -> None:
    answer = bench("repro", "npu8", "--testpoint", "FUN-01", "--seed", "5eed1f07", "--waves", "--out", "w")
    assert answer.code == 1
    assert "✗ failed  FUN-01 under seed 0x000000005eed1f07, 1,234 cycles" in " ".join(answer.out.split("\n"))
    assert bench.asked is not None
    assert bench.asked["seed"] == 0x5EED1F07
    assert bench.asked["run_id"] is None
    assert bench.asked["archive"] == b"[contract]\n"
    assert bench.asked["waves"] is True
    assert bench.asked["out"] == bench.home / "w"


def test_settings_of_the_command_line_reach_the_centre(bench: Any) -> None:
    seen: list[Settings] = []
    real = bench.open
    bench.open = lambda settings, kind: (seen.append(settings), real(settings, kind))[1]
    bench("check", "npu8", "--sandbox", "bubblewrap", "--lang", "ko")
    assert replace(seen[0], home=bench.home) == Settings(bench.home, sandbox="bubblewrap", lang="ko")
