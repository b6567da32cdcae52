"""What a sandboxed program leaves behind is read only when it is a plain file of its own; what is kept is checked."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pipeline.domain.canonical import sha256
from pipeline.stages.build import _from_cache
from pipeline.stages.outputs import plain, read_output


def test_a_plain_file_within_the_limit_is_read(tmp_path: Path) -> None:
    (tmp_path / "record").write_bytes(b"12345678")
    assert read_output(tmp_path, "record", 8) == b"12345678"
    assert read_output(tmp_path, "record", 7) is None
    assert read_output(tmp_path, "other", 8) is None


@pytest.mark.parametrize("make", [Path.hardlink_to, Path.symlink_to])
def test_a_link_to_a_file_of_somebody_else_is_not_read(tmp_path: Path, make: object) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "theirs").write_bytes(b"secret")
    assert callable(make)
    make(tmp_path / "out" / "record", tmp_path / "theirs")
    assert read_output(tmp_path / "out", "record", 100) is None


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "record")
    assert read_output(tmp_path, "record", 100) is None


def test_control_bytes_of_a_log_are_not_shown() -> None:
    assert plain(b"a\x1b[31mred\x00\n\tend", 100) == "a?[31mred?\n\tend"
    assert plain(b"0123456789", 4) == "6789"


def test_a_cached_model_that_changed_is_not_used(tmp_path: Path) -> None:
    model = b"an executable"
    (tmp_path / "key").write_bytes(sha256(model).encode() + model)
    assert _from_cache(tmp_path / "key") == model
    (tmp_path / "key").write_bytes(sha256(model).encode() + b"another one")
    assert _from_cache(tmp_path / "key") is None
    (tmp_path / "key").write_bytes(b"\xff" * 64 + model)
    assert _from_cache(tmp_path / "key") is None
