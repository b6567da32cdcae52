from __future__ import annotations

import hashlib
import os
import resource
from pathlib import Path

import pytest

from pipeline.adapters.blob_store import BlobStore
from pipeline.errors import BlobError, InfrastructureError

DATA = b"some evidence"
DIGEST = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "blobs" / "tenant"


def place(root: Path) -> Path:
    return root / DIGEST[:2] / DIGEST


def reason(store: BlobStore, digest: str = DIGEST) -> str:
    with pytest.raises(BlobError) as caught:
        store.get(digest)
    assert caught.value.rule == "P-020"
    return caught.value.values["reason"]


def test_bytes_come_back_under_their_digest(root: Path) -> None:
    store = BlobStore(root)
    assert store.put(DATA) == DIGEST
    assert store.get(DIGEST) == DATA
    assert store.put(b"") == hashlib.sha256(b"").hexdigest()
    assert store.get(hashlib.sha256(b"").hexdigest()) == b""


def test_blobs_are_private_and_nothing_else_is_left(root: Path) -> None:
    BlobStore(root).put(DATA)
    assert [path for path in root.rglob("*") if path.is_file()] == [place(root)]
    assert place(root).stat().st_mode & 0o777 == 0o600
    assert place(root).parent.stat().st_mode & 0o777 == 0o700


def test_stored_again_it_is_not_written_again(root: Path) -> None:
    store = BlobStore(root)
    store.put(DATA)
    before = place(root).stat()
    store.put(DATA)
    assert (place(root).stat().st_ino, place(root).stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_flipped_bit_is_noticed_and_repaired(root: Path) -> None:
    store = BlobStore(root)
    store.put(DATA)
    place(root).write_bytes(DATA[:-1] + bytes([DATA[-1] ^ 1]))
    assert reason(store) == "the bytes changed"
    assert store.put(DATA) == DIGEST
    assert store.get(DIGEST) == DATA


def test_missing_and_truncated_bytes_are_noticed(root: Path) -> None:
    store = BlobStore(root)
    assert reason(store) == "No such file or directory"
    store.put(DATA)
    place(root).write_bytes(DATA[:4])
    assert reason(store) == "the bytes changed"


def test_a_link_is_refused_even_to_the_right_bytes(root: Path, tmp_path: Path) -> None:
    (tmp_path / "copy").write_bytes(DATA)
    place(root).parent.mkdir(parents=True)
    place(root).symlink_to(tmp_path / "copy")
    store = BlobStore(root)
    assert "symbolic links" in reason(store)
    store.put(DATA)
    assert not place(root).is_symlink()
    assert store.get(DIGEST) == DATA


def test_a_fifo_is_refused_without_waiting(root: Path) -> None:
    place(root).parent.mkdir(parents=True)
    os.mkfifo(place(root))
    assert reason(BlobStore(root)) == "Invalid argument"


@pytest.mark.parametrize("name", ["", "../../etc/passwd", DIGEST.upper(), DIGEST + "\n", "0" * 63, "/" + "0" * 63])
def test_what_is_no_digest_reaches_no_file(root: Path, name: str) -> None:
    assert reason(BlobStore(root), name) == "not a digest"


def test_tenants_do_not_see_each_other(tmp_path: Path) -> None:
    BlobStore(tmp_path / "one").put(DATA)
    assert reason(BlobStore(tmp_path / "two")) == "No such file or directory"


def test_a_disk_that_refuses_is_said_to(root: Path) -> None:
    root.parent.mkdir(parents=True)
    root.write_text("a file where the folder should be")
    with pytest.raises(InfrastructureError) as caught:
        BlobStore(root).put(DATA)
    assert (caught.value.rule, caught.value.values["reason"]) == ("P-021", "Not a directory")
    assert not isinstance(caught.value, BlobError)


def test_a_disk_that_fills_up_leaves_no_half_blob(root: Path) -> None:
    """A limit on file sizes stands in for the full disk: the write stops half-way."""
    root.mkdir(parents=True)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, before[1]))
    try:
        with pytest.raises(InfrastructureError) as caught:
            BlobStore(root).put(bytes(20_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert (caught.value.rule, caught.value.values["reason"]) == ("P-021", "File too large")
    assert [path for path in root.rglob("*") if path.is_file()] == []
