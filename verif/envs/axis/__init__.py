"""The environment of the `axis` profile: a channel agent per stream and one stepper."""
