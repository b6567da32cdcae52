"""The judge: predicts with the golden models, compares with what the simulator recorded. Never in the simulator."""
