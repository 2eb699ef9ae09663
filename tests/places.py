"""Telling places of the shipped regions, found in the polygons that they ship."""

import functools
import gzip
import json
import math
from pathlib import Path
from typing import Any

import shapely

import backend.packs
from backend.core.geo import METRES_PER_DEGREE

Place = dict[str, float]
_SHIPPED = Path(backend.packs.__file__).parent / "shipped"


def _place(point: shapely.Point) -> Place:
    return {"lat": point.y, "lng": point.x}


class Places:
    """The lowest areas of one region, and points in, between and beside them."""

    def __init__(self, features: list[dict[str, Any]]) -> None:
        parents = {feature["properties"]["parent_code"] for feature in features}
        lowest = [feature for feature in features if feature["properties"]["code"] not in parents and feature["geometry"]]
        self.codes = [feature["properties"]["code"] for feature in lowest]
        self._shapes = [shapely.geometry.shape(feature["geometry"]) for feature in lowest]
        self._tree = shapely.STRtree(self._shapes)

    def holding(self, place: Place) -> list[str]:
        """Return the codes of the areas that hold a place."""
        return sorted(self.codes[i] for i in self._tree.query(shapely.Point(place["lng"], place["lat"]), predicate="intersects"))

    @functools.cached_property
    def _whole(self) -> Any:
        return shapely.union_all(self._shapes)

    @functools.cached_property
    def inside(self) -> Place:
        """A place well inside one area."""
        area = max(self._shapes, key=lambda shape: shape.area)
        return _place(shapely.maximum_inscribed_circle(area, tolerance=1e-4).interpolate(0))

    @functools.cached_property
    def gap(self) -> Place:
        """A place in the widest gap between areas, which none of them holds."""
        parts = getattr(self._whole, "geoms", [self._whole])
        return _place(
            max(
                (shapely.Polygon(ring) for part in parts for ring in part.interiors), key=lambda gap: gap.area
            ).representative_point()
        )

    @functools.cached_property
    def overlap(self) -> Place:
        """A place that two areas hold."""
        pairs = self._tree.query(self._shapes, predicate="overlaps").T
        shared = (self._shapes[a] & self._shapes[b] for a, b in pairs if a < b)
        return _place(max(shared, key=lambda part: part.area).representative_point())

    def west_of_all(self, metres: float) -> Place:
        """A place so far outside: due west of the westernmost point, so that no other point is nearer."""
        lng, lat = min(shapely.get_coordinates(self._shapes).tolist())
        return {"lat": lat, "lng": lng - metres / (METRES_PER_DEGREE * math.cos(math.radians(lat)))}


@functools.cache
def shipped_places(region: str) -> Places:
    """Return the places of a shipped region."""
    packed, plain = (_SHIPPED / region / name for name in ("areas.geojson.gz", "areas.geojson"))
    content = gzip.decompress(packed.read_bytes()) if packed.exists() else plain.read_bytes()
    return Places(json.loads(content)["features"])
