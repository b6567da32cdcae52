"""Variants of the math lines: rounding, activation, clip, overflow, sums one term short, signs, shifts, indices."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from verif.contract.check_overflow import check_overflow
from verif.contract.model import Contract, Operation, Text
from verif.contract.nodes import Assignment, ExprError, Node, walk
from verif.contract.rounding import ALIASES, MODES, canonical
from verif.contract.scope import constants, values_of
from verif.contract.syntax import parse_math
from verif.variants.edit import Draft, Edit, over, put_at, source, spliced, swapped, valued

_AS_HALF_UP = 31
"""Up to this shift the two-step roundings are one step: they differ from half up only beyond it."""
_ALWAYS_HALF_UP = frozenset({"pos_inf", "tflite_single"})
_SHORT_HALF_UP = frozenset({"tflite_double", "tosa_double"})
_PREFERRED = {name: alias for alias, name in ALIASES.items()}


@dataclass(frozen=True, slots=True)
class Line:
    """One math line of an operation, with what its texts may name."""

    contract: Contract
    operation: Operation
    number: int

    @property
    def text(self) -> Text:
        """As the manifest spells it."""
        return self.operation.math[self.number]

    @property
    def parsed(self) -> Assignment:
        """Its tree."""
        return parse_math(self.text.value)

    def draft(self, key: str, word: str, *edits: Edit, **args: str) -> Draft:
        """The variant with this line edited."""
        return self.changed(key, word, spliced(self.text, *edits), **args)

    def changed(self, key: str, word: str, text: Text, **args: str) -> Draft:
        """The variant with `text` in this place."""
        operation = replace(self.operation, math=put_at(self.operation.math, self.number, text))
        given = {"target": self.parsed.target, **args}
        return Draft(f"{self.parsed.target}.{key}", "math", word, given, operation, self.number)


def math_drafts(contract: Contract, operation: Operation) -> Iterator[Draft]:
    """Every variant of every math line, and of what happens when its result does not fit."""
    lines = [Line(contract, operation, number) for number in range(len(operation.math))]
    for make in (_roundings, _activations, _clips, _shifts, _signs, _sums, _paddings, _indices):
        for line in lines:
            yield from (draft for draft in make(line) if _parses(draft, line.number))
    yield from _overflows(contract, operation, lines)


def _parses(draft: Draft, number: int) -> bool:
    """An edit may make a line longer than the grammar allows."""
    if not isinstance(draft.changed, Operation):
        return False
    try:
        parse_math(draft.changed.math[number].value)
    except ExprError:
        return False
    return True


def _roundings(line: Line) -> Iterator[Draft]:
    for node in valued(line.parsed.body):
        if node.op in {"round", "divide"}:
            value, by = (source(line.text, arg) for arg in node.args)
            for mode in MODES:
                if mode != node.name:
                    edit = over(node, f"{node.op}({value}, {by}, {mode})")
                    shown = {"declared": _spelled(node.name), "other": _spelled(mode)}
                    draft = line.draft(f"round.{mode}", "variant_round", edit, **shown)
                    yield replace(draft, equal=_same_rounding(line, node, mode))


def _spelled(mode: str) -> str:
    return _PREFERRED.get(canonical(mode), mode)


def _same_rounding(line: Line, node: Node, mode: str) -> bool:
    """Whether the two names are one rounding for every legal shift."""
    names = {node.name, mode}
    if node.op == "divide":
        return False
    if names <= _ALWAYS_HALF_UP:
        return True
    return names <= _ALWAYS_HALF_UP | _SHORT_HALF_UP and _most(line, node.args[1]) <= _AS_HALF_UP


def _most(line: Line, node: Node) -> float:
    """The greatest value of a plain shift: a number, a variable or an element; unbounded for anything else."""
    if node.op == "num":
        return node.value
    if node.op == "index" and node.name in line.operation.tensors:
        return line.operation.tensors[node.name].high
    if node.op != "name" or node.name not in line.operation.vars:
        return float("inf")
    try:
        values = values_of(line.operation.vars[node.name].value, constants(line.contract))
    except ExprError:  # the range needs other variables
        return float("inf")
    return max(values[0], values[-1]) if isinstance(values, range) else max(values)


def _activations(line: Line) -> Iterator[Draft]:
    found = [node for node in valued(line.parsed.body) if node.op == "relu"]
    for node in found:
        yield line.draft("relu.removed", "variant_relu_removed", over(node, f"({source(line.text, node.args[0])})"))
    last = line.number == len(line.operation.math) - 1
    if not found and last and line.operation.tensors[line.parsed.target].signed:
        clips = [node for node in valued(line.parsed.body) if node.op == "call" and node.name == "clip"]
        inside = clips[0].args[0] if clips else line.parsed.body
        yield line.draft("relu.added", "variant_relu_added", over(inside, f"relu({source(line.text, inside)})"))


def _clips(line: Line) -> Iterator[Draft]:
    kind = line.operation.tensors[line.parsed.target]
    for node in valued(line.parsed.body):
        if node.op != "call" or node.name != "clip":
            continue
        value, low, high = (source(line.text, arg) for arg in node.args)
        yield line.draft("clip.removed", "variant_clip_removed", over(node, f"({value})"))
        if kind.signed:
            for side, bound, put, at in _bounds(low, high):
                yield line.draft(f"clip.{side}", "variant_clip_bound", over(node.args[at], put), declared=bound, other=put)


def _bounds(low: str, high: str) -> Iterator[tuple[str, str, str, int]]:
    """One more or one less than each bound; -128 becomes -127, the symmetric range."""
    yield "low.inside", low, _plus(low, 1), 1
    yield "low.outside", low, _plus(low, -1), 1
    yield "high.inside", high, _plus(high, -1), 2


def _plus(text: str, amount: int) -> str:
    bare = text.strip()
    if bare.removeprefix("-").isdigit():
        return str(int(bare) + amount)
    return f"{bare} {'+' if amount > 0 else '-'} {abs(amount)}"


def _shifts(line: Line) -> Iterator[Draft]:
    for node in valued(line.parsed.body):
        if node.op in {"round", ">>"}:
            shift = source(line.text, node.args[1])
            for word, put in (("variant_shift_more", f"({shift}) + 1"), ("variant_shift_less", f"max(({shift}) - 1, 0)")):
                edit = over(node.args[1], put if node.op == "round" else f"({put})")
                yield line.draft(word.removeprefix("variant_").replace("_", "."), word, edit, declared=shift)


def _signs(line: Line) -> Iterator[Draft]:
    for node in valued(line.parsed.body):
        if node.op in {"+", "-"}:
            left, right = (source(line.text, arg) for arg in node.args)
            other, word = ("-", "variant_minus") if node.op == "+" else ("+", "variant_plus")
            yield line.draft(word.removeprefix("variant_"), word, over(node, f"({left}) {other} ({right})"), part=right)


def _sums(line: Line) -> Iterator[Draft]:
    for node in valued(line.parsed.body):
        if node.op in {"sum", "accsat", "fold"}:
            for number, (name, extent) in enumerate(node.binders):
                short = over(extent, f"(({source(line.text, extent)}) - 1)")
                yield line.draft(f"{node.op}.{name}.last", "variant_sum_last", short, loop=name)
                if not any(inner.name == name for _, later in node.binders[number + 1 :] for inner in walk(later)):
                    moved = [over(use, f"({name}+1)") for use in _uses(node.args[-1], name)]
                    yield line.draft(f"{node.op}.{name}.first", "variant_sum_first", short, *moved, loop=name)


def _uses(node: Node, name: str) -> list[Node]:
    return [inner for inner in walk(node) if inner.op == "name" and inner.name == name]


def _paddings(line: Line) -> Iterator[Draft]:
    """What stands outside a tensor: zero where the contract names something else."""
    for node in valued(line.parsed.body):
        if node.op == "outside" and source(line.text, node.args[1]).strip() != "0":
            edit = over(node.args[1], "0")
            yield line.draft(
                "pad.zero", "variant_pad", edit, tensor=node.args[0].name, declared=source(line.text, node.args[1])
            )


def _indices(line: Line) -> Iterator[Draft]:
    for node in valued(line.parsed.body):
        if node.op == "index":
            for text, declared, other in exchanged(line.text, node):
                args = {"tensor": node.name, "declared": declared, "other": other}
                yield line.changed(f"index.{node.name}", "variant_index", text, **args)


def exchanged(text: Text, node: Node) -> Iterator[tuple[Text, str, str]]:
    """The text with two neighbouring indices of an element exchanged, the indices as they were, and as they become."""
    before = [source(text, arg) for arg in node.args]
    for place, (one, other) in enumerate(pairwise(node.args)):
        after = [*before[:place], before[place + 1], before[place], *before[place + 2 :]]
        if before != after:
            yield swapped(text, one, other), ", ".join(before), ", ".join(after)


def _overflows(contract: Contract, operation: Operation, lines: list[Line]) -> Iterator[Draft]:
    """Wrap for saturate and the other way round. Equal where bounds prove that nothing overflows."""
    targets = list(dict.fromkeys(line.parsed.target for line in lines))
    doubted = _doubted(contract, operation, targets)
    for target in targets:
        policy = operation.overflow.get(target, "wrap")
        if policy == "never" or operation.tensors[target].form:
            continue
        other: Literal["wrap", "saturate"] = "saturate" if policy == "wrap" else "wrap"
        word = "variant_saturate" if other == "saturate" else "variant_wrap"
        changed = replace(operation, overflow={**operation.overflow, target: other})
        first = next(line.number for line in lines if line.parsed.target == target)
        equal = doubted is not None and target not in doubted
        yield Draft(f"{target}.{other}", "math", word, {"target": target}, changed, first, equal)


def _doubted(contract: Contract, operation: Operation, targets: list[str]) -> set[str] | None:
    """Tensors that may overflow; None when bounds could not be computed."""
    found = list(check_overflow(contract, replace(operation, overflow=dict.fromkeys(targets, "never"))))
    return None if any(one.rule == "E-MAN-073" for one in found) else {one.args["tensor"] for one in found}
