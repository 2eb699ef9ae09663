"""The polygons of a region's areas, from a file on this machine: whichever process needs one first writes it, all read it.

The database has them. A copy of theirs costs no process memory, however many regions there are, and to look up one costs no
statement: what is asked for often, the kernel holds, once for all processes. A file never changes. Where it cannot be
written, and while a region moves, the database is asked for each polygon.
"""

import hashlib
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import orjson
import shapely
from sqlalchemy import Engine

from backend.core.geo import Codes, Polygons, Positions
from backend.core.logs import get_logger
from backend.data.blobs import write_beside

_GONE = shapely.to_wkb(shapely.Polygon())
_WANTED = (
    "SELECT a.code, a.boundary, r.areas_checksum FROM areas a JOIN regions r ON r.id = a.region_id"
    ' WHERE a.region_id = %s AND a.code = ANY(%s) AND a.boundary IS NOT NULL ORDER BY a.code COLLATE "C"'
)
_log = get_logger(__name__)


class _File(NamedTuple):
    """Polygons one after the other, behind a line that says how long each is."""

    path: Path
    starts: npt.NDArray[np.int64]  # of each polygon, and where the last one ends

    def read(self, positions: Sequence[int]) -> list[bytes]:
        handle = os.open(self.path, os.O_RDONLY)
        try:
            return [os.pread(handle, self.starts[at + 1] - self.starts[at], self.starts[at]) for at in positions]
        finally:
            os.close(handle)


class RegionPolygons:
    """The polygons of one region, by the positions of their areas among `codes`. Threads may share it.

    `checksum` is that of the areas as this process knows them: what the database has meanwhile drawn otherwise is not filed
    under it. Without a `folder` nothing is filed.
    """

    def __init__(self, engine: Engine, folder: Path | None, region_id: int, checksum: str, codes: Codes) -> None:
        self._engine = engine
        self._region_id = region_id
        self._checksum = checksum
        self._codes = codes
        self._folder = folder
        self._file: _File | None = None

    def take(self, positions: Positions) -> Polygons:
        """Return the polygons at these positions; an empty one for each that is gone from the database."""
        return np.asarray(shapely.from_wkb(self._boundaries(positions.tolist())), dtype=object)

    def _boundaries(self, positions: Sequence[int]) -> list[bytes]:
        if self._folder is not None:
            try:
                file = self._file
                if file is None:
                    path = self._path(self._folder)
                    file = self._file = self._opened(path) or self._written(path)
                if file is not None:
                    return file.read(positions)
            except FileNotFoundError:  # somebody has tidied up, or knows of a later state: it is written anew
                self._file = None
            except OSError as error:
                self._folder = None
                _log.warning("regions.polygons_not_filed", region=self._region_id, error=str(error))
        wanted = self._names(positions)
        drawn = {row.code: row.boundary for row in self._drawn(wanted)}
        return [drawn.get(code, _GONE) for code in wanted]

    def _names(self, positions: Sequence[int] | slice = slice(None)) -> list[str]:
        return [code.decode() for code in self._codes[positions].tolist()]

    def _drawn(self, codes: Sequence[str]) -> Sequence[Any]:
        with self._engine.connect() as connection:
            return connection.exec_driver_sql(_WANTED, (self._region_id, codes)).all()

    def _path(self, folder: Path) -> Path:
        said = "\0".join((self._checksum, *self._names()))
        return folder / f"{self._region_id}-{hashlib.sha256(said.encode()).hexdigest()[:32]}"

    def _opened(self, path: Path) -> _File | None:
        with suppress(FileNotFoundError, ValueError), path.open("rb") as file:
            first = file.readline()
            return _file(path, len(first), orjson.loads(first))
        return None

    def _written(self, path: Path) -> _File | None:
        codes = self._names()
        drawn = self._drawn(codes)
        if [row.code for row in drawn] != codes or drawn[0].areas_checksum != self._checksum:
            return None  # the region has moved, and this process will hear of it
        lengths = [len(row.boundary) for row in drawn]
        first = orjson.dumps(lengths, option=orjson.OPT_APPEND_NEWLINE)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_beside(path, (first, *(row.boundary for row in drawn)), prefix=".")
        for former in path.parent.glob(f"{self._region_id}-*"):
            if former != path:
                former.unlink(missing_ok=True)
        return _file(path, len(first), lengths)


def _file(path: Path, first: int, lengths: Sequence[int]) -> _File:
    return _File(path, np.cumsum([first, *lengths], dtype=np.int64))
