"""Implementations of the ports: store, blobs, Redis, processes, sandbox, tools."""
