"""One operation while its kind is expanded: its tensors by role, its attributes, and the lines that come out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from verif.contract import faults
from verif.contract.diagnostic import Diagnostic
from verif.contract.floats import FORMATS
from verif.contract.interval import type_bounds
from verif.contract.kinds.names import KINDS, Kind
from verif.contract.model import Contract, Extent, Operation, Span, TensorType, Text
from verif.contract.nodes import ExprError
from verif.contract.numerics import Numerics, numerics_of
from verif.contract.syntax import parse_body, parse_expr

_ATOM = re.compile(r"[\w.]+|\w+\([^()]*\)|\w+\[[^\[\]]*\]")


class KindError(ValueError):
    """The kind cannot be expanded; holds what to say of it."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.rule)
        self.diagnostic = diagnostic


def grouped(text: str) -> str:
    """The expression in brackets, unless it is one thing."""
    return text if _ATOM.fullmatch(text) else f"({text})"


@dataclass(slots=True)
class Frame:
    """Collects lines, added tensors and wanted extents. Every reader raises KindError for what it cannot read."""

    contract: Contract
    operation: Operation
    math: list[str] = field(default_factory=list)
    tensors: dict[str, TensorType] = field(default_factory=dict)
    overflow: dict[str, Any] = field(default_factory=dict)
    extents: list[Extent] = field(default_factory=list)
    _taken: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.tensors, self.overflow = dict(self.operation.tensors), dict(self.operation.overflow)
        self._taken = {*self.tensors, *self.operation.vars, *self.contract.lets, *self.contract.luts}

    @property
    def numerics(self) -> Numerics:
        """[numerics] of the manifest."""
        return numerics_of(self.contract)

    @property
    def kind(self) -> Kind:
        """What the operation's kind has."""
        return KINDS[self.operation.kind]

    @property
    def span(self) -> Span:
        """Where the kind stands."""
        return self.operation.places.get("kind", self.operation.span)

    def fail(self, rule: str, place: str = "", **args: object) -> KindError:
        """The error, at an attribute or role of the operation when `place` names one."""
        span = self.operation.places.get(place) or self.operation.places.get(f"@{place}") or self.span
        return KindError(faults.diagnostic(rule, span, kind=self.operation.kind, **args))  # type: ignore[arg-type]

    def name(self, role: str) -> str:
        """The tensor that plays a role."""
        return self.operation.roles.get(role, role)

    def has(self, role: str) -> bool:
        """Whether a tensor plays an optional role; one that `roles` gives another role does not play its own name's too."""
        roles = self.operation.roles
        return self.name(role) in self.tensors and (role in roles or role not in roles.values())

    def type(self, role: str) -> TensorType:
        """The type of the tensor in a role."""
        return self.operation.tensors[self.name(role)]

    def rank(self, role: str, *ranks: int) -> int:
        """The number of dimensions, which must be one of `ranks`."""
        found = len(self.type(role).shape)
        if found not in ranks:
            expected = " or ".join(map(str, ranks))
            raise self.fail("E-MAN-126", f"tensors.{self.name(role)}", tensor=self.name(role), role=role,
                            expected=f"{expected} dimensions", got=f"{found}")  # fmt: skip
        return found

    def extent(self, role: str, axis: int) -> str:
        """The extent of an axis as text."""
        return grouped(self.type(role).shape[axis].value)

    def want(self, role: str, axis: int, text: str) -> None:
        """Ask that the extent of an axis be `text`."""
        self.extents.append(Extent(self.name(role), axis, self.checked(text)))

    def index(self, name: str) -> str:
        """A name for an index that nothing else has."""
        while name in self._taken:
            name += "_"
        self._taken.add(name)
        return name

    def indices(self, names: str | Sequence[str]) -> list[str]:
        """Several index names."""
        return [self.index(name) for name in names]

    def line(self, role: str, indices: Sequence[str], body: str) -> None:
        """Add a math line that assigns to the tensor in a role."""
        self.math.append(f"{self.name(role)}[{','.join(indices)}] = {body}")

    def add(self, name: str, kind: str, shape: tuple[Text, ...], overflow: str = "") -> str:
        """A tensor in between, of a type such as i32 or f64; gives its name."""
        name = self.index(name)
        real, signed = kind if kind in FORMATS else "", kind.startswith("i")
        bits = FORMATS[real].bits if real else int(kind[1:])
        low, high = type_bounds(bits, signed=signed)
        dims = ",".join(text.value for text in shape)
        self.tensors[name] = TensorType(signed, bits, shape, low, high, Text(f"{kind}[{dims}]", self.span), real)
        if overflow:
            self.overflow[name] = overflow
        return name

    def checked(self, text: str) -> Text:
        """The text as an expression of this kind's place."""
        try:
            parse_expr(text)
        except ExprError as error:
            raise KindError(faults.expression(error, Text(text, self.span))) from None
        return Text(text, self.span)

    def expression(self, name: str, default: str = "") -> str:
        """An attribute that is an expression, grouped; integers are too."""
        raw = self.operation.attributes.get(name, default)
        return self.text(name, raw)

    def text(self, name: str, raw: object) -> str:
        """One value of an attribute as an expression, grouped."""
        if isinstance(raw, bool) or not isinstance(raw, int | float | str):
            raise self.fail("E-MAN-124", f"attributes.{name}", attribute=name, expected="an expression")
        try:
            parse_body(str(raw))
        except ExprError as error:
            span = self.operation.places.get(f"attributes.{name}", self.span)
            raise KindError(faults.expression(error, Text(str(raw), span))) from None
        return grouped(str(raw))

    def pair(self, name: str, default: int | None = 1) -> tuple[str, str]:
        """An attribute for both axes of a picture: one expression, or a list of two."""
        raw = self.operation.attributes.get(name, default)
        both = raw if isinstance(raw, list) else [raw, raw]
        if len(both) != 2:  # noqa: PLR2004  height and width
            raise self.fail("E-MAN-124", f"attributes.{name}", attribute=name, expected="an expression or a list of two")
        return self.text(name, both[0]), self.text(name, both[1])

    def choice(self, name: str, *values: str) -> str:
        """An attribute that is one of some words; the first is the default."""
        raw = self.operation.attributes.get(name, values[0])
        if raw not in values:
            raise self.fail("E-MAN-124", f"attributes.{name}", attribute=name, expected=", ".join(values))
        return str(raw)

    def flag(self, name: str, *, default: bool = False) -> bool:
        """An attribute that is true or false."""
        raw = self.operation.attributes.get(name, default)
        if not isinstance(raw, bool):
            raise self.fail("E-MAN-124", f"attributes.{name}", attribute=name, expected="true or false")
        return raw

    def at(self, text: Text | None, channel: str, default: str = "") -> str:
        """A scale, shift or zero point: a tensor of rank 1 gives its element of the channel, anything else is itself."""
        if text is None:
            return default
        kind = self.operation.tensors.get(text.value)
        if kind is None or len(kind.shape) != 1:
            return grouped(text.value)
        return f"{text.value}[{'0' if kind.shape[0].value == '1' else channel}]"

    def shifted(self, role: str, element: str, channel: str) -> str:
        """An element without its zero point."""
        zero = self.at(self.numerics.requantize.get("zero_point", {}).get(role), channel, "0")
        return element if zero == "0" else f"({element} - {zero})"
