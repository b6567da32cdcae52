"""The channel agent: one handshaken stream, either direction."""
