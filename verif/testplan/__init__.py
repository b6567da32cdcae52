"""The standard testplan as data, and the plan computed from it for one design."""
