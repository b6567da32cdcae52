"""Everything that lives beside the design: contract, golden models, stimulus, judge (pure) and the testbench (simulator)."""
