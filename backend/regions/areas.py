"""The areas of regions in the memory of a process: names and boxes of a region once it is asked for, polygons as they are.

Hundreds of regions have tens of thousands of areas. Their names stand in columns of bytes, not an object each, and a
polygon is read when a point lies in its box; a bounded number of bytes of those that were asked for last stays.
"""

import math
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from threading import Lock
from typing import Any

import numpy as np
import shapely
from sqlalchemy import Engine, func, select

from backend.core.geo import AreaFinder, Boxes, Codes, Coverage, Polygons, Positions
from backend.data.context import Area
from backend.regions.models import AreaRow

BUDGET_BYTES = 24 << 20  # of polygons, as WKB; those of a big city and its neighbours are less than two
_ABOUT_EACH = 400  # bytes that a polygon takes beside them
_GONE = shapely.to_wkb(shapely.Polygon())
_DRAWN_OF = (
    "SELECT a.code, a.boundary, r.areas_checksum FROM areas a JOIN regions r ON r.id = a.region_id"
    " WHERE a.region_id = %s AND a.code = ANY(%s) AND a.boundary IS NOT NULL"
)

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


class PolygonShelf:
    """The polygons that were asked for last, within a budget of bytes; the database has the others. Threads may share it."""

    def __init__(self, engine: Engine, budget: int = BUDGET_BYTES) -> None:
        self._engine = engine
        self._budget = budget
        self._held: OrderedDict[tuple[int, str, str], bytes] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()

    def take(self, region_id: int, checksum: str, codes: Sequence[str]) -> Polygons:
        """Return the polygons of these areas, in one statement if there is need of any; an empty one for each that is gone."""
        found: dict[str, bytes] = {}
        with self._lock:
            for code in codes:
                if boundary := self._held.get((region_id, checksum, code)):
                    self._held.move_to_end((region_id, checksum, code))
                    found[code] = boundary
        missing = [code for code in codes if code not in found]
        if missing:
            with self._engine.connect() as connection:
                read = connection.exec_driver_sql(_DRAWN_OF, (region_id, missing))
                drawn = list(read)
            found |= {row.code: row.boundary for row in drawn}
            with self._lock:
                for row in drawn:  # as what they are: the region may have moved since this process looked
                    self._keep((region_id, row.areas_checksum, row.code), row.boundary)
        return np.asarray(shapely.from_wkb([found.get(code, _GONE) for code in codes]), dtype=object)

    def _keep(self, key: tuple[int, str, str], boundary: bytes) -> None:
        if key not in self._held:
            self._bytes += len(boundary) + _ABOUT_EACH
        self._held[key] = boundary
        while self._bytes > self._budget:
            self._bytes -= len(self._held.popitem(last=False)[1]) + _ABOUT_EACH


class AreaBook:
    """The areas of one region by their codes; those that a decree has ended are known by name, and are on no map."""

    def __init__(self, rows: Iterable[Any], polygons: PolygonShelf, region_id: int, checksum: str) -> None:
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

        def draw(positions: Positions) -> Polygons:
            return polygons.take(region_id, checksum, [code.decode() for code in codes[positions].tolist()])

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

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._polygons = PolygonShelf(engine)
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
            held = self._books[region_id] = stand, AreaBook(rows, self._polygons, region_id, stand[1])
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
