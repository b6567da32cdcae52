"""The accelerator contract: reading, checking, and evaluating `assay.toml`."""
