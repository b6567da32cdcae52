"""CPU seconds of the golden model for one layer: `python tests/bench/golden.py` prints the median of five.

A depthwise and a pointwise layer of 24x24x64 with requantisation may take half a second.
"""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from verif.contract.model import Contract
from verif.contract.read import read_manifest
from verif.golden.evaluate import evaluate

MOST = 0.5
RUNS = 5


def layer(contract: Contract, rng: np.random.Generator) -> None:
    """Both operations, the second on what the first gives."""
    picture: Any = rng.integers(-128, 128, (24, 24, 64))
    for operation in contract.operations:
        inputs = {
            "X": picture,
            "W": rng.integers(-127, 128, (3, 3, 64) if operation.kind == "depthwise" else (64, 1, 1, 64)),
        }
        inputs |= {"B": rng.integers(-1000, 1000, 64), "mult": rng.integers(1 << 30, 1 << 31, 64)}
        picture = evaluate(contract, operation, {}, inputs | {"shift": rng.integers(36, 42, 64)})["Y"]


def seconds() -> float:
    """Median CPU time of a layer."""
    contract, found = read_manifest((Path(__file__).parent / "layer.toml").read_text())
    if contract is None:
        raise ValueError(found)
    taken = []
    for seed in range(RUNS):
        rng = np.random.default_rng(seed)
        start = time.process_time()
        layer(contract, rng)
        taken.append(time.process_time() - start)
    return statistics.median(taken)


if __name__ == "__main__":
    found = seconds()
    sys.stdout.write(f"golden depthwise + pointwise 24x24x64: {found:.3f} CPU s (median of {RUNS}, at most {MOST})\n")
    sys.exit(found > MOST)
