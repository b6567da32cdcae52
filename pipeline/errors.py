"""Errors that people meet: a rule id and its values. The texts live in the message catalogue, in both languages."""

from __future__ import annotations

from collections.abc import Mapping


class AssayError(Exception):
    """Something the user or the operator can act on. `rule` names the catalogue entry, `values` fill its placeholders."""

    exit_code = 3

    def __init__(self, rule: str, /, **values: object) -> None:
        """`values` become strings; they must not hold secrets, for they are printed and stored."""
        self.rule = rule
        self.values: Mapping[str, str] = {name: str(value) for name, value in values.items()}
        super().__init__(f"{rule} " + " ".join(f"{name}={value}" for name, value in self.values.items()))

    def diagnostics(self) -> tuple[tuple[str, Mapping[str, str]], ...]:
        """What to tell people: (rule id, values) in the order to print them."""
        return ((self.rule, self.values),)


class UsageError(AssayError):
    """The command, a setting or an argument is wrong; nothing was started. Exit code 2."""

    exit_code = 2


class NotFoundError(UsageError):
    """No such thing for this tenant; also said of things that belong to somebody else."""


class InfrastructureError(AssayError):
    """Our fault, never the design's: the step is BROKEN and tried again."""


class BlobError(InfrastructureError):
    """Stored bytes are missing, or no longer match their digest."""


class BrokerUnavailable(InfrastructureError):  # noqa: N818 - the name is part of the Dispatcher port
    """The message broker cannot be reached. Nothing is lost: the store is the truth and the sweep publishes again."""


class LeaseLost(InfrastructureError):  # noqa: N818 - an event in a worker's life, not a fault
    """Another worker owns the step now; what this one did is thrown away."""
