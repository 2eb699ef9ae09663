"""Made-up polygons of desa and kelurahan: a regency's true outline, cut into as many parts as the national codes name there.

No open polygons of most regions' desa exist. What is cut here is labelled `synthetic` and stands in for them in tests and
benchmarks.
"""

import functools
import gzip
import json
from pathlib import Path

import shapely

from backend.packs.national.codes import areas_below

_OUTLINES = Path(__file__).parent / "fixtures" / "regions" / "kabkota_514.geojson.gz"
_GRID = 5  # decimals of a cut's coordinate: as those of the outlines

Shape = shapely.Polygon | shapely.MultiPolygon


@functools.cache
def outlines() -> dict[str, Shape]:
    """Return the polygons of the 514 regencies and cities by their code."""
    features = json.loads(gzip.decompress(_OUTLINES.read_bytes()))["features"]
    return {each["properties"]["kode"]: shapely.geometry.shape(each["geometry"]) for each in features}


def subdivide(polygon: Shape, parts: int) -> list[Shape]:
    """Return so many parts that cover `polygon` and do not overlap; near each other in the list is near on the map.

    The polygon is halved across its longer side, again and again; parts are shared out by area. Cuts run along the axes, so
    that neighbours have exactly the same edge. A part may be several islands.
    """
    if parts == 1:
        return [polygon]
    west, south, east, north = polygon.bounds
    if east - west >= north - south:
        middle = _between(west, east)
        boxes = (shapely.box(west, south, middle, north), shapely.box(middle, south, east, north))
    else:
        middle = _between(south, north)
        boxes = (shapely.box(west, south, east, middle), shapely.box(west, middle, east, north))
    first, second = (_polygons(polygon.intersection(box)) for box in boxes)
    share = min(max(round(parts * first.area / polygon.area), 1), parts - 1)
    return [*subdivide(first, share), *subdivide(second, parts - share)]


def _between(low: float, high: float) -> float:
    middle = (low + high) / 2
    rounded = round(middle, _GRID)
    return rounded if low < rounded < high else middle


def _polygons(shape: shapely.Geometry) -> Shape:
    """Return the polygons alone: where an outline touches a cut, lines and points come with them."""
    if isinstance(shape, Shape):
        return shape
    return shapely.MultiPolygon([part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"])


def boundaries_for(code: str) -> str:
    """Return GeoJSON as a region may have it of its desa and kelurahan, one a line: `kode`, `nama` and `synthetic: true`."""
    lowest = [area for area in areas_below(code) if area.kind not in {"provinsi", "kabupaten", "kota", "kecamatan"}]
    shapes = subdivide(outlines()[code], len(lowest))
    features = [
        {
            "type": "Feature",
            "properties": {"kode": area.code, "nama": area.name, "synthetic": True},
            "geometry": json.loads(shapely.to_geojson(shape)),
        }
        for area, shape in zip(lowest, shapes, strict=True)
    ]
    lines = ",\n".join(json.dumps(feature, separators=(",", ":")) for feature in features)
    return f'{{"type":"FeatureCollection","features":[\n{lines}\n]}}\n'
