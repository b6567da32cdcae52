"""Named kinds of operations: each expands to math lines, and everything after that sees ordinary math."""
