"""Polygons as people send them: what they are not is named with file and line; how they lie beside each other is told."""

import json
import math
import re
from collections.abc import Callable

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.packs.boundaries import read_areas
from backend.packs.faults import Fault, Faults
from backend.packs.geometry import MAX_POINTS, NAMED, check_overlaps
from tests.backend.packs.conftest import collection, feature, square
from tests.synthetic_areas import outlines, subdivide

FILE = "contoh/areas.geojson"
LINE = 3  # of the area that is spoilt


def read(*geometries: object, raw: str | None = None) -> Faults:
    """Read areas with those geometries, the first in LINE; `raw` is put in its place as it is."""
    features = [feature("99", "kota", None)]
    features += [feature(f"99.{number:02}", "desa", "99", each) for number, each in enumerate(geometries, start=1)]
    text = collection(features)
    if raw is not None:
        text = text.replace(json.dumps(geometries[0]), raw, 1)
    faults = Faults()
    areas, places = read_areas(text, FILE, faults)
    if not faults:
        check_overlaps(areas, places, faults)
    return faults


def polygon(*points: object) -> dict[str, object]:
    return {"type": "Polygon", "coordinates": [list(points)]}


def circle(points: int, west: float) -> dict[str, object]:
    angles = (2 * math.pi * number / points for number in range(points))
    ring = [[round(west + math.cos(angle) / 2, 7), round(-7 + math.sin(angle) / 2, 7)] for angle in angles]
    return polygon(*ring, ring[0])


NESTED = {"type": "GeometryCollection", "geometries": [{"type": "GeometryCollection", "geometries": [square(107, -7)]}]}


@pytest.mark.parametrize(
    ("geometry", "code"),
    [
        (polygon([107, -7], [107.1, -7], [107.1, -6.9]), "boundary_unreadable"),
        (polygon([107, -7], [107, -7]), "boundary_unreadable"),
        (polygon([107, -7], [107.1], [107.1, -6.9], [107, -7]), "boundary_unreadable"),
        (polygon([107, -7], ["107.1", -7], [107.1, -6.9], [107, -7]), "boundary_unreadable"),
        (polygon([107, -7], [None, -7], [107.1, -6.9], [107, -7]), "boundary_unreadable"),
        (polygon([107, -7], [10**30, -7], [107.1, -6.9], [107, -7]), "boundary_unreadable"),
        (polygon([107, -7], [1e300, -7], [107.1, -6.9], [107, -7]), "not_degrees"),
        (polygon([700_000, 9_200_000], [700_100, 9_200_000], [700_100, 9_200_100], [700_000, 9_200_000]), "not_degrees"),
        (polygon([-7, 107], [-7, 107.1], [-6.9, 107.1], [-7, 107]), "axes_swapped"),
        (polygon([107, -7], [107.1, -6.9], [107.1, -7], [107, -6.9], [107, -7]), "boundary_invalid"),
        ({"type": "MultiPolygon", "coordinates": [square(107, -7)["coordinates"]] * 2}, "boundary_invalid"),
        ({"type": "Polygon", "coordinates": []}, "boundary_unreadable"),
        ({"type": "Polygon", "coordinates": [[]]}, "boundary_unreadable"),
        ({"type": "Polygon"}, "boundary_unreadable"),
        ({"type": "Polygon", "coordinates": json.loads("[" * 300 + "]" * 300)}, "boundary_unreadable"),
        (NESTED, "boundary_unreadable"),
        ({"type": "GeometryCollection", "geometries": []}, "boundary_unreadable"),
        ({"type": ["Polygon"]}, "boundary_unreadable"),
        ("POLYGON ((107 -7))", "boundary_unreadable"),
        ([], "boundary_unreadable"),
    ],
)
def test_a_geometry_that_is_no_polygon_of_degrees_is_named_with_its_line(geometry: object, code: str) -> None:
    faults = read(geometry, square(107.2, -7))
    assert [fault[:3] for fault in faults] == [(FILE, LINE, f"packs.{code}")]
    assert "99.01" in faults[0].text


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_number_of_json_is_named_with_its_line(number: str) -> None:
    geometry = polygon([107, -7], [107.1, -7], [107.1, -6.9], [107, -7])
    faults = read(geometry, raw=json.dumps(geometry).replace("107.1", number, 1))
    assert [fault[:3] for fault in faults] == [(FILE, LINE, "packs.not_geojson")]
    assert number in faults[0].text


def test_a_million_points_are_refused_and_the_area_that_has_them_is_named() -> None:
    ring = ",".join(["[107.0,-7.0]"] * 1_000_000)
    faults = read(square(107, -7), square(107.2, -7), raw=f'{{"type": "Polygon", "coordinates": [[{ring}]]}}')
    assert [fault[:3] for fault in faults] == [(FILE, LINE, "packs.too_many_points")]
    assert "99.01" in faults[0].text


def test_as_many_points_as_are_allowed_are_read_and_compared() -> None:
    faults = read(circle(MAX_POINTS // 2 - 100, 107), circle(MAX_POINTS // 2 - 100, 107.3))
    assert faults == []
    assert [warning.code for warning in faults.warnings] == ["packs.areas_overlap"]


def test_ten_thousand_areas_on_top_of_each_other_are_not_all_compared_and_that_is_told() -> None:
    faults = read(*[square(107, -7)] * 10_000)
    assert faults == []
    assert "packs.areas_not_compared" in [warning.code for warning in faults.warnings]
    assert len(faults.warnings) == NAMED + 2


def comb(teeth: int, *, upright: bool) -> dict[str, object]:
    """Return a comb: two of them, one upright, cross as often as they have teeth, squared."""
    points = [(0.0, 0.0)]
    for tooth in range(teeth):
        points += [(tooth / teeth, 0.01), (tooth / teeth, 1.0), ((tooth + 0.5) / teeth, 1.0), ((tooth + 0.5) / teeth, 0.01)]
    points += [(1.0, 0.01), (1.0, 0.0), (0.0, 0.0)]
    return polygon(*[[107 + (x if upright else y), -7 + (y if upright else x)] for x, y in points])


@pytest.mark.parametrize("teeth", [400, 20_000])
def test_polygons_that_cross_more_often_than_can_be_followed_are_not_and_that_is_told(teeth: int) -> None:
    faults = read(comb(teeth, upright=True), comb(teeth, upright=False))
    assert faults == []
    assert [warning.code for warning in faults.warnings] == ["packs.areas_not_compared"]


def test_polygons_that_cross_many_times_are_compared_all_the_same() -> None:
    faults = read(comb(20, upright=True), comb(20, upright=False))
    assert "packs.areas_overlap" in [warning.code for warning in faults.warnings]


def test_swapped_axes_below_ninety_degrees_are_noticed_beside_the_other_areas() -> None:
    nairobi = [square(36.7 + step / 10, -1.4) for step in range(3)]
    swapped = polygon([-1.4, 36.7], [-1.4, 36.8], [-1.3, 36.8], [-1.4, 36.7])
    faults = read(swapped, *nairobi)
    assert [fault[:3] for fault in faults] == [(FILE, LINE, "packs.axes_swapped")]
    assert "[lng, lat]" in faults[0].text


def test_an_island_far_away_is_not_taken_for_swapped_axes() -> None:
    faults = read(square(39, -12), *[square(36.7 + step / 10, -1.4) for step in range(3)])
    assert faults == []


def warnings_of(*geometries: object) -> list[Fault]:
    faults = read(*geometries)
    assert faults == []
    return faults.warnings


def test_neighbours_that_share_an_edge_are_told_nothing() -> None:
    assert warnings_of(square(107, -7), square(107.1, -7), square(107, -6.9), square(107.1, -6.9)) == []


def test_an_overlap_is_told_with_both_areas_its_size_and_share() -> None:
    (warning,) = warnings_of(square(107, -7), square(107.09, -7))
    assert warning[:3] == (FILE, LINE, "packs.areas_overlap")
    size = 0.01 * 0.1 * 111_195**2 * 0.9927  # square degrees, metres of a degree, cosine of the latitude in the middle
    told = int(warning.text.split(" overlap by ")[1].split(" m2")[0].replace(",", ""))
    assert "99.01 and 99.02" in warning.text
    assert told == pytest.approx(size, rel=0.001)
    assert "10.00% of the smaller" in warning.text


def test_many_overlaps_are_counted_and_the_largest_named() -> None:
    rows = [square(107 + step * 0.099, -7 - step / 10_000) for step in range(12)]
    warnings = warnings_of(*rows)
    assert len(warnings) == NAMED + 1
    assert "11 pairs of areas overlap" in warnings[-1].text
    assert warnings[-1].line == 1


def test_a_gap_is_told_with_its_place_and_its_neighbour() -> None:
    ring = shapely.box(107, -7, 107.3, -6.7).difference(shapely.box(107.1, -6.9, 107.2, -6.8))
    halves = [json.loads(shapely.to_geojson(part)) for part in subdivide(ring, 2)]
    (warning,) = warnings_of(*halves)
    assert warning.code == "packs.areas_apart"
    assert "gaps between areas: 1, 122," in warning.text
    latitude, longitude = re.findall(r"(?:latitude|longitude) (-?[0-9.]+)", warning.text)
    assert -6.9 < float(latitude) < -6.8
    assert 107.1 < float(longitude) < 107.2


def test_a_regency_cut_up_has_neither_overlaps_nor_gaps_and_is_whole() -> None:
    outline = outlines()["11.05"]
    parts = subdivide(outline, 322)
    assert len(parts) == 322
    assert all(part.is_valid and not part.is_empty for part in parts)
    assert shapely.union_all(parts).symmetric_difference(outline).area < 1e-9
    assert warnings_of(*[json.loads(shapely.to_geojson(part)) for part in parts]) == []


_numbers = st.one_of(st.floats(), st.integers(), st.sampled_from([0, 107, -7, 90, 180, 1e308]))
_anything = st.recursive(
    st.one_of(st.none(), st.booleans(), _numbers, st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=5), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=20,
)
_rings = st.lists(st.lists(st.lists(_numbers, min_size=1, max_size=3), max_size=6), max_size=3)
_coordinates = st.one_of(_anything, _rings, st.lists(_rings, max_size=3))


@given(kind=st.sampled_from(["Polygon", "MultiPolygon", "Point"]), coordinates=_coordinates)
@settings(max_examples=300, deadline=None)
def test_whatever_coordinates_say_is_read_or_named(kind: str, coordinates: object) -> None:
    text = collection([feature("99", "kota", None), feature("99.01", "desa", "99", {"type": kind, "coordinates": coordinates})])
    faults = Faults()
    read_areas(text, FILE, faults)
    assert {fault.line for fault in faults} <= {1, LINE}


def _in_one_line(text: str) -> str:
    return text.replace("\n", " ")


def _pretty(text: str) -> str:
    return json.dumps(json.loads(text), indent=2)


@pytest.mark.parametrize(("form", "line"), [(str, 4), (_in_one_line, 1), (_pretty, 51)])
def test_an_area_without_code_is_found_however_the_file_is_laid_out(form: Callable[[str], str], line: int) -> None:
    text = form(
        collection([feature("99", "kota", None), feature("99.01", "desa", "99", square(107, -7)), feature(None, "desa", "99")])
    )
    faults = Faults()
    read_areas(text, FILE, faults)
    assert [fault[1:3] for fault in faults] == [(line, "packs.polygon_without_code")]
