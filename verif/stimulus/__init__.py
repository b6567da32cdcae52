"""Stimulus: one generator family per testpoint family; (contract, testpoint, seed) -> operations and stalls.

Judge's side only: the simulator reads the finished file and knows no generator. Deterministic, without global state.
"""
