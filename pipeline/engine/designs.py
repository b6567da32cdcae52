"""Registered designs: submissions that are tested every night, until they are withdrawn."""

from __future__ import annotations

import re

from pipeline.domain.night import Design
from pipeline.domain.policy import POLICIES
from pipeline.engine.services import Services
from pipeline.engine.submit import LONGEST_NAME
from pipeline.errors import NotFoundError, UsageError

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")


def register(
    services: Services, tenant: str, archive: bytes, *, name: str, manifest: str = "assay.toml", policy: str = "core-1"
) -> Design:
    """Keep these bytes as the design `name`; a name that is taken gets a new revision. The next night tests it.

    Raises UsageError U-903 for a policy that is not implemented, U-940 for a name that could not be a file's.
    """
    if policy not in POLICIES:
        raise UsageError("U-903", policy=policy[:40], known=", ".join(sorted(POLICIES)))
    if not NAME.fullmatch(name):
        raise UsageError("U-940", name=name[:80])
    digest, now = services.blobs(tenant).put(archive), services.clock.now()
    return services.store.nights.register(Design(tenant, name, 0, digest, manifest[:LONGEST_NAME], policy, now))


def registered(services: Services, tenant: str) -> tuple[Design, ...]:
    """The designs that nights test, by name."""
    return tuple(design for design in services.store.nights.designs(tenant) if design.withdrawn_at is None)


def withdraw(services: Services, tenant: str, name: str) -> None:
    """Test it no more; its nights and seeds are kept. NotFoundError U-941 when no such design is registered."""
    if not services.store.nights.withdraw(tenant, name, services.clock.now()):
        raise NotFoundError("U-941", name=name[:80])


def known_design(services: Services, tenant: str, name: str) -> str:
    """The name, when it is or was a registered design's; NotFoundError U-941."""
    if name not in {design.name for design in services.store.nights.designs(tenant)}:
        raise NotFoundError("U-941", name=name[:80])
    return name
