"""Readings of a manifest that is there, tried against the RTL: loop orders, lane orders, delays. Fewer than a hundred."""
