"""An operation that parses and fits the pins, as the proposal: what a design computes no RTL says to a reader of ports."""

from __future__ import annotations

import keyword
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from verif.draft.model import Channel, Grouped, Pin
from verif.draft.page import Page, listed, quoted, table
from verif.draft.words import words_of

MOST_BITS = 64
_BYTE, _WORD = 8, 32
_RESERVED = {"K", "k", "i", "min", "max", "abs", "clip", "round", "sum", "relu", "lut", "fold", "bits", "pack", "pad", "any",
             "ceildiv", "clog2", "accsat", "outside", "param", "half_up", "half_even", "MAX", "ANY", "PAD"}  # fmt: skip
_WAITED = frozenset({"done", "irq", "interrupt", "intr", "finish", "finished", "complete", "completed", "eoc"})


@dataclass(frozen=True, slots=True)
class Tensor:
    """One data field as a tensor: `lanes` elements of `bits` in a beat."""

    name: str
    pin: Pin
    bits: int
    lanes: int
    signed: bool

    @property
    def text(self) -> str:
        """As the manifest writes it."""
        return f"{'i' if self.signed else 'u'}{self.bits}[K{f',{self.lanes}' if self.lanes > 1 else ''}]"

    @property
    def packer(self) -> str:
        """A beat of it, first lane least significant."""
        return f"pack({self.name}[k,i] for i in {self.lanes})" if self.lanes > 1 else f"pack({self.name}[k])"


def put_operation(page: Page, name: str, grouped: Grouped) -> None:
    """The questions about what is computed and how it crosses the pins, each with its proposal."""
    tensors = _tensors(grouped.channels)
    variables = _variables(grouped.configuration, {tensor.name for tensor in tensors.values()})
    results = [t for c in grouped.channels if c.dir == "out" for t in _of(c, tensors)]
    page.put("")
    page.propose("[[operation]]", f"id = {quoted(name)}")
    ranges = {"K": '"1..16"'} | {variable: quoted(_range(pin)) for variable, pin in variables.items()}
    page.ask("smallest", f"vars = {table(ranges)}")
    types = {tensor.name: quoted(tensor.text) for tensor in tensors.values()}
    lines = tuple(_math(grouped.channels, tensors, results))
    if not results:  # what a design computes has to be said even where no pin shows it
        hidden = _name("RESULT", {*types, *variables})
        types, lines = types | {hidden: quoted("i32[K]")}, (f"{hidden}[k] = 0",)
    page.ask("elements", f"tensors = {table(types)}")
    page.ask("math", f"math = {listed(lines)}")
    page.ask("rounding", f"overflow = {table({t.name: quoted('wrap') for t in results})}")
    page.ask("overlap", "overlap = false")
    page.ask("cycles", 'max_cycles = "1000 + 100*K"')
    _steps(page, grouped, variables)
    for channel in grouped.channels:
        _stream(page, channel, tensors)


def _of(channel: Channel, tensors: Mapping[str, Tensor]) -> list[Tensor]:
    return [tensors[pin.signal] for pin in channel.data.values()]


def _tensors(channels: Sequence[Channel]) -> dict[str, Tensor]:
    """Pin -> tensor, for every data field."""
    found: dict[str, Tensor] = {}
    used = set(_RESERVED)
    for channel in channels:
        for field, pin in channel.data.items():
            name = channel.id if len(channel.data) == 1 else f"{channel.id}_{field}"
            bits = _bits(pin)
            data = field == "data" or pin.signed
            tensor = Tensor(_name(name.upper()[:40], used), pin, bits, pin.width // bits, signed=data and bits > 1)
            used.add(tensor.name)
            found[pin.signal] = tensor
    return found


def _bits(pin: Pin) -> int:
    """Bits of an element: as declared; bytes in what is wider than a word; the whole pin otherwise."""
    if pin.lane and pin.lane <= MOST_BITS and pin.width % pin.lane == 0:
        return pin.lane
    if pin.width <= _WORD:
        return pin.width
    return _BYTE if pin.width % _BYTE == 0 else next(b for b in range(_WORD, 0, -1) if pin.width % b == 0)


def _name(wanted: str, used: set[str]) -> str:
    """An identifier that nothing else has and that means nothing in an expression."""
    made, count = wanted, 2
    while made in used or keyword.iskeyword(made.lower()) or made.lower() in {"true", "false", "none"}:
        made, count = f"{wanted}_{count}", count + 1
    return made


def _variables(pins: Sequence[Pin], taken: set[str]) -> dict[str, Pin]:
    """Variable -> the configuration pin that it is written to."""
    found: dict[str, Pin] = {}
    for pin in pins:
        name = _name("_".join(pin.name.lower().split("$"))[:40], {*found, *taken, *_RESERVED})
        found[name] = pin
    return found


def _range(pin: Pin) -> str:
    return f"0..{(1 << min(pin.width, _WORD - 1)) - 1}"


def _math(channels: Sequence[Channel], tensors: Mapping[str, Tensor], results: Sequence[Tensor]) -> Iterator[str]:
    """Each result repeats the first input: a line that parses, and that nobody can mistake for what a design does."""
    given = [tensor for channel in channels if channel.dir == "in" for tensor in _of(channel, tensors)]
    for result in results:
        left = f"{result.name}[k,i]" if result.lanes > 1 else f"{result.name}[k]"
        if not given:
            yield f"{left} = 0"
        elif given[0].lanes == 1:
            yield f"{left} = {given[0].name}[k]"
        else:
            lane = "0" if result.lanes == 1 else "i" if result.lanes == given[0].lanes else f"i % {given[0].lanes}"
            yield f"{left} = {given[0].name}[k,{lane}]"


def _steps(page: Page, grouped: Grouped, variables: Mapping[str, Pin]) -> None:
    """Configuration, start, all channels, the flag: as steps."""
    steps = []
    if variables:
        page.ask("sampled")
        sets = {pin.signal: quoted(variable) for variable, pin in variables.items()}
        steps.append(table({"set": table(sets), "until": quoted("next")}))
    steps += [table({"pulse": quoted(pin.signal)}) for pin in grouped.starts]
    steps.append(table({"run": listed(tuple(channel.id for channel in grouped.channels))}))
    flag = waited(grouped)
    if flag is not None:
        steps.append(table({"wait": quoted(event_id(flag))}))
    page.propose("steps = [", *(f"  {step}," for step in steps), "]")


def waited(grouped: Grouped) -> Pin | None:
    """The event that ends an operation, by its name; None where there is none."""
    return next((event for event in grouped.events if _WAITED & set(words_of(event.name))), None)


def event_id(pin: Pin) -> str:
    """The id of an event: its pin without the mark of direction."""
    name = pin.name.removesuffix("_o").removeprefix("o_").removeprefix("ap_").lower().replace("$", "_")
    return name[:60] or "event"


def _stream(page: Page, channel: Channel, tensors: Mapping[str, Tensor]) -> None:
    fields = {}
    for name, pin in channel.fields.items():
        if pin.signal in tensors:
            fields[name] = quoted(tensors[pin.signal].packer)
        else:
            fields[name] = quoted("k == K-1" if name == "last" and pin.width == 1 else f"pack(u1(1) for i in {pin.width})")
    page.put("")
    page.propose("[[operation.stream]]", f"channel = {quoted(channel.id)}")
    key = "order_in" if channel.dir == "in" else "order_out"
    page.ask(key, 'loops = ["k: K"]', f"fields = {table(fields)}", about=channel.id, channel=channel.id)
