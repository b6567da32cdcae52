"""A first manifest from the RTL alone: what can be known is written down, everything else becomes a numbered question."""
