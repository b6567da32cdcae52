"""The recorder: collects what monitors publish and writes the record file. It holds no opinion on anything."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pyuvm import uvm_component, uvm_subscriber

from verif.agents.channel.item import ChannelItem
from verif.agents.stepper.monitor import JobItem
from verif.base.config import BatchConfig
from verif.records.container import Table
from verif.records.record import SCHEMA, STATUS_NOT_RUN, Record


class _Inbox(uvm_subscriber):
    """Keeps every item that arrives, in order."""

    def __init__(self, name: str, parent: uvm_component) -> None:
        self.items: list[object] = []
        super().__init__(name, parent)

    def write(self, tt: object) -> None:
        self.items.append(tt)


class Recorder(uvm_component):
    """Subscribes to all monitors; the file is written in the report phase, when every monitor has delivered."""

    config: BatchConfig

    def build_phase(self) -> None:
        """One inbox for jobs, one for channels."""
        self.jobs = _Inbox("jobs", self)
        self.channels = _Inbox("channels", self)

    def report_phase(self) -> None:
        """Write the record."""
        Path(self.config.record_file).write_bytes(self.record().pack())

    def record(self) -> Record:
        """The record of everything that was delivered."""
        seen = {(item.sequence, item.channel): item for item in self.channels.items if isinstance(item, ChannelItem)}
        watch, cycles, words = self._beats(seen)
        return Record(
            head=self._head(seen),
            job=self._job_rows(),
            op=self.config.layer.operations(),
            watch=watch,
            beat=cycles.astype(SCHEMA["beat"]),
            word=words.astype(SCHEMA["word"]),
        )

    def _head(self, seen: dict[tuple[int, int], ChannelItem]) -> Table:
        head = np.zeros(1, SCHEMA["head"])
        head["stimulus"] = self.config.stimulus_digest.encode()
        head["powerup_seed"] = self.config.powerup_seed
        head["channels"] = len(self.config.layer.stimulus.channel)
        ran = {item.sequence for item in self.jobs.items if isinstance(item, JobItem)}
        channels = {channel for _sequence, channel in seen}
        head["monitors"] = sum(all((sequence, channel) in seen for sequence in ran) for channel in channels)
        return head

    def _job_rows(self) -> Table:
        stimulus = self.config.layer.stimulus
        rows = np.zeros(len(stimulus.job), SCHEMA["job"])
        rows["job"], rows["sequence"], rows["status"] = stimulus.job["job"], np.arange(len(rows)), STATUS_NOT_RUN
        for item in self.jobs.items:
            if isinstance(item, JobItem):
                rows[item.sequence] = item.row[0]
        return rows

    def _beats(self, seen: dict[tuple[int, int], ChannelItem]) -> tuple[Table, Table, Table]:
        """Job-major `watch` rows, and all beats' cycles and words in the same order."""
        stimulus = self.config.layer.stimulus
        watch = np.zeros(len(stimulus.job) * len(stimulus.channel), SCHEMA["watch"])
        cycles, words = [np.zeros(0, "<u8")], [np.zeros(0, "<u4")]
        beat_first = word_first = 0
        for row, key in enumerate(np.ndindex(len(stimulus.job), len(stimulus.channel))):
            if item := seen.get((key[0], key[1])):
                watch[row] = item.observation.watch[0]
                cycles.append(item.observation.cycles)
                words.append(item.observation.words.ravel())
            watch[row]["beat_first"], watch[row]["word_first"] = beat_first, word_first
            beat_first += len(cycles[-1]) if item else 0
            word_first += len(words[-1]) if item else 0
        return watch, np.concatenate(cycles), np.concatenate(words)
