"""What is locked is whole on the oldest Python that Assay supports, also when the lock was made on a newer one."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
LOCK = (ROOT / "requirements.lock").read_text()
OLDEST = {"python_full_version": "3.11.2", "python_version": "3.11"}  # Debian 12's


def locked() -> dict[str, Requirement]:
    found = [Requirement(line.rstrip(" \\")) for line in LOCK.splitlines() if re.match(r"[a-z0-9]", line)]
    return {canonicalize_name(one.name): one for one in found}


def wanted(one: Requirement) -> Iterator[Requirement]:
    """What a locked package, with its extras, requires on the oldest Python."""
    for line in metadata.requires(one.name) or ():
        need = Requirement(line)
        extras = ["", *one.extras]
        if need.marker is None or any(need.marker.evaluate(OLDEST | {"extra": extra}) for extra in extras):
            yield need


def test_everything_that_is_needed_is_locked() -> None:
    known = locked()
    missing = {
        f"{name} needs {need}"
        for name, one in known.items()
        for need in wanted(one)
        if canonicalize_name(need.name) not in known
    }
    assert missing == set()
    assert len(known) > 50


def test_every_pin_of_the_project_is_locked_as_it_is() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    known = locked()
    pins = [Requirement(line) for group in groups for line in group]
    assert [str(pin) for pin in pins if str(known[canonicalize_name(pin.name)].specifier) != str(pin.specifier)] == []


def test_the_lock_names_no_index_and_every_wheel_by_its_digest() -> None:
    assert "://" not in LOCK
    assert LOCK.count("==") == len(locked())
    blocks = re.split(r"(?m)^(?=[a-z0-9])", LOCK)
    assert [block.splitlines()[0] for block in blocks if block.strip() and "--hash=sha256:" not in block] == []
