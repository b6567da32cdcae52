"""Single-edit variants of a contract: which operations tell them apart, and which of them a failing design agrees with."""
