"""pyuvm agents over transactors in the model. Loaded inside the simulator only."""
