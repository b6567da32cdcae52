"""The design's pins inside the harness: a flat wire per port, unpacked arrays and interfaces around it, the instance.

A port named `p` has the wire `p_p`, a member of an interface port `m<number>_<member>`; both are packed vectors. Only
identifiers of the elaborated design reach the text, and integers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from verif.contract.model import Contract
from verif.contract.ports import Port, Ports
from verif.tb.drivers import clock_input


def wires(ports: Ports) -> dict[str, str]:
    """Port -> the name of its wire."""
    return {
        port.name: f"m{number}_{port.name.partition('.')[2]}" if port.interface else f"p_{port.name}"
        for number, port in enumerate(ports.values())
    }


def direct(contract: Contract, ports: Ports) -> dict[str, str]:
    """Whole ports that a clock drives -> the harness' clock: bound without a wire between, as simulators like it."""
    return {
        clock.port.value: clock_input(number)
        for number, clock in enumerate(contract.clocks)
        if not ports[clock.port.value].interface or ports[clock.port.value].header
    }


def declarations(contract: Contract, ports: Ports) -> Iterator[str]:
    """Wires of all ports but the clocks, and the arrays beside them."""
    bound, names = direct(contract, ports), wires(ports)
    for port in ports.values():
        if port.name in bound:
            continue
        yield f"  wire logic [{port.width - 1}:0] {names[port.name]};"
        if port.dims and not port.interface:
            dims = "".join(f"[{left}:{right}]" for left, right in port.dims)
            yield f"  {port.element} [{port.element_bits - 1}:0] u_{port.name} {dims};"


def design(contract: Contract, ports: Ports) -> Iterator[str]:
    """Interface instances, the design itself, and what connects them to the wires."""
    bound, names = direct(contract, ports), wires(ports)
    for instance, kind in interfaces(ports).items():
        header = [port for port in ports.values() if port.instance == instance and port.header]
        inside = ", ".join(f".{port.name.partition('.')[2]}({bound.get(port.name, names[port.name])})" for port in header)
        yield f"  {kind} i_{instance} ({inside});"
    for port in ports.values():
        if port.name not in bound and not port.header:
            yield from _connected(port, names[port.name])
    parameters = ", ".join(f".{name}({value})" for name, value in contract.design.parameters.items())
    yield f"  {contract.design.top} {f'#({parameters}) ' if parameters else ''}dut ("
    yield ",\n".join(f"    .{name}({pin})" for name, pin in _bindings(ports, bound, names).items())
    yield "  );"


def interfaces(ports: Ports) -> dict[str, str]:
    """Interface port -> its type, in the order of the ports."""
    return {port.instance: port.interface for port in ports.values() if port.interface}


def _bindings(ports: Ports, bound: Mapping[str, str], names: Mapping[str, str]) -> dict[str, str]:
    return {
        port.instance: f"i_{port.instance}"
        if port.interface
        else bound.get(port.name) or (f"u_{port.name}" if port.dims else names[port.name])
        for port in ports.values()
    }


def _connected(port: Port, wire: str) -> Iterator[str]:
    """Assignments between a wire and the array or the interface member that it stands for."""
    outer = f"i_{port.name}" if port.interface else f"u_{port.name}" if port.dims else ""
    for index, lsb in port.elements() if outer else ():
        inner = f"{wire}[{lsb + port.element_bits - 1}:{lsb}]"
        left, right = (f"{outer}{index}", inner) if port.dir == "in" else (inner, f"{outer}{index}")
        yield f"  assign {left} = {right};"
