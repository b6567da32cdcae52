"""How much one math line may ask for, so that nobody waits for minutes."""

from __future__ import annotations

MAX_TERMS = 1 << 22
"""Terms of one sum, all its different extents together; looking at more would take too long."""
MAX_WORK = 1 << 32
"""Terms of all elements of one math line; the golden model would compute for minutes."""
MAX_STEPS = 1 << 16
"""Terms of one `fold`, `accsat` or sum of reals, which are taken one after another."""
