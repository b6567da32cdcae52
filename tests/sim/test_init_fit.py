"""`assay init --fit` as somebody runs it: two facts of a manifest are wrong, the RTL says which, the report says so."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest

from pipeline.adapters.process import run
from pipeline.ports import SandboxResult

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "tests" / "data" / "examples"
LOOPS, DELAY = "operation.dot.stream.1.loops", "channel.y.delay"

pytestmark = [pytest.mark.sim, pytest.mark.slow]


def assay(home: Path, *argv: str) -> SandboxResult:
    env = {"PATH": "/usr/local/bin:/usr/bin:/bin", "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8", "HOME": str(home)}
    program = str(Path(sys.executable).parent / "assay")
    return run((program, *argv), cwd=home, env=env | {"ASSAY_HOME": str(home / "state")}, wall_s=400.0)


def copied(home: Path, name: str, *changes: tuple[str, str]) -> Path:
    shutil.copytree(EXAMPLES / name, home / "own")
    manifest = home / "own" / "assay.toml"
    text = manifest.read_text()
    for find, put in changes:
        assert text.count(find) == 1
        text = text.replace(find, put)
    manifest.write_text(text)
    return manifest


def test_a_wrong_order_and_a_wrong_delay_are_found_and_marked(tmp_path: Path) -> None:
    good = (EXAMPLES / "serial_dot" / "assay.toml").read_text()
    manifest = copied(tmp_path, "serial_dot", ('["k: K", "h: 2"]', '["h: 2", "k: K"]'), ('delay = "2"', 'delay = "4"'))
    result = assay(tmp_path, "init", "own", "--fit", "--json")
    assert result.ok, result.log.decode()
    answer = json.loads(result.log)
    assert (answer["end"], answer["changes"]) == ("fitted", {DELAY: "2", LOOPS: "k: K, h: 2"})
    assert [trial["state"] for trial in answer["trials"]].count("fits") == 1
    assert len(answer["trials"]) < 100
    marked = manifest.read_text()
    plain = marked.replace("  # fitted to the RTL", "").replace(f'fitted = ["{DELAY}", "{LOOPS}"]\n', "")
    assert plain == good
    assert marked.count("# fitted to the RTL") == 2

    checked = assay(tmp_path, "check", "own", "--report", "report")
    assert checked.ok, checked.log.decode()
    assert "ACCEPTED" in checked.log.decode()
    assert f"Fitted to the RTL, which proves less: {DELAY}, {LOOPS}" in checked.log.decode()
    page = (tmp_path / "report" / "report.html").read_text()
    assert page.count(LOOPS) >= 2
    assert json.loads((tmp_path / "report" / "report.json").read_text())["fitted"] == [DELAY, LOOPS]

    again = assay(tmp_path, "init", "own", "--fit", "--fact", DELAY)
    assert again.ok, again.log.decode()
    assert "already says what fits" in again.log.decode()
    assert manifest.read_text() == marked


LANES = ("pack(A[n,i] for i in 4)", "pack(A[n,3-i] for i in 4)")
SUM = ('math = ["P[n] = sum(', 'math = ["P[n] = 1 + sum(')


def test_lanes_of_one_operand_and_a_formula_that_no_order_explains(tmp_path: Path) -> None:
    """Lanes turned back, or those of the other operand turned too: no pins tell these apart, so they are one reading."""
    manifest = copied(tmp_path, "cfu_simd", LANES)
    other = manifest.with_name("sum.toml")
    other.write_text(manifest.read_text().replace(*SUM))
    before = other.read_text()
    result = assay(tmp_path, "init", "own", "--fit", "--manifest", "sum.toml", "--json")
    answer = json.loads(result.log)
    assert (result.code, [error["rule"] for error in answer["errors"]]) == (2, ["N-145"])
    assert {trial["state"] for trial in answer["trials"]} == {"differs"}
    assert other.read_text() == before

    result = assay(tmp_path, "init", "own", "--fit", "--json")
    assert result.ok, result.log.decode()
    answer = json.loads(result.log)
    lanes = [f"operation.dot.stream.1.fields.{name}" for name in "ba"]
    assert [list(trial["changes"]) for trial in answer["trials"] if trial["state"] == "fits"] == [[lanes[0]], [lanes[1]]]
    assert (answer["end"], list(answer["changes"])) == ("fitted", [lanes[0]])
    assert f'fitted = ["{lanes[0]}"]' in manifest.read_text()
