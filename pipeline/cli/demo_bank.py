"""What the demonstration is made of: the reference design and bugs of its bank."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.domain.bank import PlantedBug, plant, read_bank
from pipeline.errors import InfrastructureError, UsageError

DESIGN = "gemm_axis"


@dataclass(frozen=True, slots=True)
class Material:
    """The design's folder with its files by path, and its bank."""

    folder: Path
    files: dict[str, bytes]
    bugs: tuple[PlantedBug, ...]


def read_material(root: Path) -> Material:
    """Read it below the project's root; UsageError U-925 anywhere else, P-052 for a bank that is not whole."""
    folder, bank = root / "rtl" / DESIGN, root / "seeds" / "bugs" / f"{DESIGN}.toml"
    for path in (folder / "assay.toml", bank):
        if not path.is_file():
            raise UsageError("U-925", path=path)
    try:
        bugs = read_bank(bank.read_text(encoding="utf-8"))
    except (ValueError, KeyError) as error:
        raise InfrastructureError("P-052", bank=bank, reason=str(error)[:200]) from None
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
    return Material(folder, files, bugs)


def choose(bugs: Sequence[PlantedBug], count: int) -> tuple[PlantedBug, ...]:
    """`count` bugs, one of each class in turn, those that a single seed may miss last; in the bank's order."""
    by_kind: dict[str, list[PlantedBug]] = {}
    for bug in sorted(bugs, key=lambda bug: bug.rare):
        by_kind.setdefault(bug.kind, []).append(bug)
    turns = sorted((turn, position) for kind in by_kind.values() for turn, position in enumerate(map(bugs.index, kind)))
    return tuple(bugs[position] for position in sorted(position for _turn, position in turns[:count]))


def write_planted(material: Material, bug: PlantedBug, scratch: Path) -> Path:
    """A folder with the design and the bug in it; P-052 when the edit does not apply at exactly one place."""
    folder = scratch / bug.id
    try:
        planted = plant(material.files, bug)
    except (ValueError, KeyError) as error:
        raise InfrastructureError("P-052", bank=bug.id, reason=str(error)[:200]) from None
    for name, data in planted.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    return folder
