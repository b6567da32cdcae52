"""Checks of a contract's meaning that need no design: everything wrong, at once, before anything runs."""

from __future__ import annotations

from verif.contract.check_channels import check_channels
from verif.contract.check_claims import check_claims
from verif.contract.check_fitted import check_fitted
from verif.contract.check_names import check_contract_names
from verif.contract.check_numerics import check_numerics, check_order
from verif.contract.check_operation import check_operation_names
from verif.contract.check_overflow import check_overflow
from verif.contract.check_shapes import ShapeCheck, check_streams_exist
from verif.contract.check_times import check_step_order, check_times
from verif.contract.diagnostic import Diagnostic
from verif.contract.model import Contract, Operation


def check_contract(contract: Contract) -> list[Diagnostic]:
    """Errors and notes, in the order of the text; empty when the contract means something everywhere it was looked at.

    Shapes are checked only for operations whose names all resolve, because everything else would follow from those.
    """
    found = [*check_contract_names(contract), *check_channels(contract), *check_claims(contract), *check_numerics(contract)]
    found += check_fitted(contract)
    broken = any(diagnostic.severity == "error" for diagnostic in found)
    for operation in contract.operations:
        found += _operation(contract, operation, broken=broken)
    unique = {(d.rule, d.span.line, d.span.column, *sorted(d.args.items())): d for d in found}
    return sorted(unique.values(), key=lambda diagnostic: (diagnostic.span.line, diagnostic.span.column))


def _operation(contract: Contract, operation: Operation, *, broken: bool) -> list[Diagnostic]:
    found = [*check_operation_names(contract, operation), *check_step_order(operation), *check_order(contract, operation)]
    if broken or found:
        return found
    found = [*check_streams_exist(contract, operation), *ShapeCheck(contract, operation).run()]
    found = found or list(check_times(contract, operation))
    return found or list(check_overflow(contract, operation))
