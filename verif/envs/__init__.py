"""pyuvm environments, one per profile. Loaded inside the simulator only."""
