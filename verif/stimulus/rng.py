"""Random generators, each named by what it is for. The same name gives the same numbers on every machine."""

from __future__ import annotations

import hashlib

import numpy as np


def generator(testpoint: str, seed: int, purpose: str) -> np.random.Generator:
    """A Philox generator keyed by SHA-256("<testpoint>|<seed>|<purpose>")."""
    key = hashlib.sha256(f"{testpoint}|{seed}|{purpose}".encode()).digest()[:16]
    return np.random.Generator(np.random.Philox(key=int.from_bytes(key, "little")))
