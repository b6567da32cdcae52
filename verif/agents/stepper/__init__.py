"""The stepper agent: reset, configuration pins, events and the steps of operations."""
