"""Break each checker in a clone of HEAD; the test named for it must turn red.

Run by `make prove-red`. Every entry of patches.toml names a file, the exact text to replace (it must stand there once), and
the tests that must fail. First all named tests run unbroken and must pass; then each patch alone must make pytest report
failed tests (exit code 1; a collection error or an empty selection does not count).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import tomllib
from pathlib import Path

from pipeline.adapters.process import run

ROOT = Path(__file__).resolve().parents[2]
TESTS_FAILED = 1


def say(text: str) -> None:
    """One line, at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def pytest_exit(clone: Path, tests: list[str]) -> tuple[int, str]:
    """Exit code and log of pytest over `tests` in `clone`."""
    argv = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests]
    result = run(tuple(argv), cwd=clone, wall_s=900.0)
    return (result.code if result.cause == "exited" else -1), result.log.decode(errors="replace")


def breaks(clone: Path, patch: dict[str, str | list[str]]) -> str:
    """Empty when the patch turns its tests red; otherwise what went wrong."""
    target, find = clone / str(patch["file"]), str(patch["find"])
    original = target.read_text()
    if original.count(find) != 1:
        return f"the text to replace stands {original.count(find)} times in {patch['file']}, expected once"
    try:
        target.write_text(original.replace(find, str(patch["replace"])))
        code, log = pytest_exit(clone, list(patch["tests"]))
    finally:
        target.write_text(original)
    return "" if code == TESTS_FAILED else f"pytest ended with {code}, expected {TESTS_FAILED}\n{log[-2000:]}"


def main() -> int:
    """Prove every patch, or those whose id contains --only; 0 when all turned red."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", default="")
    only = parser.parse_args().only
    patches = [p for p in tomllib.loads((ROOT / "tests/red/patches.toml").read_text())["patch"] if only in p["id"]]
    with tempfile.TemporaryDirectory(prefix="assay-red-") as scratch:
        clone = Path(scratch) / "clone"
        cloned = run(("git", "clone", "--quiet", str(ROOT), str(clone)), cwd=ROOT, wall_s=120.0)
        if not cloned.ok:
            say(cloned.log.decode(errors="replace"))
            return 2
        named = sorted({test for patch in patches for test in patch["tests"]})
        say(f"  .    unbroken: {len(named)} named tests")
        code, log = pytest_exit(clone, named)
        if code != 0:
            say(f"the named tests do not pass unbroken (pytest {code})\n{log[-4000:]}")
            return 1
        bad = 0
        for number, patch in enumerate(patches, 1):
            trouble = breaks(clone, patch)
            bad += bool(trouble)
            say(
                f"  {'x not red' if trouble else '+ red    '} {number:2}/{len(patches)} {patch['id']}: {patch['breaks']}",
            )
            if trouble:
                say(trouble)
    say(f"{len(patches) - bad} passed, {bad} failed")
    return 1 if bad or not patches else 0


if __name__ == "__main__":
    sys.exit(main())
