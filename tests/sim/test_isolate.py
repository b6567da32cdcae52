"""The first failure taken apart, with real tools: shrunk, drawn, and shown again by the very line that the run prints."""

from __future__ import annotations

import io
import json
import shlex
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from pipeline.bootstrap import Center, Kind, open_center
from pipeline.cli import main
from pipeline.cli.world import real_world
from pipeline.domain.evidence import Evidence
from pipeline.domain.outcome import Outcome
from pipeline.domain.run import StepSpec
from pipeline.errors import InfrastructureError
from pipeline.settings import Settings
from pipeline.stages.archive import pack_tree
from pipeline.stages.build import BuildStage
from pipeline.stages.isolate import IsolateStage
from verif.contract.read import read_manifest
from verif.stimulus.encode import encode
from verif.stimulus.generate import job_values
from verif.testplan.plan import Batch, Job, Plan
from verif.testplan.select import make_plan

pytestmark = [pytest.mark.sim, pytest.mark.slow, pytest.mark.xdist_group("isolate")]

SUM = "data_q   <= (fault_i[Late] ? before_q : a_data_i) + W'(plus_i);"
STATE = "  // An endless loop"
SOUND = ("assign t_bit_o   = ^a_data_i;", "assign t_bit_o   = a_data_i[0];")
# Fails in an operation whose p is 2 modulo 4, but only after one whose p is 1 modulo 4.
TWO = (
    SOUND,
    (SUM, SUM.replace(";", " + W'(armed_q && plus_i[1:0] == 2'd2);")),
    (STATE, "  logic armed_q;\n  always_ff @(posedge clk_i or negedge rst_ni)\n    if (!rst_ni) armed_q <= 1'b0;\n"
            "    else if (start_i && plus_i[1:0] == 2'd1) armed_q <= 1'b1;\n\n" + STATE),
)  # fmt: skip
# Counts operations without ever being reset, and fails from the 31st on: more than any one job has.
KEEPS = (
    SOUND,
    (SUM, SUM.replace(";", " + W'(count_q > 16'd30);")),
    (STATE, "  logic [15:0] count_q;\n  initial count_q = 16'd0;\n"
            "  always_ff @(posedge clk_i) if (start_i) count_q <= count_q + 16'd1;\n\n" + STATE),
)  # fmt: skip
Answer = tuple[int, dict[str, Any]]


@dataclass
class Desk:
    """`assay` in this process: the real pipeline over a home of its own, the compiled runtime shared."""

    home: Path
    cache: Path

    def __call__(self, *argv: str) -> Answer:
        def opened(settings: Settings, kind: Kind) -> Center:
            center = open_center(settings, kind)
            return replace(center, services=replace(center.services, cache=self.cache))

        out, err = io.StringIO(), io.StringIO()
        settings = Settings(self.home, tenant="isolate")
        world = replace(real_world(), settings=lambda: settings, open_center=opened, out=out, err=err, cwd=self.home)
        code = main([*argv, "--json"], world)
        assert "Traceback" not in out.getvalue() + err.getvalue()
        return code, json.loads(out.getvalue())

    def again(self, line: str) -> Answer:
        """Run a line as a run prints it."""
        program, *argv = shlex.split(line)
        assert program == "assay"
        return self(*argv)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, kit: ModuleType) -> Iterator[Desk]:
    home = tmp_path_factory.mktemp("isolate")
    cache = kit.CACHE / f"isolate-{home.parent.name}"
    cache.mkdir(parents=True, exist_ok=True)
    (cache.parent / "runtime").mkdir(exist_ok=True)
    (cache / "runtime").symlink_to(cache.parent / "runtime")
    yield Desk(home, cache)
    shutil.rmtree(cache)


@pytest.fixture(scope="module")
def checked(desk: Desk, kit: ModuleType) -> Callable[..., dict[str, Any]]:
    def check(name: str, *edits: tuple[str, str]) -> dict[str, Any]:
        (desk.home / f"{name}.tar").write_bytes(pack_tree(kit.faulty_files(*edits)))
        code, told = desk("check", f"{name}.tar")
        assert (code, told["verdict"]) == (1, "REJECTED"), told
        return told

    return check


@pytest.fixture(scope="module")
def two(checked: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    return checked("two", *TWO)


@pytest.fixture(scope="module")
def keeps(checked: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    return checked("keeps", *KEEPS)


def plan_of(kit: ModuleType) -> tuple[Any, Plan]:
    contract, _ = read_manifest(kit.faulty_files()["assay.toml"].decode())
    assert contract is not None
    return contract, make_plan(contract, "core-1", ("V1",), 10, 0)


def finding_of(told: dict[str, Any]) -> dict[str, Any]:
    return next(entry for entry in told["findings"] if entry["id"] == told["isolated"]["finding"])


def test_a_fault_of_two_operations_shrinks_to_exactly_these(two: dict[str, Any], kit: ModuleType) -> None:
    known, (contract, _plan) = two["isolated"], plan_of(kit)
    values = job_values(contract, Job(known["testpoint"], known["seed"])).operations
    assert (known["rule"], known["alone"], known["minimal"], known["of_ops"]) == ("J-002", True, True, len(values))
    assert [values[op].variables["p"] % 4 for op in known["ops"]] == [1, 2]
    assert known["divergence"]["operation"] == known["ops"][1]  # numbered as in the whole job


def test_the_window_holds_the_divergent_beat_and_what_should_have_been_there(two: dict[str, Any]) -> None:
    window, divergence = two["isolated"]["window"], two["isolated"]["divergence"]
    at = window["cycles"].index(divergence["cycle"])
    assert 8 <= len(window["cycles"]) <= 16
    assert (window["channel"], window["cycle"], window["hang"]) == ("c", divergence["cycle"], False)
    assert (window["operations"][at], window["beats"][at]) == (divergence["operation"], divergence["beat"])
    signals = {signal["name"]: signal for signal in window["signals"]}
    assert (signals["c_valid_o"]["values"][at], signals["c_ready_i"]["values"][at]) == ("1", "1")
    data = signals["c_data_o"]
    assert int(data["values"][at], 16) == divergence["observed"]
    assert int(data["expected"][at], 16) == divergence["expected"] == divergence["observed"] - 1


def test_the_line_that_the_run_prints_shows_the_same_again(two: dict[str, Any], desk: Desk) -> None:
    found, known = finding_of(two), two["isolated"]
    assert found["reproduce"].endswith(f" --ops {known['ops'][0]},{known['ops'][1]}")
    code, again = desk.again(found["reproduce"])
    assert (code, [entry["rule"] for entry in again["findings"]]) == (1, ["J-002"])
    assert again["findings"][0]["divergence"] == known["divergence"]
    only, _ = desk.again(found["reproduce"].replace(f",{known['ops'][1]}", ""))
    assert only == 0


def test_operations_that_the_job_lacks_are_usage(two: dict[str, Any], desk: Desk) -> None:
    line = finding_of(two)["reproduce"].rpartition(" --ops ")[0]
    code, told = desk.again(f"{line} --ops 0,99")
    assert (code, told["errors"][0]["rule"]) == (2, "U-932")


def test_state_that_survives_reset_is_the_designs_fault_and_its_line_carries_what_ran_before(
    keeps: dict[str, Any], desk: Desk
) -> None:
    found, known = finding_of(keeps), keeps["isolated"]
    assert (known["alone"], known["ops"], known["rule"]) == (False, [], "J-002")
    assert known["prefix"]
    notes = [entry for entry in keeps["findings"] if entry["rule"] == "S-004"]
    assert [(note["severity"], note["args"]["jobs"]) for note in notes] == [("note", str(len(known["prefix"])))]
    assert found["reproduce"].endswith(" --prefix")
    code, again = desk.again(found["reproduce"])
    assert (code, {entry["rule"] for entry in again["findings"]}) == (1, {"J-002"})
    assert again["findings"][0]["divergence"] == found["divergence"]  # the same jobs in the same order, so the same cycle
    assert known["window"]["cycle"] == found["divergence"]["cycle"]
    alone, _ = desk.again(found["reproduce"].removesuffix(" --prefix"))
    assert alone == 0


def test_a_failure_that_does_not_show_again_is_ours(bench: Any, kit: ModuleType) -> None:
    contract, whole = plan_of(kit)
    jobs = whole.batches[0].jobs[:3]
    plan = replace(whole, batches=(Batch(0, jobs, whole.batches[0].powerup_seeds),))
    forged = {"rule": "J-002", "outcome": "failed", "severity": "error", "args": {}, "location": None, "divergence": None}
    forged |= {"testpoint": jobs[2].testpoint, "seed": jobs[2].seed}
    context = bench.context(kit.faulty_files(SOUND))
    built = BuildStage().run(context)
    given = {
        ("intake", "plan"): plan.to_json(),
        ("simulate.0", "stimulus"): encode(contract, plan, plan.batches[0]).pack(),
        ("judge.0", "judgement"): json.dumps({"findings": [forged]}).encode(),
    }
    evidence = {step: dict(roles) for step, roles in context.evidence.items()} | {"build": {"model": built.evidence[0]}}
    for (step, role), data in given.items():
        evidence.setdefault(step, {})[role] = Evidence(role, context.blobs.put(data), "", len(data))
    work = context.work.parent / "isolate"
    work.mkdir()
    step = replace(context.step, spec=StepSpec("isolate"))
    with pytest.raises(InfrastructureError) as caught:
        IsolateStage().run(replace(context, evidence=evidence, work=work, step=step))
    assert caught.value.rule == "P-604"
    assert caught.value.values == {"testpoint": jobs[2].testpoint, "seed": f"0x{jobs[2].seed:016x}", "broken": "J-002"}
    quiet = evidence | {"judge.0": {}}
    assert IsolateStage().run(replace(context, evidence=quiet, step=step)).outcome is Outcome.PASSED
