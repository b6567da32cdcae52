"""The example designs at length: a hundred seeds each, every planted fault, every wrong manifest. Run by `make examples`.

Development seeds of ten epochs make a hundred seeds of every random testpoint, under their stalls: inputs that pause,
outputs that pause, both by five profiles, long idle phases, and full rate. Writes the tables to .assay/examples.md and ends
with 1 when a design failed anywhere, or a fault or a wrong manifest was not found as foreseen.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.bootstrap import Center, open_center
from pipeline.domain.bank import plant, read_bank
from pipeline.domain.dossier import Dossier
from pipeline.domain.outcome import Verdict
from pipeline.engine.dossier import assemble
from pipeline.engine.local import complete
from pipeline.engine.submit import submit
from pipeline.settings import Settings
from pipeline.stages.archive import pack_tree

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "tests" / "data"
EPOCHS = 10
HANGS = {"J-001", "J-009"}


@dataclass(frozen=True)
class Row:
    """One line of a table; `ok` when it is as foreseen."""

    ok: bool
    cells: tuple[str, ...]


def say(text: str) -> None:
    """One line, at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def files_of(folder: Path) -> dict[str, bytes]:
    """Sources and manifest of a design."""
    paths = [path for path in folder.rglob("*") if path.suffix == ".sv" or path.name == "assay.toml"]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def checked(center: Center, files: Mapping[str, bytes], manifest: str = "assay.toml", epoch: int = 0) -> Dossier:
    """The whole pipeline over these files."""
    services, tenant = center.services, center.settings.tenant
    run = submit(services, tenant, pack_tree(dict(files)), name="example", manifest=manifest, epoch=epoch)
    complete(services, center.local, tenant, run.id)
    return assemble(services, tenant, run.id)


def accepted(center: Center, name: str) -> Row:
    """A design under all epochs: random testpoints, their seeds, beats compared, failures."""
    files = files_of(DATA / "examples" / name)
    dossiers = [checked(center, files, epoch=epoch) for epoch in range(EPOCHS)]
    rows = [row for dossier in dossiers for row in dossier.decision.rows if row.judged and row.id != "LINT-01"]
    points = {row.id: sum(one.judged for one in rows if one.id == row.id) for row in rows if row.kind == "random"}
    failed = sum(row.failed for row in rows)
    verdicts = {dossier.decision.verdict.value for dossier in dossiers}
    shown = ", ".join(f"{point} {count}" for point, count in points.items())
    return Row(
        verdicts == {"ACCEPTED"}, (name, " ".join(verdicts), shown, str(sum(row.checks for row in rows)), str(failed))
    )


def planted(center: Center, name: str) -> Iterator[Row]:
    """Every planted fault of a design: the testpoint that was named before, and all that failed."""
    folder = DATA / "examples" / name
    for bug in read_bank((folder / "bugs.toml").read_text()):
        dossier = checked(center, plant(files_of(folder), bug))
        failed = [row.id for row in dossier.decision.rows if row.failed]
        ok = dossier.decision.verdict is Verdict.REJECTED and bug.expect in failed
        yield Row(ok, (bug.id, bug.title, bug.expect, dossier.decision.verdict.value, " ".join(failed)))


def wrong(center: Center, entry: Mapping[str, Any]) -> Row:
    """A wrong manifest: how it was caught, by which rules, how often, and what the failing beats are consistent with."""
    base = str(entry["base"])
    folder = ROOT / "rtl" / base if base == "gemm_axis" else DATA / "examples" / base
    files = files_of(folder)
    text = files["assay.toml"].decode()
    if text.count(entry["find"]) != 1:
        return Row(ok=False, cells=(entry["id"], entry["wrong"], entry["caught"], "the edit does not apply", "", "", ""))
    files["wrong.toml"] = text.replace(entry["find"], entry["replace"]).encode()
    dossier = checked(center, files, "wrong.toml")
    found = [finding for finding in dossier.findings if finding.severity == "error"]
    ways = {way(finding.rule) for finding in found} or {"equivalent"}
    counts = {rule: sum(finding.rule == rule for finding in found) for rule in sorted({finding.rule for finding in found})}
    ok = entry["caught"] in ways and ("check" in ways) == (entry["caught"] == "check")
    first = next((str(dict(finding.args)) for finding in found if way(finding.rule) == entry["caught"]), "")
    rules = " ".join(f"{rule}*{count}" for rule, count in counts.items())
    read = {reading.id for finding in found if finding.explained for reading in finding.explained.readings}
    explained = " ".join(sorted(read)) or "-"
    return Row(ok, (entry["id"], entry["wrong"], entry["caught"], " ".join(sorted(ways)), rules, explained, first))


def way(rule: str) -> str:
    """How a finding's rule caught a manifest."""
    if not rule.startswith("J-"):
        return "check"
    return "hang" if rule in HANGS else "mismatch"


def table(title: str, heads: tuple[str, ...], rows: list[Row]) -> str:
    """A Markdown table; a row that is not as foreseen is marked."""
    lines = [f"## {title}: {sum(row.ok for row in rows)} of {len(rows)} as foreseen", ""]
    lines += [f"| | {' | '.join(heads)} |", "|" + "---|" * (len(heads) + 1)]
    lines += [f"| {'' if row.ok else 'x'} | {' | '.join(cell.replace('|', '/') for cell in row.cells)} |" for row in rows]
    return "\n".join([*lines, ""])


def collected(rows: Iterator[Row]) -> list[Row]:
    """All rows, each said as it comes."""
    found: list[Row] = []
    for row in rows:
        say(f"  {'+' if row.ok else 'x'} {'  '.join(row.cells)[:160]}")
        found.append(row)
    return found


def main() -> int:
    """Run what --only names (designs, faults, wrong), all of them by default; 0 when everything was as foreseen."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", default="designs,faults,wrong")
    only = parser.parse_args().only.split(",")
    names = sorted(path.name for path in (DATA / "examples").iterdir())
    entries = tomllib.loads((DATA / "wrong_manifests" / "wrong.toml").read_text())["wrong"]
    with tempfile.TemporaryDirectory(prefix="assay-examples-") as home, open_center(Settings(Path(home)), "local") as center:
        parts = {
            "designs": ("Designs", ("design", "verdict", "seeds", "beats", "failed"), (accepted(center, n) for n in names)),
            "faults": (
                "Planted faults",
                ("fault", "title", "expected", "verdict", "failed"),
                (r for n in names for r in planted(center, n)),
            ),
            "wrong": (
                "Wrong manifests",
                ("manifest", "wrong", "foreseen", "caught", "rules", "consistent with", "first"),
                (wrong(center, e) for e in entries),
            ),
        }
        chosen = [parts[name] for name in only]
        done = [(title, heads, collected(rows)) for title, heads, rows in chosen]
    (ROOT / ".assay").mkdir(exist_ok=True)
    (ROOT / ".assay" / "examples.md").write_text("\n".join(table(*part) for part in done))
    return int(not all(row.ok for _, _, rows in done for row in rows))


if __name__ == "__main__":
    sys.exit(main())
