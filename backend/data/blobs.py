"""Where bytes are kept that are no rows: pictures and their thumbnails, in a folder; `buckets` has the other place."""

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Protocol
from uuid import UUID

from backend.core.errors import DomainError, Kind

_KEY = re.compile(r"[a-z0-9][a-z0-9-]{0,62}/[0-9a-f]{2}/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(\.[a-z0-9]{1,16}){1,2}")


_INCOMING = ".incoming-"


class BlobNotFoundError(Exception):
    """Nothing is kept under this key."""


def blob_key(region_key: str, file_id: UUID, ending: str = "jpg") -> str:
    """Return `<region key>/<aa>/<file id>.<ending>`; `aa` is the id's random end, for its beginning is the time."""
    return f"{region_key}/{file_id.hex[-2:]}/{file_id}.{ending}"


class BlobStore(Protocol):
    """Keeps bytes under keys of the form that `blob_key` makes; any other key raises ValueError.

    Where the storage itself fails, each raises DomainError `files.storage_unavailable`.
    """

    def put(self, key: str, content: bytes, content_type: str, /) -> None:
        """Keep `content` durably: when this returns it survives a power cut. The same key again replaces it."""

    def get(self, key: str, /) -> bytes:
        """Return what is kept. Raises BlobNotFoundError."""

    def delete(self, key: str, /) -> None:
        """Forget it. A key that is not there is no error: deletions are retried."""

    def exists(self, key: str, /) -> bool:
        """Tell whether something is kept under the key."""

    def keys(self, region: str = "", /) -> Iterator[str]:
        """Return the key of everything that is kept, of one region if it is named, in their order.

        What comes or goes meanwhile may be among them.
        """

    def leftovers(self, region: str, /, *, before: datetime, remove: bool = False) -> list[str]:
        """Name what broken puts of a region left before that instant, and remove it if that is said."""


def is_blob_key(text: str) -> bool:
    """Tell whether `blob_key` could have made it."""
    return _KEY.fullmatch(text) is not None


def require_blob_key(key: str) -> str:
    """Return the key. Raises ValueError for any other than `blob_key` makes."""
    if not is_blob_key(key):
        raise ValueError(f"{key!r} is no blob key")
    return key


def storage_unavailable() -> DomainError:
    """Return the 503 of a storage that does not do what it should."""
    return DomainError(Kind.UNAVAILABLE, "files.storage_unavailable", retry_after=30)


@contextmanager
def _storage() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise storage_unavailable() from error


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_beside(path: Path, parts: Iterable[bytes], *, prefix: str) -> None:
    """Write a file for its owner alone: beside, synced, renamed. A reader sees all of it or nothing; a failure leaves nothing."""
    with NamedTemporaryFile(dir=path.parent, prefix=prefix, delete=False) as beside:  # made with 0600
        try:
            beside.writelines(parts)
            beside.flush()
            os.fsync(beside.fileno())
            Path(beside.name).replace(path)
        except BaseException:
            Path(beside.name).unlink(missing_ok=True)
            raise


class FolderBlobStore:
    """A BlobStore in a local folder that only its owner can read."""

    def __init__(self, root: Path) -> None:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._root = root

    def _path(self, key: str) -> Path:
        return self._root / require_blob_key(key)

    def put(self, key: str, content: bytes, _content_type: str, /) -> None:
        """Write beside, sync, rename: a reader sees all of it or nothing, also after a power cut."""
        path = self._path(key)
        with _storage():
            for folder in (path.parent.parent, path.parent):
                if not folder.is_dir():
                    folder.mkdir(mode=0o700, exist_ok=True)
                    _sync(folder.parent)
            write_beside(path, (content,), prefix=_INCOMING)
            _sync(path.parent)

    def get(self, key: str, /) -> bytes:
        """Return what is kept. Raises BlobNotFoundError."""
        path = self._path(key)
        with _storage():
            try:
                return path.read_bytes()
            except FileNotFoundError as error:
                raise BlobNotFoundError(key) from error

    def delete(self, key: str, /) -> None:
        """Forget it; durably, since an erasure is answered for."""
        path = self._path(key)
        with _storage(), suppress(FileNotFoundError):
            path.unlink()
            _sync(path.parent)

    def exists(self, key: str, /) -> bool:
        """Tell whether something is kept under the key."""
        path = self._path(key)
        with _storage():
            return path.is_file()

    def keys(self, region: str = "", /) -> Iterator[str]:
        """Return the key of everything that is kept, of one region if it is named, in their order."""
        with _storage():
            # By the slash too: `banda-aceh/` comes before `banda/`.
            for home in sorted(self._root.glob(region or "*"), key=lambda path: f"{path.name}/"):
                for folder in sorted(home.iterdir()):
                    keys = sorted(path.relative_to(self._root).as_posix() for path in folder.iterdir())
                    yield from filter(is_blob_key, keys)  # not what is being written

    def leftovers(self, region: str, /, *, before: datetime, remove: bool = False) -> list[str]:
        """Name the halves of files whose writer was killed, and remove them if that is said."""
        names = []
        with _storage():
            for path in sorted(self._root.glob(f"{region}/*/{_INCOMING}*")):
                with suppress(FileNotFoundError):  # it has come meanwhile
                    if path.stat().st_mtime < before.timestamp():
                        names.append(path.relative_to(self._root).as_posix())
                        if remove:
                            path.unlink()
        return names
