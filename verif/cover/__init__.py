"""Coverage of the design's source: the simulator's data read, merged over runs, and summed up per file and line."""
