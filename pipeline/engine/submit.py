"""Submit: keep the bytes, write the rows, and leave the rest to whoever works."""

from __future__ import annotations

from pipeline.domain.policy import POLICIES
from pipeline.domain.run import Run, StepSpec, Submission
from pipeline.engine.services import Services
from pipeline.engine.sweep import publish
from pipeline.errors import BrokerUnavailable, UsageError

FIRST = (StepSpec("intake"),)
LONGEST_NAME = 200


def submit(
    services: Services,
    tenant: str,
    archive: bytes,
    *,
    name: str,
    manifest: str = "assay.toml",
    policy: str = "core-1",
    epoch: int = 0,
) -> Run:
    """A new run of these bytes. It is safe in the store when this returns, also while the broker is gone.

    `name` is what people call the submission (a file name); `manifest` the manifest's path inside the archive. Raises
    UsageError U-903 for a policy that is not implemented.
    """
    if policy not in POLICIES:
        raise UsageError("U-903", policy=policy[:40], known=", ".join(sorted(POLICIES)))
    now = services.clock.now()
    digest = services.blobs(tenant).put(archive)
    submission = Submission(services.new_id(), tenant, name[:LONGEST_NAME], digest, manifest[:LONGEST_NAME], now)
    run = services.store.create(submission, Run(services.new_id(), tenant, submission.id, policy, epoch, now), FIRST)
    try_publish(services)
    return run


def try_publish(services: Services) -> bool:
    """Publish now rather than at the next sweep; False when the broker is away, which loses nothing."""
    try:
        publish(services)
    except BrokerUnavailable:
        return False
    return True
