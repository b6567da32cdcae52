"""The `gate` stage: static checks before any code of the submission runs, then the ports and the contract's fit.

Each net catches what the others cannot. Raw text: hostile bytes, and words in text that is switched off. Preprocessed text:
words that macros assemble, files that macros include. Elaborated tree: what parameters hide, and what reaches generated
code whatever its spelling. Views: a design that behaves only for the tool that checks it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from pipeline.domain.finding import Finding, Location
from pipeline.domain.outcome import Outcome
from pipeline.domain.run import StageResult
from pipeline.errors import InfrastructureError
from pipeline.ports import StageContext
from pipeline.stages import design_ports, tree, views
from pipeline.stages.elaborate import MAX_FINDINGS, PORTS_FILE, Design, Elaborated, Elaborator, RefusedError
from pipeline.stages.outputs import plain, read_output, unpack_tree
from pipeline.stages.scan import Hit, assembled, forbidden
from pipeline.stages.texts import Texts
from pipeline.stages.verilate import HARNESS, TREE
from pipeline.stages.views import View, inside

DIAGNOSTICS = "diagnostics.json"
_BUILD_FILE = "assay_build.json"
_SYNTHESIS = "synthesis"
_MAX_TEXT = 4 << 20
_NAMED = 20


class GateStage:
    """Refuses what a design may not hold, and says what its ports are."""

    name = "gate"

    def run(self, context: StageContext) -> StageResult:
        """PASSED with evidence `ports`, or FAILED with at most 50 findings of the first net that refused something.

        Raises:
            InfrastructureError: P-510 the contract could not be compared with the ports, P-511 Verilator fell over, P-512 no
                harness, P-513 its tree cannot be read, P-514 intake's evidence is damaged.
        """
        gate = _Gate(context)
        try:
            ports = gate.check()
        except RefusedError as refused:
            return StageResult(Outcome.FAILED, (*refused.findings, *gate.notes), metrics=gate.metrics())
        evidence = (context.write("ports", ports, "application/json"),)
        return StageResult(Outcome.PASSED, tuple(gate.notes), evidence, metrics=gate.metrics())


class _Gate:
    """One submission on its way through the nets. Each net ends the check when it refuses something."""

    def __init__(self, context: StageContext) -> None:
        self.context = context
        self.design = Design.from_json(context.read("intake", "contract"))
        self.tool = Elaborator(context, self.design)
        self.texts = Texts(context.read("intake", "tree"))
        self.notes: list[Finding] = []

    def metrics(self) -> dict[str, float]:
        """What the check cost."""
        return {"gate_wall_s": self.tool.wall_s, "gate_cpu_s": self.tool.cpu_s}

    def check(self) -> bytes:
        """Everything in order; the evidence `ports`."""
        self._refuse(self.texts.refused(self.design))
        unpack_tree(self.context.read("intake", "tree"), self.context.work / TREE)
        view = self.tool.preprocess(self.context.work)
        self._preprocessed(view)
        self._other_tools(view)
        alone = self._elaborated(view)
        if self.design.profile == "opaque":  # nothing of ours is bound to it
            return self._ports(alone, bound=False)
        ports = self._ports(alone)
        self._contract(ports)
        self._harnessed()
        return ports

    def _refuse(self, found: Iterator[Finding]) -> None:
        """End the check when there is any finding; only the first ones are made at all."""
        first = tuple(islice(found, MAX_FINDINGS))
        if first:
            raise RefusedError(first)

    def _preprocessed(self, view: View) -> None:
        """Net: words that are there once macros and conditionals are resolved, and the files that were read for them."""
        foreign = [name for name in view.files if inside(name) is None]
        self._refuse(Finding("G-047", Outcome.FAILED, args={"name": plain(name.encode(), 400)}) for name in foreign)
        read = [name for name in map(inside, view.files) if name is not None]
        self._refuse(self.texts.scanned(read))
        hits = (*assembled(view.found), *forbidden(view.found, self.texts.names))
        self._refuse(self._hit(view, hit) for hit in hits)

    def _hit(self, view: View, hit: Hit) -> Finding:
        place = view.place(hit.offset)
        spelled = view.text[hit.offset : hit.offset + hit.length]
        where = self.texts.locate(place.file, place.line, spelled)
        return Finding(hit.rule, Outcome.FAILED, args=hit.args, location=where)

    def _other_tools(self, view: View) -> None:
        """Net: the text must not depend on which program reads it. `-U` takes back the tool's own macros."""
        hidden = [f"-U{name}" for name in views.OWN_MACROS]
        macros = (*views.OWN_MACROS, *views.OTHER_MACROS)
        other = self.tool.preprocess(self.context.work, *hidden, *(f"-D{name}=1" for name in views.OTHER_MACROS))
        self._differs("G-030", views.first_difference(view, other), macros)
        synthesised = self._synthesised()
        self._differs("G-031", views.first_real_difference(view, synthesised), views.SYNTHESIS_MACROS)
        place = views.first_difference(view, synthesised)
        if place is not None:
            where = self.texts.locate(place.file, place.line, "")
            self.notes.append(Finding("G-032", Outcome.FAILED, "note", location=where))

    def _synthesised(self) -> View:
        """The text as a synthesis tool sees it: macros defined, sections between translate_off and _on gone."""
        options = [f"-D{name}=1" for name in views.SYNTHESIS_MACROS]
        if not self.texts.untranslated:
            return self.tool.preprocess(self.context.work, *options)
        work = self.context.work / _SYNTHESIS
        unpack_tree(self.context.read("intake", "tree"), work / TREE)
        for name in self.texts.untranslated:
            (work / TREE / name).write_bytes(views.translated((work / TREE / name).read_bytes()))
        return self.tool.preprocess(work, *options)

    def _differs(self, rule: str, place: views.Place | None, macros: Sequence[str]) -> None:
        if place is not None:
            where = self.texts.locate(place.file, place.line, "")
            raise RefusedError([Finding(rule, Outcome.FAILED, args={"macros": ", ".join(macros)}, location=where)])

    def _elaborated(self, view: View) -> Elaborated:
        """Net: the design elaborated alone, where every name that leads out of it is an error."""
        try:
            alone = self.tool.alone(self.context.work)
        except RefusedError as refused:
            raise RefusedError([self._with_modules(found, view) for found in refused.findings]) from None
        read = {name for name in map(inside, alone.files.values()) if name is not None}
        unlisted = sorted(read - {inside(name) for name in view.files})
        self._refuse(Finding("G-048", Outcome.FAILED, args={"name": name}) for name in unlisted)
        self._refuse(self._sight(sight) for sight in tree.refused_nodes(alone, self.texts.names))
        if tree.top_module(alone, self.design.top) is None:
            missing = Finding("G-041", Outcome.FAILED, args={"top": self.design.top})
            raise RefusedError([self._with_modules(missing, view)])
        return alone

    def _with_modules(self, found: Finding, view: View) -> Finding:
        if found.rule != "G-041":
            return found
        names = sorted(set(views.defined_modules(view.code())))
        listed = ", ".join(name[:80] for name in names[:_NAMED]) + (", ..." if len(names) > _NAMED else "")
        return Finding("G-041", found.outcome, args={**found.args, "modules": listed or "-"})

    def _sight(self, sight: tree.Sight) -> Finding:
        where = self.texts.locate(sight.file, sight.line, "", sight.column)
        return Finding(sight.rule, Outcome.FAILED, args=sight.args, location=where)

    def _ports(self, alone: Elaborated, *, bound: bool = True) -> bytes:
        """The top module's ports as JSON, in the order of their declarations; refuses what no harness can bind."""
        module = tree.top_module(alone, self.design.top)
        found = design_ports.ports(alone, module) if module is not None else []
        self._refuse(self._unbindable(port) for port in found if bound and not port.width)
        return json.dumps({port.name: port.to_json() for port in found}).encode()

    def _unbindable(self, port: design_ports.FoundPort) -> Finding:
        where = self.texts.locate(port.file, port.line, "", port.column)
        return Finding("G-050", Outcome.FAILED, args={"name": port.name, "text": port.construct}, location=where)

    def _contract(self, ports: bytes) -> None:
        """The contract against the ports, in the sandbox: manifest and ports are a stranger's."""
        (self.context.work / PORTS_FILE).write_bytes(ports)
        manifest = self.context.submission.manifest
        result = self.tool.module("verif.jobs.ports", TREE, manifest, PORTS_FILE, DIAGNOSTICS)
        data = read_output(self.context.work, DIAGNOSTICS, _MAX_TEXT)
        if not result.ok or data is None:
            raise InfrastructureError("P-510", cause=result.cause, code=result.code, log=plain(result.log))
        found = [self._diagnostic(manifest, entry) for entry in json.loads(data)]
        self.notes += [finding for finding in found if finding.severity == "note"][:MAX_FINDINGS]
        self._refuse(finding for finding in found if finding.severity == "error")

    def _diagnostic(self, manifest: str, entry: Mapping[str, Any]) -> Finding:
        line, column, length = int(entry["line"]), int(entry["column"]), int(entry["length"])
        where = Location(manifest, line, column, length, self.texts.line(manifest, line))
        args = {str(name): str(value) for name, value in entry["args"].items()}
        return Finding(str(entry["rule"]), Outcome.FAILED, "note" if entry["severity"] == "note" else "error", args, where)

    def _harnessed(self) -> None:
        """Net: once more below the harness, as the build compiles it.

        Alone, a name that leads out of the design is an error already. This pass is for names that would be found in both
        places: whatever ends in a module of ours is refused here.
        """
        manifest = self.context.submission.manifest
        result = self.tool.module("verif.jobs.harness", TREE, manifest, PORTS_FILE, HARNESS)
        described = read_output(self.context.work / HARNESS, _BUILD_FILE, _MAX_TEXT)
        if not result.ok or described is None:
            raise InfrastructureError("P-512", cause=result.cause, code=result.code, log=plain(result.log))
        trusted = [str(name) for name in json.loads(described)["trusted"]]
        under = self.tool.harnessed(self.context.work, trusted)
        self._refuse(self._sight(sight) for sight in tree.foreign(under))
