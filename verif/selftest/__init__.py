"""The submitter's own cocotb tests, read and never imported: what they are, what they check, what they were written for."""
