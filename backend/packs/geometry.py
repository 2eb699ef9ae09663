"""Polygons of a pack: read out of GeoJSON geometries, and looked at beside each other.

What a polygon is not is a fault. Where lowest areas overlap or leave gaps is a warning: open boundaries do so everywhere.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import orjson
import shapely

from backend.core.geo import MAX_LAT, MAX_LNG, METRES_PER_DEGREE
from backend.packs.faults import Faults, Place
from backend.packs.pack import AreaSpec

MAX_POINTS = 500_000  # of all polygons of a file: ten times what the densest of the shipped regions has
SMALLEST_M2 = 100  # of an overlap or gap worth a line: smaller is below what a telephone knows of its place
NAMED = 5  # overlaps told one by one
_WORK = 12_000_000  # that may go into comparing areas: about three seconds. Of one pair it is its points, and
_WORK_OF_A_PAIR, _WORK_OF_A_CROSSING = 200, 50  # what this adds for itself and each crossing of its edges
_MANY_EDGES = 250_000  # by as many: what a pair might take is estimated before it is taken
_SAMPLE = 50
_FAR = 1.0  # degrees from the other areas, where swapped axes are thought of
_POLYGONS = ("Polygon", "MultiPolygon")


def read_boundary(code: str, geometry: Any, place: Place, faults: Faults) -> bytes | None:
    """Return a geometry of GeoJSON as WKB, x the longitude; None where it is none or cannot be read. Faults are noted."""
    if geometry is None:
        return None
    kind = geometry.get("type") if isinstance(geometry, dict) else geometry
    if kind not in _POLYGONS:
        text = f"area {code}: its geometry is {kind!r:.60}: a Polygon or MultiPolygon is needed"
        faults.note(place, "boundary_unreadable", text)
        return None
    try:
        shape = shapely.force_2d(shapely.from_geojson(orjson.dumps(geometry)))
    except (shapely.errors.GEOSException, TypeError) as error:
        text = (
            f"area {code}: its geometry cannot be read ({str(error).strip():.120}): each ring needs 4 points [lng, lat] and ends"
        )
        faults.note(place, "boundary_unreadable", f"{text} where it began")
        return None
    if shape.is_empty:
        faults.note(place, "boundary_unreadable", f"area {code}: its {kind} is empty: draw it, or say null where it has none")
        return None
    west, south, east, north = shape.bounds
    latitude, longitude = max(abs(south), abs(north)), max(abs(west), abs(east))
    if latitude > MAX_LAT >= longitude:
        _note_swapped(code, f"latitude {latitude:g} is beyond {MAX_LAT}", place, faults)
    elif not (latitude <= MAX_LAT and longitude <= MAX_LNG):
        text = f"area {code}: {west:g}, {south:g} are not degrees: convert the coordinates to WGS84"
        faults.note(place, "not_degrees", text)
    elif not shape.is_valid:
        reason = shapely.is_valid_reason(shape)
        text = f"area {code}: its polygon is not valid ({reason}): mend it there"
        faults.note(place, "boundary_invalid", text)
    return shapely.to_wkb(shape)


def _note_swapped(code: str, why: str, place: Place, faults: Faults) -> None:
    faults.note(place, "axes_swapped", f"area {code}: {why}: the axes are swapped, GeoJSON says [lng, lat]")


def check_axes(boundaries: Iterable[tuple[str, bytes]], places: Mapping[str, Place], faults: Faults) -> None:
    """Note each area that lies far from most others, and among them once its axes are swapped."""
    found = [(code, shapely.from_wkb(boundary).bounds) for code, boundary in boundaries]
    if len(found) < 3:  # noqa: PLR2004 - two of them could not tell which of the two is right
        return
    centres = np.array([((west + east) / 2, (south + north) / 2) for _, (west, south, east, north) in found])
    middle = np.median(centres, axis=0)
    away = np.hypot(*(centres - middle).T)
    swapped = np.hypot(*(centres[:, ::-1] - middle).T)
    for (code, bounds), is_far in zip(found, (away > _FAR) & (swapped < away / 10), strict=True):
        if is_far and max(map(abs, (bounds[1], bounds[3]))) <= MAX_LAT:
            why = f"it lies at latitude {bounds[1]:g}, the others around {middle[1]:.1f}"
            _note_swapped(code, why, places[code], faults)


class Drawn(NamedTuple):
    """Shapes as an array, and the codes of their areas."""

    shapes: Any
    codes: Sequence[str]


class Overlap(NamedTuple):
    """What two areas share."""

    m2: float
    share: float  # of the smaller of the two
    first: str
    second: str


def check_overlaps(areas: Sequence[AreaSpec], places: Mapping[str, Place], faults: Faults) -> None:
    """Warn of overlaps and gaps between the lowest areas: the largest by name, the others counted."""
    lowest = sorted((area for area in areas if area.lowest and area.boundary), key=lambda area: area.code)
    shapes = np.array([shapely.from_wkb(area.boundary) for area in lowest], dtype=object)
    if not lowest or not shapely.is_valid(shapes).all():
        return  # told where it was read
    codes = [area.code for area in lowest]
    file = places[codes[0]].file
    _, south, _, north = shapely.total_bounds(shapes)
    m2 = _m2(south, north)
    overlaps, whole = _overlaps(Drawn(shapes, codes), m2)
    for each in overlaps[:NAMED]:
        text = f"areas {each.first} and {each.second} overlap by {each.m2:,.0f} m2 ({each.share:.2%} of the smaller)"
        faults.warn(places[each.first], "areas_overlap", f"{text}: the first takes what lies in both")
    if more := overlaps[NAMED:]:
        text = f"{len(overlaps)} pairs of areas overlap: the largest {NAMED} are named, the others have at most"
        text += f" {more[0].m2:,.0f} m2"
        faults.warn(Place(file, 1), "areas_overlap", text)
    if not whole:
        text = "the polygons have too many points to compare all of them: overlaps and gaps are not all told; simplify them"
        faults.warn(Place(file, 1), "areas_not_compared", text)
        return
    _warn_of_gaps(shapes, codes, places, m2, faults)


def find_overlaps(ones: Drawn, others: Drawn) -> tuple[list[Overlap], bool]:
    """Return what ones share with others, as far as it is worth a line, the largest first; and whether all were looked at."""
    _, south, _, north = shapely.total_bounds(ones.shapes)
    tree = shapely.STRtree(others.shapes)
    pairs = ((index, other) for index, shape in enumerate(ones.shapes) for other in np.sort(tree.query(shape)).tolist())
    return _shared(ones, others, pairs, _m2(south, north))


def _m2(south: float, north: float) -> float:
    """Return how many square metres a square degree has between two latitudes."""
    return METRES_PER_DEGREE**2 * math.cos(math.radians((south + north) / 2))


def _overlaps(drawn: Drawn, m2: float) -> tuple[list[Overlap], bool]:
    """Return what areas share with each other, as `find_overlaps` does."""
    tree = shapely.STRtree(drawn.shapes)
    near = ((index, np.sort(tree.query(shape)).tolist()) for index, shape in enumerate(drawn.shapes))
    return _shared(drawn, drawn, ((index, other) for index, others in near for other in others if other > index), m2)


def _shared(ones: Drawn, others: Drawn, pairs: Iterable[tuple[int, int]], m2: float) -> tuple[list[Overlap], bool]:
    points, others_points = (shapely.get_num_coordinates(drawn.shapes).tolist() for drawn in (ones, others))
    found: list[Overlap] = []
    left = _WORK
    for index, other in pairs:
        one, two = ones.shapes[index], others.shapes[other]
        edges = points[index] + others_points[other]
        left -= edges + _WORK_OF_A_PAIR
        if points[index] * others_points[other] > _MANY_EDGES and _WORK_OF_A_CROSSING * _crossings(one, two) > left:
            return _largest_first(found), False
        shared = one.intersection(two)
        crossings = max(shapely.get_num_coordinates(shared) - edges, 0)  # points that neither of the two has
        left -= _WORK_OF_A_CROSSING * crossings
        if left < 0:
            return _largest_first(found), False
        if shared.area * m2 >= SMALLEST_M2:
            found.append(Overlap(shared.area * m2, shared.area / min(one.area, two.area), ones.codes[index], others.codes[other]))
    return _largest_first(found), True


def _largest_first(overlaps: Sequence[Overlap]) -> list[Overlap]:
    return sorted(overlaps, key=lambda each: (-each.m2, each.first, each.second))


def _crossings(one: shapely.Geometry, other: shapely.Geometry) -> float:
    """Return how often the edges of two shapes may cross, by a sample: a comb laid over a comb takes hours."""
    edges, others = (np.stack([at[:-1], at[1:]], axis=1) for at in map(shapely.get_coordinates, (one, other)))
    sample = edges[np.random.default_rng(0).integers(0, len(edges), _SAMPLE)]  # not every n-th: combs repeat themselves
    tree = shapely.STRtree(shapely.linestrings(others))  # type: ignore[arg-type] # of an array they are an array
    return len(tree.query(shapely.linestrings(sample))[0]) / _SAMPLE * len(edges)


def _warn_of_gaps(shapes: Any, codes: Sequence[str], places: Mapping[str, Place], m2: float, faults: Faults) -> None:
    """Warn of what the lowest areas enclose and none of them holds."""
    parts = shapely.get_parts(shapely.union_all(shapes))
    holes = [shapely.Polygon(ring) for part in parts for ring in part.interiors]
    gaps = [hole for hole in holes if hole.area * m2 >= SMALLEST_M2]
    if gaps:
        largest = max(gaps, key=lambda gap: gap.area)
        code = codes[int(shapely.STRtree(shapes).nearest(largest))]
        at = largest.representative_point()
        text = f"gaps between areas: {len(gaps)}, {sum(gap.area for gap in gaps) * m2:,.0f} m2 together; the largest has"
        text += f" {largest.area * m2:,.0f} m2, beside {code} at latitude {at.y:.5f}, longitude {at.x:.5f}"
        faults.warn(places[code], "areas_apart", f"{text}: what lies in one goes to the nearest area")
