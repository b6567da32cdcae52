"""The operations under which readings are tried, and what each reading sends and expects: equal for both, equal readings."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from verif.contract.model import Contract
from verif.contract.nodes import ExprError
from verif.fit.search import Reading
from verif.judge.predict import predict
from verif.records.stimulus import SCHEMA, Stimulus
from verif.stimulus.encode import encode
from verif.stimulus.generate import job_values
from verif.stimulus.values import JobValues, StimulusError
from verif.testplan.plan import Batch, Job, Plan, development_seed

ALWAYS = ("FUN-01", "FUN-03", "FUN-31")
"""The smallest operation, coordinates in unequal shapes, and the smallest back to back."""
MORE, MOST_MORE = "FUN-04", 4
"""Random shapes, as long as readings are not told apart yet."""
POWER_UP_SEED = 1
_SENSELESS = (ExprError, StimulusError, OverflowError, ValueError)


@dataclass(frozen=True, slots=True)
class Work:
    """One job with its values, which are those of the manifest as it stands for every reading of it."""

    job: Job
    values: JobValues


@dataclass(frozen=True, slots=True)
class Classes:
    """`works` are the jobs. `first`: by reading, the first one that sends and expects the same; None: it means nothing."""

    works: tuple[Work, ...]
    first: tuple[int | None, ...]


def classes(readings: Sequence[Reading]) -> Classes:
    """Readings by what they send and expect; jobs are added until all differ or there are no more of them."""
    done: list[Work] = []
    digests: list[str | None] = [""] * len(readings)
    for work in works(readings[0].contract):
        enough = len(done) >= len(ALWAYS) and len(set(digests)) == len(digests)
        if enough:
            break
        done.append(work)
        digests = [_digest(one.contract, work, before) for one, before in zip(readings, digests, strict=True)]
    seen: dict[str, int] = {}
    first = tuple(None if digest is None else seen.setdefault(digest, at) for at, digest in enumerate(digests))
    return Classes(tuple(done), first)


def works(contract: Contract) -> Iterator[Work]:
    """Jobs that have an operation; a row that this contract gives nothing to do is left out."""
    asked = [(name, 0) for name in ALWAYS] + [(MORE, index) for index in range(MOST_MORE)]
    for name, index in asked:
        job = Job(name, development_seed(name, index))
        try:
            values = job_values(contract, job)
        except _SENSELESS:
            continue
        if values.operations:
            yield Work(job, values)


def _digest(contract: Contract, work: Work, before: str | None) -> str | None:
    """Of all jobs so far; None once the reading cannot be driven or has no answer."""
    if before is None:
        return None
    try:
        sent = sent_by(contract, work).pack()
        expected = predict(contract, work.values.operations)
    except _SENSELESS:
        return None
    parts = [one.tobytes() for channel in expected.values() for one in (channel.words, channel.care)]
    return hashlib.sha256(b"".join([before.encode(), sent, *parts])).hexdigest()


def sent_by(contract: Contract, work: Work) -> Stimulus:
    """The stimulus of one job under a reading."""
    plan = Plan("fit", "fit", "fit", 0, (), (Batch(0, (work.job,), (POWER_UP_SEED,)),))
    return encode(contract, plan, plan.batches[0], lambda _contract, _job: work.values)


def joined(parts: Sequence[Stimulus]) -> Stimulus:
    """One file with the jobs of all parts, which have the same channels, renumbered in their order."""
    tables = {name: np.concatenate([getattr(part, name) for part in parts]) for name in SCHEMA}
    for name, field, of in _OFFSETS:
        shifts = np.repeat(_starts([len(getattr(part, of)) for part in parts]), [len(getattr(part, name)) for part in parts])
        tables[name][field] += shifts.astype(tables[name][field].dtype)
    first = parts[0]
    return replace(Stimulus(**tables), head=first.head, channel=first.channel)


# table, field -> the table that the field counts rows of
_OFFSETS = (
    ("job", "job", "job"),
    ("job", "op_first", "op"),
    ("op", "op", "op"),
    ("op", "job", "job"),
    ("op", "step_first", "step"),
    ("step", "word_first", "word"),
    ("segment", "beat_first", "beat"),
    ("segment", "word_first", "word"),
)


def _starts(lengths: Sequence[int]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.cumsum([0, *lengths[:-1]])


def chunks(first: Sequence[int | None], most: int) -> tuple[tuple[int, ...], ...]:
    """Readings to be simulated, the first of each class, at most `most` to a file."""
    distinct = [at for at, one in enumerate(first) if one == at]
    bounds = [*range(0, len(distinct), most), len(distinct)]
    return tuple(tuple(distinct[start:stop]) for start, stop in pairwise(bounds))
