"""Facts that were fitted to the RTL: each is one that the manifest states. What a manifest marks, every report says."""

from __future__ import annotations

from collections.abc import Iterator

from verif.contract.check_names import unknown
from verif.contract.diagnostic import Diagnostic
from verif.contract.model import Contract, Span


def facts(contract: Contract) -> Iterator[str]:
    """What may be marked: `channel.ID.delay`, `channel.ID.every`, `operation.ID.stream.N.loops` and `.fields.NAME`.

    N is the number of the stream in its operation, from 0.
    """
    for channel in contract.channels:
        yield from (f"channel.{channel.id}.{key}" for key in ("delay", "every") if getattr(channel, key) is not None)
    for operation in contract.operations:
        for number, stream in enumerate(operation.streams):
            name = f"operation.{operation.id}.stream.{number}"
            yield from ([f"{name}.loops"] if stream.loops else [])
            yield from (f"{name}.fields.{field}" for field in stream.fields)


def check_fitted(contract: Contract) -> Iterator[Diagnostic]:
    """Errors of the list."""
    known = tuple(facts(contract))
    for number, fact in enumerate(contract.fitted):
        if fact not in known:
            place = contract.places.get(f"contract.fitted.{number}", Span(1, 1))
            yield unknown("fitted fact", fact, place, known)
