"""Documents do not lie: commands run, links lead somewhere, names exist, languages agree, figures are the program's."""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.adapters.process import run, spawn
from pipeline.domain.policy import POLICIES
from pipeline.domain.statistics import percent_up, upper_bound
from pipeline.messages import rules
from pipeline.settings import _READERS, Settings, _variables
from verif.stimulus.registry import FAMILIES
from verif.testplan.plan import development_seed
from verif.testplan.reader import standard_testplan
from verif.testplan.select import ELSEWHERE, POWER_UP

ROOT = Path(__file__).resolve().parents[2]
DOC = ROOT / "pipeline" / "doc"
PAGES = sorted(path for path in ROOT.rglob("*.md") if not any(part.startswith(".") for part in path.relative_to(ROOT).parts))
PAIRS = [(DOC / f"{name}.md", DOC / f"{name}.ko.md") for name in ("guide", "manifest", "method", "operating")]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BIN = ".venv/bin/"
TAR = 'tar --create --file assay-backup.tar --directory "$ASSAY_HOME" --exclude=./cache --exclude=./work --exclude=./redis .'
SEED = "0x92c3f51ed995cbf1"

# Run one after the other in a home of their own; `assay up` in the background, until what needs it has run.
RUN = (
    f"{BIN}assay doctor",
    f"{BIN}assay explain rtl/gemm_axis",
    f"{BIN}assay check rtl/gemm_axis",
    f"{BIN}assay repro rtl/gemm_axis --testpoint PRO-01 --seed {SEED}",
    f"{BIN}assay up",
    f"{BIN}assay submit rtl/gemm_axis --watch",
    f"{BIN}assay report 1",
    f"{BIN}assay register rtl/gemm_axis",
    f"{BIN}assay designs",
    f"{BIN}assay nightly --report night",
    f"{BIN}assay nightly --show",
    f"{BIN}assay seeds gemm_axis",
    TAR,
)
NOT_RUN = {
    "make setup": "what runs the tests has done it",
    ". .venv/bin/activate": "same",
    "make demo": "plants seven designs through a whole centre; run by hand on a fresh machine before a release",
    "make test": "it is what runs this",
    "make prove-red": "breaks every checker in a clone; run by hand, CI does not run it",
    f"{BIN}assay bank": "builds 56 designs; tests/sim/test_bank.py runs a part of it",
    "git pull": "changes the checkout",
}
GUIDE = "tests/e2e/test_first_hour.py runs every command of the guide"


def fences(path: Path, kind: str) -> list[str]:
    return [text for found, text in FENCE.findall(path.read_text()) if found == kind]


def commands(path: Path) -> list[str]:
    lines = [line for text in fences(path, "sh") for line in text.splitlines()]
    return [re.split(r"\s{2,}# ", line)[0].strip() for line in lines if line.strip()]


def prose(path: Path) -> str:
    """The page without fenced blocks."""
    return FENCE.sub("", path.read_text())


def rows(path: Path) -> Iterator[list[str]]:
    """Cells of every table row."""
    for line in prose(path).splitlines():
        if line.startswith("| "):
            yield [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def ids(path: Path) -> list[str]:
    return re.findall(r"(?<![A-Za-z-])(?:E-MAN|[A-Z])-\d{3}(?!\d)", path.read_text())


def test_every_command_is_run_or_says_why_not() -> None:
    written = {command for path in PAGES for command in commands(path)}
    followed = set(commands(DOC / "guide.md"))
    assert written - followed <= {*RUN, *NOT_RUN} <= written
    assert (ROOT / GUIDE.split(maxsplit=1)[0]).is_file()


@pytest.mark.sim
@pytest.mark.cluster
@pytest.mark.slow
def test_commands_do_what_the_pages_say() -> None:
    base = Path(tempfile.mkdtemp(prefix="assay-"))  # a short path: the socket of Redis lies below
    (base / "repository" / ".venv").mkdir(parents=True)
    (base / "repository" / BIN).symlink_to(Path(sys.executable).parent)
    for name in ("rtl", "seeds"):
        (base / "repository" / name).symlink_to(ROOT / name)
    env = {"PATH": "/usr/local/bin:/usr/bin:/bin", "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8", "HOME": str(base)}
    env |= {"ASSAY_HOME": str(base / "state"), "ASSAY_LANG": "en"}
    centre, log = None, base / "up.log"
    try:
        for command in RUN:
            if command.endswith(" up"):
                centre = spawn(tuple(command.split()), cwd=base / "repository", env=env, log=log)
                end = time.monotonic() + 60
                while "assay submit PATH --watch" not in log.read_text():
                    assert centre.poll() is None, log.read_text()
                    assert time.monotonic() < end, log.read_text()
                    time.sleep(0.1)
                continue
            if command == TAR:
                assert centre is not None
                centre.terminate()
                assert centre.wait(30.0) == 0, log.read_text()
            result = run(("sh", "-c", command), cwd=base / "repository", env=env, wall_s=900.0)
            assert result.ok, f"{command}\n{result.log.decode()}"
        restored = base / "restored"
        restored.mkdir()
        assert run(("tar", "-xf", "repository/assay-backup.tar", "-C", str(restored)), cwd=base, wall_s=60.0).ok
        assert not {"cache", "work", "redis"} & {path.name for path in restored.iterdir()}
        again = run(
            (f"{BIN}assay", "show", "1"), cwd=base / "repository", env=env | {"ASSAY_HOME": str(restored)}, wall_s=60.0
        )
        assert "ACCEPTED" in again.log.decode()
    finally:
        if centre:
            centre.kill()
            centre.wait()
        shutil.rmtree(base, ignore_errors=True)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path: Path) -> None:
    targets = re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`\n]*`(?!\])", "", prose(path)))
    local = [target.split("#")[0] for target in targets if not re.match(r"https?:|mailto:|#", target)]
    assert [target for target in local if not (path.parent / target).exists()] == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_names_exist(path: Path) -> None:
    text = path.read_text()
    assert set(re.findall(r"ASSAY_[A-Z_]+", text)) <= set(_variables().values())
    assert set(ids(path)) <= set(rules())
    known = {point.id for point in standard_testplan().testpoints}
    families = "|".join({name.partition("-")[0] for name in known})
    assert set(re.findall(rf"(?<![A-Za-z-])(?:{families})-\d{{2}}(?!\d)", text)) <= known


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair[0].stem)
def test_both_languages_have_the_same_parts(pair: tuple[Path, Path]) -> None:
    english, korean = pair
    for part in (
        lambda path: re.findall(r"^(#+) ", prose(path), re.MULTILINE),
        commands,
        lambda path: fences(path, "diff"),
        lambda path: [len(row) for row in rows(path)],
        lambda path: sorted(ids(path)),
        lambda path: sorted(target.replace(".ko.md", ".md") for target in re.findall(r"\]\(([^)\s]+)\)", prose(path))),
    ):
        assert part(english) == part(korean)
    assert len(re.findall(r"[가-힣]", korean.read_text())) > len(korean.read_text()) / 8
    assert re.findall(r"[가-힣]", english.read_text().replace("한국어", "")) == []


@pytest.mark.parametrize("page", ["operating.md", "operating.ko.md"])
def test_every_setting_is_explained(page: str) -> None:
    found = {row[0].strip("`"): row for row in rows(DOC / page) if row[0].startswith("`ASSAY_")}
    assert list(found) == list(_variables().values())
    defaults = Settings(home=Path.home() / ".local/state/assay")
    for name, variable in _variables().items():
        _, default, values, purpose = found[variable]
        assert values == _READERS[name][1], variable
        assert len(purpose) > 5, variable
        value = getattr(defaults, name)
        told = f"{value:g}" if isinstance(value, float) else str(value).replace(str(Path.home()), "~")
        assert default == f"`{told}`" if told and name != "lang" else default and "`" not in default, variable


@pytest.mark.parametrize("page", ["operating.md", "operating.ko.md"])
def test_every_trouble_of_ours_is_explained_once(page: str) -> None:
    told = [rule for row in rows(DOC / page) if len(row) == 3 for rule in row[0].split() if rule.startswith("P-")]
    assert sorted(told) == sorted(rule for rule in rules() if rule.startswith("P-"))


@pytest.mark.parametrize("page", ["method.md", "method.ko.md"])
def test_the_method_names_what_the_policy_may_ask(page: str) -> None:
    testplan, policy = standard_testplan(), POLICIES["core-1"]
    asked = {p.id: p for p in testplan.testpoints if p.milestone in policy.milestones and set(p.profiles) - {"mmio"}}
    table = {row[0]: row for row in rows(DOC / page) if re.match(r"[A-Z]{3,4}-\d\d", row[0])}
    assert set(asked) <= {*FAMILIES, *ELSEWHERE}, "a row that the policy asks and nobody generates must be told"
    assert list(table) == list(asked)
    kinds = {"random": "무작위", "directed": "지정", "static": "정적", "exhaustive": "전수"}
    for name, (_, kind, jobs, _when) in table.items():
        assert kind in {asked[name].kind, kinds[asked[name].kind]}
        expected = {"random": policy.random_seeds, "static": 1}.get(asked[name].kind, asked[name].seeds)
        assert int(jobs) == expected, name
        assert not asked[name].needs or _when not in {"always", "항상"}, name


@pytest.mark.parametrize("page", ["method.md", "method.ko.md"])
def test_figures_of_the_method_are_the_programs(page: str) -> None:
    text, testplan, policy = (DOC / page).read_text(), standard_testplan(), POLICIES["core-1"]
    bugs = tomllib.loads((ROOT / "seeds/bugs/gemm_axis.toml").read_text())["bug"]
    power_ups = next(point.seeds for point in testplan.testpoints if point.id == POWER_UP)
    figures = [len(testplan.testpoints), re.escape(testplan.version), policy.random_seeds, f"{policy.line_percent:g} %"]
    facts = [rf"(?<!\d){figure}(?!\d)" for figure in figures] + [f"0x{development_seed('PRO-01', 0):016x}"]
    facts += [rf"\[.*(?<!\d){len(bugs)}(?!\d).*\]\(.*seeds/bugs", rf"{POWER_UP}.*\n?.*(?<!\d){power_ups}(?!\d)"]
    assert [fact for fact in facts if not re.search(fact, text)] == []
    bounds = [row[1] for row in rows(DOC / page) if re.match(r"0 of \d+|\d+개 중 0개", row[0])]
    assert bounds == [f"{percent_up(upper_bound(0, seeds))} %" for seeds in (10, 100, 1000)]
