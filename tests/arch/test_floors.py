"""The import contracts hold, and each of them breaks when a violation is planted."""

import shutil
import sys
from pathlib import Path

import pytest

from pipeline.adapters.process import run

ROOT = Path(__file__).resolve().parents[2]
LINT = str(Path(sys.executable).parent / "lint-imports")
PLANTED = {
    "floors": ("pipeline/domain/planted.py", "import pipeline.ports\n"),
    "testbench": ("verif/contract/planted.py", "import pipeline.domain.outcome\n"),
    "answers": ("verif/base/planted.py", "import verif.golden.evaluate\n"),
    "pure": ("verif/judge/planted.py", "import cocotb\n"),
    "service": ("pipeline/engine/planted.py", "import verif.base.env\n"),
    "celery": ("pipeline/engine/planted.py", "import celery\n"),
    "domain": ("pipeline/domain/planted.py", "import random\n"),
}


def lint(root: Path, contract: str) -> int:
    argv = (LINT, "--config", "pyproject.toml", "--contract", contract, "--no-cache")
    env = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(root)}
    return run(argv, cwd=root, env=env, wall_s=120.0).code


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("floors")
    for package in ("pipeline", "verif"):
        shutil.copytree(ROOT / package, root / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", root)
    return root


@pytest.mark.parametrize("contract", PLANTED)
def test_contract_holds_and_breaks_when_violated(copy: Path, contract: str) -> None:
    name, text = PLANTED[contract]
    assert lint(copy, contract) == 0
    (copy / name).write_text(text)
    try:
        assert lint(copy, contract) == 1
    finally:
        (copy / name).unlink()
