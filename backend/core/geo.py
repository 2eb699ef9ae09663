"""Points on the earth, distances between them, and the lowest area that holds one.

Coordinates are WGS84 degrees, latitude first, as people say them; geometry (WKB, GeoJSON) has longitude first.
Distances are on a sphere: at most 0.6 % off the ellipsoid. Nothing here is meant for use across the 180th meridian.
"""

import math
from collections.abc import Iterable
from threading import Lock
from typing import Literal, NamedTuple

import numpy as np
import shapely

from backend.core.errors import invalid

EARTH_RADIUS_M = 6_371_008.8  # mean radius, IUGG
METRES_PER_DEGREE = math.radians(EARTH_RADIUS_M)
MAX_LAT, MAX_LNG = 90, 180
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


class AreaIndex:
    """The lowest areas of all regions of the installation, in memory. Threads may share it.

    `areas` are (region id, code, polygon as WKB with longitude first). A point on a border belongs to both sides.
    """

    def __init__(self, areas: Iterable[tuple[int, str, bytes]]) -> None:
        rows = sorted(areas, key=lambda row: row[1])  # the order of the codes is the order of every answer
        self._hits = [Hit(region_id, code) for region_id, code, _ in rows]
        self._shapes = np.asarray(shapely.from_wkb([wkb for _, _, wkb in rows]), dtype=object)
        self._tree = shapely.STRtree(self._shapes)
        shapely.prepare(self._shapes)
        owners = np.array([hit.region_id for hit in self._hits])
        self._bounds = {int(each): _around(*shapely.total_bounds(self._shapes[owners == each])) for each in np.unique(owners)}
        self._asking = Lock()  # GEOS completes a prepared polygon while it is asked, without one: threads crashed

    def __len__(self) -> int:
        return len(self._hits)

    def _holding(self, lat: float, lng: float) -> list[Hit]:
        check_point(lat, lng)
        near = self._tree.query(shapely.Point(lng, lat))
        if not near.size:
            return []
        near.sort()
        with self._asking:
            held = shapely.intersects_xy(self._shapes[near], lng, lat)
        return [self._hits[i] for i in near[held]]

    def bounds(self, region_id: int) -> Box | None:
        """Return the box of all points that `find_area` gives to an area of this region, or None if it has no areas."""
        return self._bounds.get(region_id)

    def locate(self, lat: float, lng: float) -> tuple[Hit, ...]:
        """Return every area of every region that holds the point, by code. Raises DomainError if it is no point."""
        return tuple(self._holding(lat, lng))

    def find_area(self, region_id: int, lat: float, lng: float) -> AreaMatch | None:
        """Return the area of this region that the point belongs to, or None if it is more than 250 m outside.

        Where polygons overlap (slivers on borders do, in open data) the lowest code wins: it stays the same when
        a pack brings better geometry. Raises DomainError if it is no point.
        """
        codes = [hit.code for hit in self._holding(lat, lng) if hit.region_id == region_id]
        if codes:
            return AreaMatch(codes[0], "overlap" if len(codes) > 1 else "inside", 0.0, tuple(codes[1:]))
        return self._nearest(region_id, lat, lng)

    def _nearest(self, region_id: int, lat: float, lng: float) -> AreaMatch | None:
        box = bounding_box((lat, lng), NEAREST_M)
        boxed = np.sort(self._tree.query(shapely.box(box.west, box.south, box.east, box.north)))
        near = [i for i in boxed if self._hits[i].region_id == region_id]
        if not near:
            return None
        # Metres round the point, east-west shrunk by the cosine of its latitude. Over 250 m at up to 60 degrees that
        # differs from the sphere by less than 2 cm.
        scale = METRES_PER_DEGREE * np.array([math.cos(math.radians(lat)), 1.0])
        local = shapely.transform(self._shapes[near], lambda lng_lat: (lng_lat - (lng, lat)) * scale)
        metres = np.round(shapely.distance(local, shapely.Point(0, 0)), 2)
        least = float(metres.min())
        if least > NEAREST_M:
            return None
        first, *others = [self._hits[i].code for i, far in zip(near, metres, strict=True) if far == least]
        return AreaMatch(first, "nearest", least, tuple(others))
