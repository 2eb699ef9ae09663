"""The areas of regions in the memory of a process: names and boxes of a region once it is asked for, no polygon.

Hundreds of regions have tens of thousands of areas. Their names stand in columns of bytes, not an object each, and a
polygon is read when a point lies in its box.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from sqlalchemy import Engine, func, select

from backend.core.geo import AreaFinder, Boxes, Codes, Coverage, Polygons, Positions
from backend.data.context import Area
from backend.regions.models import AreaRow
from backend.regions.polygons import RegionPolygons

Stand = tuple[int, str]  # a region's revision and the checksum of its areas

_NOWHERE, _ANYWHERE = (math.inf, math.inf, -math.inf, -math.inf), (-math.inf, -math.inf, math.inf, math.inf)
_BOX = (AreaRow.west, AreaRow.south, AreaRow.east, AreaRow.north)
_DRAWN = AreaRow.boundary.is_not(None)
_ON_THE_MAP = (AreaRow.lowest, AreaRow.ended_at.is_(None), _DRAWN)
_NAMED = select(
    AreaRow.code,
    AreaRow.name,
    AreaRow.kind,
    AreaRow.parent_code,
    AreaRow.lowest,
    AreaRow.ended_at,
    AreaRow.successors,
    _DRAWN.label("drawn"),
    *_BOX,
)
_EXTENTS = (
    select(
        AreaRow.region_id,
        func.min(AreaRow.west),
        func.min(AreaRow.south),
        func.max(AreaRow.east),
        func.max(AreaRow.north),
        func.bool_or(AreaRow.west.is_(None)),
    )
    .where(*_ON_THE_MAP)
    .group_by(AreaRow.region_id)
)


class AreaBook:
    """The areas of one region by their codes; those that a decree has ended are known by name, and are on no map."""

    def __init__(self, rows: Iterable[Any], polygons_of: Callable[[Codes], RegionPolygons]) -> None:
        in_order = sorted(rows, key=lambda row: row.code)
        self._codes = _column(row.code for row in in_order)
        self._names = _column(row.name for row in in_order)
        self._parents = _column(row.parent_code or "" for row in in_order)
        self._kinds = sorted({row.kind for row in in_order})
        self._kind = np.array([self._kinds.index(row.kind) for row in in_order], dtype=np.uint16)
        self._lowest = np.array([row.lowest for row in in_order], dtype=bool)
        self._ended = np.array([row.ended_at is not None for row in in_order], dtype=bool)
        self._successors = {row.code: tuple(row.successors) for row in in_order if row.successors}
        drawn = [row for row in in_order if row.lowest and row.drawn and row.ended_at is None]
        codes = _column(row.code for row in drawn)
        draw = polygons_of(codes).take
        self.coverage = Coverage(codes, _boxes(drawn, draw), draw) if drawn else None

    def _position(self, code: str) -> int | None:
        name = code.encode(errors="replace")
        at = int(np.searchsorted(self._codes, name))
        return at if at < len(self._codes) and self._codes[at] == name else None

    def _area(self, at: int) -> Area:
        code = self._codes[at].decode()
        return Area(
            code=code,
            name=self._names[at].decode(),
            kind=self._kinds[self._kind[at]],
            parent_code=self._parents[at].decode() or None,
            lowest=bool(self._lowest[at]),
            ended=bool(self._ended[at]),
            successors=self._successors.get(code, ()),
        )

    def find(self, code: str) -> Area | None:
        """Return the area of that code, also one that has ended."""
        at = self._position(code)
        return None if at is None else self._area(at)

    def in_use(self) -> list[Area]:
        """Return the areas that have not ended, by code."""
        return [self._area(at) for at in np.flatnonzero(~self._ended).tolist()]

    def chain(self, code: str) -> list[Area]:
        """Return the area of that code and its parents, lowest first."""
        found: list[Area] = []
        at = self.find(code)
        while at is not None and at not in found:
            found.append(at)
            at = self.find(at.parent_code) if at.parent_code else None
        return found

    def lowest_below(self, code: str) -> list[str]:
        """Return the codes of the lowest areas in the area of that code, itself included; none for an unknown one.

        One that has ended lies where those lie that follow it; where nobody does, where it lay.
        """
        if self._position(code) is None:
            return []
        inside = self._codes == code.encode()
        while (grown := inside | np.isin(self._parents, self._codes[inside])).sum() > inside.sum():
            inside = grown
        found = inside & self._lowest & ~self._ended
        for at in np.flatnonzero(self._lowest & self._ended).tolist():
            found[at] = self._lies_in(self._area(at), code, set())
        return [each.decode() for each in self._codes[found].tolist()]

    def _lies_in(self, area: Area, place: str, seen: set[str]) -> bool:
        if area.code == place or area.code in seen:
            return area.code == place
        seen.add(area.code)
        onward = area.successors if area.ended and area.successors else (area.parent_code or "",)
        return any(self._lies_in(each, place, seen) for each in map(self.find, onward) if each)


def _column(texts: Iterable[str]) -> Codes:
    return np.array([each.encode() for each in texts], dtype=np.bytes_)


def _boxes(drawn: Sequence[Any], draw: Callable[[Positions], Polygons]) -> Boxes:
    """Return the boxes of areas; where one was not written down yet, all are taken from the polygons."""
    if any(row.west is None for row in drawn):
        return np.asarray(shapely.bounds(draw(np.arange(len(drawn)))), dtype=np.float64)
    return np.array([(row.west, row.south, row.east, row.north) for row in drawn], dtype=np.float64)


class StoredAreas(AreaFinder):
    """The areas of every region, read when they are first asked for. Threads may share it."""

    def __init__(self, engine: Engine, folder: Path | None) -> None:
        self._engine = engine
        self._folder = folder  # of files of polygons
        self._stands: Mapping[int, Stand] = {}
        self._books: dict[int, tuple[Stand, AreaBook]] = {}
        self._extents: dict[int, tuple[Stand, Sequence[float]]] = {}

    def follow(self, stands: Mapping[int, Stand]) -> None:
        """Take in where the regions stand by now: what is known of others, or of earlier ones, is forgotten."""
        self._stands = stands
        for known in (self._books, self._extents):
            for region_id in [each for each in list(known) if not self._stands_at(known, each)]:
                known.pop(region_id, None)

    def _stands_at(self, known: Mapping[int, tuple[Stand, Any]], region_id: int) -> bool:
        held = known.get(region_id)
        return held is not None and held[0] == self._stands.get(region_id)

    def book(self, region_id: int) -> AreaBook:
        """Return the areas of a region by their codes; none for an unknown region."""
        stand = self._stands.get(region_id, (0, ""))
        held = self._books.get(region_id)
        if held is None or held[0] != stand:
            with self._engine.connect() as connection:
                rows = connection.execute(_NAMED.where(AreaRow.region_id == region_id)).all()
            polygons_of = partial(RegionPolygons, self._engine, self._folder, region_id, stand[1])
            held = self._books[region_id] = stand, AreaBook(rows, polygons_of)
        return held[1]

    def coverage(self, region_id: int) -> Coverage | None:
        """Return the areas of this region, or None if it has none."""
        return self.book(region_id).coverage

    def _regions_round(self, lat: float, lng: float) -> Iterable[int]:
        unknown = [region_id for region_id in self._stands if not self._stands_at(self._extents, region_id)]
        if unknown:
            self._measure(unknown)
        extents = list(self._extents.items())
        return [each for each, (_, (west, south, east, north)) in extents if west <= lng <= east and south <= lat <= north]

    def _measure(self, region_ids: Sequence[int]) -> None:
        stands = self._stands
        extents: dict[int, Sequence[float]] = dict.fromkeys(region_ids, _NOWHERE)
        with self._engine.connect() as connection:
            for region_id, *box, unmeasured in connection.execute(_EXTENTS.where(AreaRow.region_id.in_(region_ids))):
                extents[region_id] = _ANYWHERE if unmeasured else box
        self._extents |= {each: (stands[each], extent) for each, extent in extents.items() if each in stands}
