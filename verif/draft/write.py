"""The manifest of a design that was looked at: facts as they are, questions with proposals."""

from __future__ import annotations

from verif.draft.model import Bus, Channel, Grouped, Pin, Rtl, refuse
from verif.draft.page import Line, Page, listed, quoted, table
from verif.draft.propose import event_id, put_operation, waited

_BUS_NAMES = {"axi4lite": "AXI4-Lite", "axi4": "AXI4", "apb": "APB"}
_MAX_TIES = 200


def write(rtl: Rtl, grouped: Grouped) -> tuple[Line, ...]:
    """The page; raises DraftError N-111 without a clock, N-112 without a reset, N-113 without a channel."""
    if not rtl.clocks:
        raise refuse("N-111", top=rtl.top)
    if not rtl.resets:
        raise refuse("N-112", top=rtl.top)
    if not grouped.channels:
        names = ", ".join(f"{_BUS_NAMES[bus.kind]} {bus.prefix}*" for bus in grouped.buses)
        raise refuse("N-113", top=rtl.top, found=names or "-")
    page = Page()
    page.note("head", top=rtl.top)
    _design(page, rtl, grouped)
    _clocking(page, rtl)
    _constants(page, grouped)
    for event in grouped.events:
        page.put("", "[[event]]", f"id = {quoted(event_id(event))}", f"port = {quoted(event.signal)}")
    for channel in grouped.channels:
        _channel(page, channel, rtl, _origin(grouped, channel.dir))
    inout = tuple(pin for pin in rtl.pins if pin.dir == "inout")
    for key, pins in (("unobserved", grouped.unobserved), ("inout", inout)):
        if pins:
            page.put("")
            page.note(key, pins=_names(pins))
    put_operation(page, rtl.top, grouped)
    return tuple(page.lines)


def _names(pins: tuple[Pin, ...]) -> str:
    return ", ".join(pin.signal for pin in pins[:20]) + (", .." if len(pins) > 20 else "")  # noqa: PLR2004  a line of text


def profile(grouped: Grouped) -> str:
    """axis, cfu or vr, by the channels."""
    if any(channel.stream for channel in grouped.channels):
        return "axis"
    commands = [c for c in grouped.channels if c.dir == "in" and any("function" in name for name in c.fields)]
    return "cfu" if commands and any(channel.dir == "out" for channel in grouped.channels) else "vr"


def _design(page: Page, rtl: Rtl, grouped: Grouped) -> None:
    page.put("[contract]", 'version = "1.0"', f"profile = {quoted(profile(grouped))}", "", "[design]")
    page.put(f"name = {quoted(rtl.top)}")
    if len(rtl.tops) > 1:
        page.ask("top", f"top = {quoted(rtl.top)}", tops=", ".join(rtl.tops[:20]))
    else:
        page.put(f"top = {quoted(rtl.top)}")
    files = rtl.sources.files
    page.put("files = [", *(f"  {quoted(name)}," for name in files), "]") if len(files) > 1 else page.put(
        f"files = {listed(files)}"
    )
    if rtl.sources.include_dirs:
        page.put(f"include_dirs = {listed(rtl.sources.include_dirs)}")
    if rtl.sources.defines:
        page.put(f"defines = {table({name: quoted(text) for name, text in rtl.sources.defines.items()})}")
    if rtl.parameters:
        page.put(f"parameters = {table({name: str(value) for name, value in rtl.parameters.items()})}")
    if rtl.unwritable:
        page.note("parameters", names=", ".join(rtl.unwritable[:20]))


def _clocking(page: Page, rtl: Rtl) -> None:
    for clock in rtl.clocks:
        page.put("", "[[clock]]", f"port = {quoted(clock)}")
    for reset in rtl.resets:
        page.put("", "[[reset]]", f"port = {quoted(reset.pin)}")
        facts = (f"active = {reset.active}", f"async = {str(reset.asynchronous).lower()}")
        if reset.sure:
            page.put(*facts)
        else:
            page.ask("reset", *facts, about=reset.pin, pin=reset.pin)


def _constants(page: Page, grouped: Grouped) -> None:
    """Inputs that stand still: of test logic, and of buses that this release does not drive."""
    for pin in grouped.ties:
        page.put("", "[[tie]]", f"port = {quoted(pin.signal)}", "value = 0")
    for bus in grouped.buses:
        _bus(page, bus)


def _bus(page: Page, bus: Bus) -> None:
    page.put("")
    inputs = [pin for pin in bus.pins if pin.dir == "in"]
    name = f"{_BUS_NAMES[bus.kind]} {bus.prefix}*"
    lines = [line for pin in inputs for line in ("[[tie]]", f"port = {quoted(pin.signal)}", "value = 0")]
    page.ask("bus", *lines[:_MAX_TIES], about=name, bus=name, role=bus.role)


def _origin(grouped: Grouped, side: str) -> str:
    """What the beats of a channel without handshake are counted from: results from a flag, all else from a start."""
    flag = waited(grouped)
    if side == "out" and flag is not None:
        return event_id(flag)
    if grouped.starts:
        return grouped.starts[0].signal
    return next((f"{c.id}.last" for c in grouped.channels if c.dir == "in" and c.handshake != "fixed"), "")


def _channel(page: Page, channel: Channel, rtl: Rtl, origin: str) -> None:
    page.put("", "[[channel]]", f"id = {quoted(channel.id)}", f"dir = {quoted(channel.dir)}")
    page.put(f"handshake = {quoted(channel.handshake)}")
    for key, signal in (("valid", channel.valid), ("ready", channel.ready)):
        if signal:
            page.put(f"{key} = {quoted(signal)}")
    if channel.stream:
        page.put('protocol = "axi4stream"', f"roles = {table({role: quoted(name) for role, name in channel.roles.items()})}")
    page.put(f"fields = {table({name: quoted(pin.signal) for name, pin in channel.fields.items()})}")
    _asked(page, channel, rtl, origin)


def _asked(page: Page, channel: Channel, rtl: Rtl, origin: str) -> None:
    """What the pins of a channel do not show."""
    if len(rtl.clocks) > 1:
        page.ask("clock", f"clock = {quoted(rtl.clocks[0])}", clocks=", ".join(rtl.clocks[:8]))
    if channel.handshake == "fixed":
        counted = (f"from = {quoted(origin)}", 'delay = "1"', 'every = "1"')
        page.ask("latency", *counted, about=channel.id, channel=channel.id)
        return
    if channel.handshake == "ready_valid" and not channel.stream:
        page.ask("protocol", 'protocol = "none"')
    if channel.dir == "in":
        page.ask("gaps", "gaps = true")
        if channel.handshake == "ready_valid":
            page.ask("comb_ready", "comb_ready = false")
