"""Rules of a handshake, from what the channel's watch marked.

AXI4-Stream: Arm IHI 0051B. 2.2.1: once TVALID is high it stays high, with its payload, until the handshake; a transmitter
does not wait for TREADY before it raises TVALID. 2.8.2: TVALID is low in reset and may rise only after an edge out of reset.
Other ready/valid outputs, and requests for a grant, follow the first rule when their manifest declares them stable.
"""

from __future__ import annotations

from collections.abc import Iterator

from verif.contract.model import Channel
from verif.judge.fault import Fault
from verif.judge.observed import Trace


def handshake(channel: Channel, trace: Trace) -> Iterator[Fault]:
    """Faults of an output channel's handshake: J-005 VALID fell, J-006 payload changed, J-007 VALID in or after reset."""
    watch = trace.watch
    if channel.stable and channel.handshake in {"ready_valid", "request_grant"}:
        kinds = [("J-005", "dropped"), *([] if channel.lag else [("J-006", "changed")])]  # fields that lag say nothing yet
        for rule, kind in kinds:
            count = int(watch[kind])
            if count:
                yield Fault(rule, {"channel": channel.id, "count": str(count), "cycle": str(int(watch[f"{kind}_at"]))})
    early = int(watch["in_reset"]), int(watch["after_reset"])
    if channel.protocol == "axi4stream" and any(early):
        yield Fault("J-007", {"channel": channel.id, "in_reset": str(early[0]), "after_reset": str(early[1])})
