"""Sequencer of a channel agent."""

from __future__ import annotations

from pyuvm import uvm_sequencer


class ChannelSequencer(uvm_sequencer):
    """Arbitrates the operations that sequences send to one channel."""
