"""Values and rules: frozen, pure, no time, no randomness, no I/O."""
