"""Blobs are there whole or not at all, and only where a key of ours says."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from threading import Thread
from uuid import UUID

import pytest

from backend.core.errors import DomainError, Kind
from backend.core.ids import new_id
from backend.data.blobs import BlobNotFoundError, BlobStore, FolderBlobStore, blob_key


@pytest.fixture(params=["folder", "bucket"])
def either(request: pytest.FixtureRequest) -> BlobStore:
    """What every store does, each does."""
    found: BlobStore = request.getfixturevalue({"folder": "store", "bucket": "bucket"}[request.param])
    return found


@pytest.fixture
def store(tmp_path: Path) -> BlobStore:
    return FolderBlobStore(tmp_path / "blobs")


def files_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_what_is_put_can_be_got_until_it_is_deleted(either: BlobStore) -> None:
    store, key = either, blob_key("banda-aceh", new_id())
    assert not store.exists(key)
    store.put(key, b"\xff\xd8 picture", "image/jpeg")
    assert store.exists(key)
    assert store.get(key) == b"\xff\xd8 picture"
    store.put(key, b"newer", "image/jpeg")
    assert store.get(key) == b"newer"
    store.delete(key)
    assert not store.exists(key)
    with pytest.raises(BlobNotFoundError):
        store.get(key)
    store.delete(key)


def test_a_key_names_region_and_file_and_spreads_files_over_folders() -> None:
    file_id = UUID("0192f0c4-7a31-7c3e-9f10-2b6a5e8d4c7f")
    assert blob_key("banda-aceh", file_id) == f"banda-aceh/7f/{file_id}.jpg"
    assert blob_key("banda-aceh", file_id, "thumb.jpg") == f"banda-aceh/7f/{file_id}.thumb.jpg"
    assert len({blob_key("x", new_id()).split("/")[1] for _ in range(500)}) > 150


GOOD = "banda-aceh/7f/0192f0c4-7a31-7c3e-9f10-2b6a5e8d4c7f.jpg"


NOT_OURS = [
    "",
    "/etc/passwd",
    "../" + GOOD,
    "banda-aceh/../../" + GOOD,
    GOOD.replace("banda-aceh", ".."),
    GOOD.replace("7f/", "../"),
    GOOD.replace("7f/", "./"),
    GOOD + "/../../../x.jpg",
    GOOD + "\n",
    GOOD + "\0",
    GOOD.replace("/", "\\"),
    GOOD.replace("/", "//", 1),
    GOOD.replace("banda-aceh", "Banda-Aceh"),
    GOOD.replace("banda-aceh", "bandá"),
    GOOD.removesuffix(".jpg"),
    GOOD.replace(".jpg", "..jpg"),
    "banda-aceh/.incoming-x",
]


def test_a_key_that_is_not_ours_never_reaches_the_storage(either: BlobStore, tmp_path: Path) -> None:
    for key in NOT_OURS:
        asks = (lambda: either.put(key, b"x", "image/jpeg"), lambda: either.get(key), lambda: either.delete(key))  # noqa: B023 - as below
        for ask in (*asks, lambda: either.exists(key)):  # noqa: B023 - called here
            with pytest.raises(ValueError, match="no blob key"):
                ask()
    assert files_in(tmp_path) == []
    assert list(either.keys()) == []


def test_the_keys_come_in_their_order_and_nothing_that_is_none(store: BlobStore, bucket: BlobStore, tmp_path: Path) -> None:
    keys = [blob_key(region, new_id(), ending) for region in ("banda", "banda-aceh", "b") for ending in ("jpg", "thumb.jpg") * 3]
    for each in (store, bucket):
        for key in keys:
            each.put(key, b"x", "image/jpeg")
    (tmp_path / "blobs" / keys[0]).with_name(".incoming-x").write_bytes(b"half")
    assert list(store.keys()) == list(bucket.keys()) == sorted(keys)


def test_only_the_owner_can_read_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        FolderBlobStore(tmp_path / "blobs").put(GOOD, b"x", "image/jpeg")
    finally:
        os.umask(before)
    modes = {path.stat().st_mode & 0o777 for path in (tmp_path / "blobs").rglob("*") if path.is_dir()}
    assert modes | {(tmp_path / "blobs").stat().st_mode & 0o777} == {0o700}
    assert (tmp_path / "blobs" / GOOD).stat().st_mode & 0o777 == 0o600


def test_readers_see_one_whole_content_while_writers_replace_it(store: BlobStore) -> None:
    contents = [bytes([number]) * 300_000 for number in range(4)]
    store.put(GOOD, contents[0], "image/jpeg")
    writers = [Thread(target=lambda c=content: [store.put(GOOD, c, "image/jpeg") for _ in range(15)]) for content in contents]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        assert store.get(GOOD) in contents
    assert list(store.keys()) == [GOOD]


ENDLESS = """
import sys
from pathlib import Path
from backend.data.blobs import FolderBlobStore
store = FolderBlobStore(Path(sys.argv[1]))
print("writing", flush=True)
while True:
    for letter in b"ab":
        store.put(sys.argv[2], bytes([letter]) * 3_000_000, "image/jpeg")
"""


def test_a_killed_writer_leaves_the_old_or_the_new_but_never_a_half(store: BlobStore, tmp_path: Path) -> None:
    store.put(GOOD, b"a" * 3_000_000, "image/jpeg")
    for wait in (0.01, 0.03, 0.05):
        with subprocess.Popen([sys.executable, "-c", ENDLESS, tmp_path / "blobs", GOOD], stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            writer.stdout.readline()
            with pytest.raises(subprocess.TimeoutExpired):
                writer.wait(wait)
            writer.send_signal(signal.SIGKILL)
        assert store.get(GOOD) in {b"a" * 3_000_000, b"b" * 3_000_000}


FULL_DISK = """
import resource, sys
from pathlib import Path
from backend.core.errors import DomainError
from backend.data.blobs import FolderBlobStore
import signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
try:
    FolderBlobStore(Path(sys.argv[1])).put(sys.argv[2], bytes(2_000_000), "image/jpeg")
except DomainError as error:
    print(error.kind, error.code, error.retry_after)
"""


def test_a_storage_that_takes_no_more_says_so_and_keeps_nothing_of_it(store: BlobStore, tmp_path: Path) -> None:
    store.put(GOOD, b"old", "image/jpeg")
    ran = subprocess.run([sys.executable, "-c", FULL_DISK, tmp_path / "blobs", GOOD], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["unavailable", "files.storage_unavailable", "30"]
    assert files_in(tmp_path / "blobs") == [GOOD]
    assert store.get(GOOD) == b"old"


def test_a_storage_that_is_in_the_way_is_unavailable(tmp_path: Path) -> None:
    store = FolderBlobStore(tmp_path / "blobs")
    (tmp_path / "blobs" / "banda-aceh").write_text("a file where a folder should be")
    with pytest.raises(DomainError) as refused:
        store.put(GOOD, b"x", "image/jpeg")
    assert refused.value.kind is Kind.UNAVAILABLE
