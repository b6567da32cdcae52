"""The golden models: exact integer arithmetic, on the judge's side only."""
