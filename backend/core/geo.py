"""Points on the earth, distances between them, and the lowest area that holds one.

Coordinates are WGS84 degrees, latitude first, as people say them; geometry (WKB, GeoJSON) has longitude first.
Distances are on a sphere: at most 0.6 % off the ellipsoid. Nothing here is meant for use across the 180th meridian.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import shapely

from backend.core.errors import invalid

EARTH_RADIUS_M = 6_371_008.8  # mean radius, IUGG
METRES_PER_DEGREE = math.radians(EARTH_RADIUS_M)
MAX_LAT, MAX_LNG = 90, 180
Codes = npt.NDArray[np.bytes_]
Boxes = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]
Polygons = npt.NDArray[Any]
NEAREST_M = 250  # how far outside its region a point may lie and still belong to the nearest area: GPS error and river banks


class Box(NamedTuple):
    """South, west, north and east bound in degrees."""

    south: float
    west: float
    north: float
    east: float

    def overlap(self, other: "Box") -> "Box | None":
        """Return what both boxes hold, or None when they are apart."""
        south, west = max(self.south, other.south), max(self.west, other.west)
        north, east = min(self.north, other.north), min(self.east, other.east)
        return Box(south, west, north, east) if south <= north and west <= east else None


class Hit(NamedTuple):
    """An area that holds a point, and whose it is."""

    region_id: int
    code: str


class AreaMatch(NamedTuple):
    """The area a point was given to, and why.

    `overlap`: several areas hold the point, `others` are those with a higher code. `nearest`: none does, the area is
    `distance_m` away; what is as near as that (to the centimetre) and has a higher code is in `others`.
    """

    code: str
    how: Literal["inside", "overlap", "nearest"]
    distance_m: float
    others: tuple[str, ...]


def is_point(lat: float, lng: float) -> bool:
    """Tell whether this is a point on the earth; (0, 0) is what devices without a fix send, so it is none."""
    return abs(lat) <= MAX_LAT and abs(lng) <= MAX_LNG and not lat == lng == 0  # NaN compares false


def check_point(lat: float, lng: float, *, field: str = "location") -> None:
    """Raise the 422 that names the faulty coordinate."""
    if is_point(lat, lng):
        return
    if lat == lng == 0:
        raise invalid(field, "location.no_fix")
    name, limit = (f"{field}.lng", MAX_LNG) if abs(lat) <= MAX_LAT else (f"{field}.lat", MAX_LAT)
    raise invalid(name, "location.out_of_range", minimum=-limit, maximum=limit)


def distance_m(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Return the great-circle distance of two (lat, lng) in metres (haversine)."""
    lat_a, lng_a, lat_b, lng_b = map(math.radians, (*a, *b))
    h = math.sin((lat_b - lat_a) / 2) ** 2 + math.cos(lat_a) * math.cos(lat_b) * math.sin((lng_b - lng_a) / 2) ** 2
    return 2 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(h)))


def bounding_box(near: tuple[float, float], radius_m: float) -> Box:
    """Return the box that holds every point within `radius_m` of `near`: for an index, before `distance_m` decides."""
    lat, lng = near
    angle = radius_m / EARTH_RADIUS_M
    high = math.degrees(angle)
    # The circle is widest not at its own latitude but a little polewards: hence asin, not division.
    ratio = math.sin(min(angle, math.pi / 2)) / max(math.cos(math.radians(lat)), 1e-12)
    wide = math.degrees(math.asin(ratio)) if ratio < 1 else 180.0
    return Box(max(lat - high, -MAX_LAT), max(lng - wide, -MAX_LNG), min(lat + high, MAX_LAT), min(lng + wide, MAX_LNG))


def _around(west: float, south: float, east: float, north: float) -> Box:
    corners = [bounding_box(corner, NEAREST_M) for corner in ((south, west), (north, east))]
    return Box(corners[0].south, min(c.west for c in corners), corners[1].north, max(c.east for c in corners))


class Coverage:
    """The lowest areas of one region by place. Threads may share it.

    `codes` (UTF-8) are in order, `boxes` are theirs (west, south, east, north); `polygons` returns those at the positions it
    is given. A box is looked at for each area, a polygon only where its box is near: none need be in memory before.
    """

    def __init__(self, codes: Codes, boxes: Boxes, polygons: Callable[[Positions], Polygons]) -> None:
        self._codes = codes
        self._boxes = boxes
        self._polygons = polygons  # not prepared: GEOS completes a prepared one while it is asked, and threads crashed

    @property
    def bounds(self) -> Box | None:
        """The box of all points that `find_area` gives to an area, or None where there are no areas."""
        if not len(self._boxes):
            return None
        return _around(*self._boxes[:, :2].min(axis=0), *self._boxes[:, 2:].max(axis=0))

    def _near(self, box: Box) -> Positions:
        west, south, east, north = self._boxes.T
        return np.flatnonzero((west <= box.east) & (south <= box.north) & (east >= box.west) & (north >= box.south))

    def holding(self, lat: float, lng: float) -> list[str]:
        """Return the codes of the areas that hold the point, in order."""
        near = self._near(Box(lat, lng, lat, lng))
        if not near.size:
            return []
        return self._named(near[shapely.intersects_xy(self._polygons(near), lng, lat)])

    def _named(self, positions: Positions) -> list[str]:
        return [code.decode() for code in self._codes[positions].tolist()]

    def find_area(self, lat: float, lng: float) -> AreaMatch | None:
        """Return the area that the point belongs to, or None if it is more than 250 m outside."""
        codes = self.holding(lat, lng)
        if codes:
            return AreaMatch(codes[0], "overlap" if len(codes) > 1 else "inside", 0.0, tuple(codes[1:]))
        return self._nearest(lat, lng)

    def _nearest(self, lat: float, lng: float) -> AreaMatch | None:
        near = self._near(bounding_box((lat, lng), NEAREST_M))
        if not near.size:
            return None
        # Metres round the point, east-west shrunk by the cosine of its latitude. Over 250 m at up to 60 degrees that
        # differs from the sphere by less than 2 cm.
        scale = METRES_PER_DEGREE * np.array([math.cos(math.radians(lat)), 1.0])
        local = shapely.transform(self._polygons(near), lambda lng_lat: (lng_lat - (lng, lat)) * scale)
        metres = np.nan_to_num(np.round(shapely.distance(local, shapely.Point(0, 0)), 2), nan=np.inf)  # an empty one is nowhere
        least = float(metres.min())
        if least > NEAREST_M:
            return None
        first, *others = self._named(near[metres == least])
        return AreaMatch(first, "nearest", least, tuple(others))


class AreaFinder(ABC):
    """The lowest areas of regions by place. A point on a border belongs to both sides."""

    @abstractmethod
    def coverage(self, region_id: int) -> Coverage | None:
        """Return the areas of this region, or None if it has none."""

    @abstractmethod
    def _regions_round(self, lat: float, lng: float) -> Iterable[int]:
        """Return the regions that may hold the point."""

    def bounds(self, region_id: int) -> Box | None:
        """Return the box of all points that `find_area` gives to an area of this region, or None if it has no areas."""
        covered = self.coverage(region_id)
        return covered.bounds if covered else None

    def locate(self, lat: float, lng: float) -> tuple[Hit, ...]:
        """Return every area of every region that holds the point, by code. Raises DomainError if it is no point."""
        check_point(lat, lng)
        covered = ((region_id, self.coverage(region_id)) for region_id in self._regions_round(lat, lng))
        hits = (Hit(region_id, code) for region_id, each in covered if each for code in each.holding(lat, lng))
        return tuple(sorted(hits, key=lambda hit: hit.code))

    def find_area(self, region_id: int, lat: float, lng: float) -> AreaMatch | None:
        """Return the area of this region that the point belongs to, or None if it is more than 250 m outside.

        Where polygons overlap (slivers on borders do, in open data) the lowest code wins: it stays the same when
        a pack brings better geometry. Raises DomainError if it is no point.
        """
        check_point(lat, lng)
        covered = self.coverage(region_id)
        return covered.find_area(lat, lng) if covered else None


class AreaIndex(AreaFinder):
    """Lowest areas that are all in memory: (region id, code, polygon as WKB with longitude first)."""

    def __init__(self, areas: Iterable[tuple[int, str, bytes]]) -> None:
        by_region: dict[int, list[tuple[bytes, bytes]]] = {}
        for region_id, code, boundary in areas:
            by_region.setdefault(region_id, []).append((code.encode(), boundary))
        self._coverages = {region_id: _covered(sorted(rows)) for region_id, rows in by_region.items()}

    def coverage(self, region_id: int) -> Coverage | None:
        """Return the areas of this region, or None if it has none."""
        return self._coverages.get(region_id)

    def _regions_round(self, lat: float, lng: float) -> Iterable[int]:
        here = Box(lat, lng, lat, lng)
        return [region_id for region_id, each in self._coverages.items() if each.bounds and each.bounds.overlap(here)]


def _covered(rows: Sequence[tuple[bytes, bytes]]) -> Coverage:
    shapes = np.asarray(shapely.from_wkb([boundary for _, boundary in rows]), dtype=object)
    return Coverage(np.array([code for code, _ in rows]), shapely.bounds(shapes), shapes.__getitem__)
