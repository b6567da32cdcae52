"""The accelerator contract as frozen values: what `assay.toml` says after it was read and checked.

Expression texts (`E`, `S`, `MATH`, `PACK` of the grammar) stay source text here together with where they stand; `expr`
parses them. Three primitives carry everything: channel, loop nest, math.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class Span:
    """Where a text stands in the manifest: line and column from 1, length in characters."""

    line: int
    column: int
    length: int = 1


@dataclass(frozen=True, slots=True)
class Text:
    """A source text with its place; `value` is what stands between the quotes, `span` is the place of exactly that.

    When a string holds escapes the two lengths differ, and an offset into `value` no longer is one into the file.
    """

    value: str
    span: Span


# Where the parts of a table stand: "roles.data" -> its value, "@roles.data" -> its key; list items by number.
Places = Mapping[str, Span]


@dataclass(frozen=True, slots=True)
class Design:
    """What is elaborated: top module, files in compile order (paths inside the submission), parameters."""

    name: str
    top: str
    files: tuple[str, ...]
    include_dirs: tuple[str, ...] = ()
    defines: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, int] = field(default_factory=dict)
    revision: str = ""


@dataclass(frozen=True, slots=True)
class Clock:
    """A clock input; period in picoseconds."""

    port: Text
    period_ps: int = 1000


@dataclass(frozen=True, slots=True)
class Reset:
    """A reset input; `active` is the asserting level (0 or 1), `min_cycles` the shortest legal assertion."""

    port: Text
    active: int = 0
    asynchronous: bool = True
    min_cycles: int = 2


@dataclass(frozen=True, slots=True)
class Tie:
    """An input port held at a constant."""

    port: Text
    value: int


@dataclass(frozen=True, slots=True)
class Event:
    """A latched observation of an output: `done`, `irq`; a wait consumes it."""

    id: str
    port: Text
    value: int = 1


@dataclass(frozen=True, slots=True)
class Channel:
    """Payload fields that move together under one handshake.

    `fields` maps a field name to its signal, in payload order, first field least significant. `roles` maps protocol roles
    (data, keep, strb, last, id, dest, user) to field names.

    request_grant: `valid` is the request, `ready` the grant; the beat crosses when both are high, and a grant is given only
    to a request that was seen. fixed: no handshake; beat i crosses `delay` + i * `every` cycles after the cycle in which
    `origin` came: an event, the first or last beat of a channel of the same operation (`id.first`, `id.last`), or the cycle
    in which the design first sees a pulsed signal. `lag`: the fields are valid that many cycles after the handshake.
    `match`: beats with different values of that field may come in any order.
    """

    id: str
    dir: Literal["in", "out"]
    handshake: Literal["ready_valid", "valid", "fixed", "request_grant"]
    valid: Text | None
    ready: Text | None
    fields: Mapping[str, Text]
    protocol: Literal["axi4stream", "none"] = "none"
    roles: Mapping[str, str] = field(default_factory=dict)
    comb_ready: bool = False
    gaps: bool = True
    idle: Literal["random", "0", "hold"] = "random"
    stable: bool = True
    clock: str = ""
    lag: int = 0
    match: str = ""
    origin: Text | None = None
    delay: Text | None = None
    every: Text | None = None
    span: Span = Span(1, 1)
    places: Places = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class TensorType:
    """Element type and symbolic shape: `i8[M,K]`, optionally `in lo..hi`; `text` is that text whole.

    A tensor of floats has a `form`, a name of `floats.FORMATS`; its elements travel, and are bounded, as unsigned patterns.
    """

    signed: bool
    bits: int
    shape: tuple[Text, ...]
    low: int
    high: int
    text: Text = Text("", Span(1, 1))
    form: str = ""


@dataclass(frozen=True, slots=True)
class Lut:
    """A constant table: its values, or `size` entries whose `value` is an expression in `i`."""

    values: tuple[int, ...] = ()
    size: Text | None = None
    value: Text | None = None
    span: Span = Span(1, 1)


@dataclass(frozen=True, slots=True)
class Extent:
    """What the extent of one axis of a tensor must be, by the operation's kind."""

    tensor: str
    axis: int
    wanted: Text


@dataclass(frozen=True, slots=True)
class Stream:
    """The order in which a tensor crosses a channel: loops (outermost first) and a packer per field."""

    channel: str
    loops: tuple[tuple[str, Text], ...]
    fields: Mapping[str, Text]
    partial: Literal["", "repeat"] = ""
    span: Span = Span(1, 1)
    places: Places = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of an operation's recipe. `kind` is the grammar's key: run, set, pulse, wait, idle, align, for.

    align waits until every beat that was offered so far has crossed. for repeats `inner` over `loops`, outermost first;
    `order` says whether the rounds may be taken in any order.
    """

    kind: str
    channels: tuple[str, ...] = ()
    sets: Mapping[str, Text] = field(default_factory=dict)
    until: Literal["", "done", "start", "next"] = ""
    signal: str = ""
    event: str = ""
    within: Text | None = None
    cycles: int = 0
    loops: tuple[tuple[str, Text], ...] = ()
    order: Literal["as_written", "any"] = "as_written"
    inner: tuple[Step, ...] = ()
    span: Span = Span(1, 1)
    places: Places = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing the accelerator computes: variables, tensors, math, and how its data crosses the pins.

    `kind` names what the math was expanded from, "" when it was written out; `extents` are what that kind asks of shapes.
    """

    id: str
    vars: Mapping[str, Text]
    tensors: Mapping[str, TensorType]
    math: tuple[Text, ...]
    overflow: Mapping[str, Literal["wrap", "saturate", "never"]]
    overlap: bool
    max_cycles: Text
    steps: tuple[Step, ...]
    streams: tuple[Stream, ...]
    where: Text | None = None
    kind: str = ""
    roles: Mapping[str, str] = field(default_factory=dict)
    attributes: Mapping[str, object] = field(default_factory=dict)
    extents: tuple[Extent, ...] = ()
    span: Span = Span(1, 1)
    places: Places = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class SelfTest:
    """The submitter's own cocotb tests: Python files, or a Makefile that names them, both paths inside the submission.

    `toplevel` is empty for the design's own top; `timeout_s` is what one test may take, in seconds of wall time.
    """

    modules: tuple[str, ...] = ()
    makefile: str = ""
    toplevel: str = ""
    timeout_s: int = 60


@dataclass(frozen=True, slots=True)
class Contract:
    """The whole manifest. `lets` are named integer expressions; `optional` keeps the optional sections by name.

    `places` holds the sections and, of [contract], [design], [selftest] and the optional ones, every key. `fitted` names the
    facts that were found by trying readings against the RTL: what the design does was taken for what it should do.
    """

    version: str
    profile: str
    design: Design
    lets: Mapping[str, Text]
    clocks: tuple[Clock, ...]
    resets: tuple[Reset, ...]
    ties: tuple[Tie, ...]
    events: tuple[Event, ...]
    channels: tuple[Channel, ...]
    operations: tuple[Operation, ...]
    optional: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    selftest: SelfTest | None = None
    luts: Mapping[str, Lut] = field(default_factory=dict)
    fitted: tuple[str, ...] = ()
    places: Places = field(default_factory=dict, compare=False, repr=False)
