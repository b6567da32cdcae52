"""Waveforms: a reader of the simulator's VCD files, and the few cycles of one that show a failure."""
