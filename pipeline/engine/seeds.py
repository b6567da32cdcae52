"""The seed bank as a file, and how a seed is retired from it."""

from __future__ import annotations

from dataclasses import replace

from pipeline.domain.seed_bank import LONGEST_REASON, BankedSeed, read_seeds, write_seeds
from pipeline.engine.designs import known_design
from pipeline.engine.outcome import printable
from pipeline.engine.services import Services
from pipeline.errors import NotFoundError, UsageError
from verif.testplan.select import POWER_UP

_POWER_UP_SEEDS = range(1, 1 << 31)


def bank_of(services: Services, tenant: str, design: str) -> tuple[BankedSeed, ...]:
    """The design's bank, retired seeds too; NotFoundError U-941."""
    return tuple(services.store.nights.bank(tenant, known_design(services, tenant, design)))


def export_seeds(services: Services, tenant: str, design: str) -> str:
    """The design's bank as the text of a seed file."""
    return write_seeds(design, bank_of(services, tenant, design))


def import_seeds(services: Services, tenant: str, design: str, text: str) -> int:
    """Add the file's seeds to the bank and retire those that it gives a reason for; how many changed anything.

    Nothing is removed, and a retired seed stays retired. Raises UsageError U-944 for a file that is not whole.
    """
    name = known_design(services, tenant, design)
    try:
        seeds = read_seeds(text)
    except ValueError as error:
        raise UsageError("U-944", reason=printable(str(error))) from None
    if wrong := [item for item in seeds if item.testpoint == POWER_UP and item.seed not in _POWER_UP_SEEDS]:
        raise UsageError("U-944", reason=f"{POWER_UP}: 0x{wrong[0].seed:016x}")
    return services.store.nights.take_in(tenant, name, seeds)


def retire_seed(services: Services, tenant: str, design: str, testpoint: str, seed: int, reason: str) -> BankedSeed:
    """Replay it no more; it stays in the bank with the reason. NotFoundError U-946 when it is not there to be retired."""
    words = printable(reason).strip()[:LONGEST_REASON]
    if not words:
        raise UsageError("U-947")
    for item in bank_of(services, tenant, design):
        if (item.testpoint, item.seed) == (testpoint, seed) and not item.reason:
            retired = replace(item, reason=words)
            services.store.nights.take_in(tenant, design, (retired,))
            return retired
    raise NotFoundError("U-946", testpoint=testpoint[:40], seed=f"0x{seed:016x}", design=design)
