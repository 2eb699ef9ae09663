"""Points are given to the right area, or to none, and the answer says why."""

import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from backend.core.errors import DomainError
from backend.core.geo import (
    AreaIndex,
    Box,
    Coverage,
    Hit,
    Polygons,
    Positions,
    bounding_box,
    check_point,
    distance_m,
    is_point,
)

CITY, REGENCY = 1, 2
METRE = 1 / 111_195  # a degree of latitude
LATS, LNGS = st.floats(-89, 89), st.floats(-179, 179)


def box(west: float, south: float, east: float, north: float) -> bytes:
    return shapely.to_wkb(shapely.box(west, south, east, north))


@pytest.fixture(scope="module")
def index() -> AreaIndex:
    """Two areas of a city side by side with a sliver of overlap, a third across a gap of 100 m, a regency to the east."""
    return AreaIndex(
        [
            (CITY, "11.71.01.2002", box(95.31, 5.50, 95.3202, 5.52)),
            (CITY, "11.71.01.2001", box(95.32, 5.50, 95.33, 5.52)),
            (CITY, "11.71.02.2001", box(95.31, 5.52 + 100 * METRE, 95.33, 5.54)),
            (REGENCY, "11.06.01.2001", box(95.33, 5.50, 95.40, 5.54)),
        ]
    )


def test_a_point_inside_one_area_belongs_to_it(index: AreaIndex) -> None:
    assert index.find_area(CITY, 5.51, 95.325) == ("11.71.01.2001", "inside", 0.0, ())


def test_a_point_in_an_overlap_goes_to_the_lowest_code_and_names_the_others(index: AreaIndex) -> None:
    assert index.find_area(CITY, 5.51, 95.3201) == ("11.71.01.2001", "overlap", 0.0, ("11.71.01.2002",))


def test_the_answer_does_not_depend_on_the_order_of_the_areas() -> None:
    rows = [(CITY, f"11.71.01.{number}", box(95.31, 5.5, 95.32, 5.51)) for number in range(2001, 2009)]
    others = tuple(f"11.71.01.{number}" for number in range(2002, 2009))
    for order in (rows, rows[::-1], rows[5:] + rows[:5]):
        assert AreaIndex(order).find_area(CITY, 5.505, 95.315) == ("11.71.01.2001", "overlap", 0.0, others)


def test_a_point_in_a_gap_goes_to_the_nearest_area_with_its_distance(index: AreaIndex) -> None:
    match = index.find_area(CITY, 5.52 + 30 * METRE, 95.325)
    assert match is not None
    assert (match.code, match.how, match.others) == ("11.71.01.2001", "nearest", ())
    assert match.distance_m == pytest.approx(30, abs=0.1)


def test_a_regions_bounds_hold_what_is_given_to_its_areas_and_meet_only_boxes_that_touch_them(index: AreaIndex) -> None:
    bounds = index.bounds(CITY)
    assert bounds is not None
    assert index.find_area(CITY, 5.50 - 249 * METRE, 95.32) is not None
    assert bounds == pytest.approx((5.50 - 250 * METRE, 95.31 - 250 * METRE, 5.54 + 250 * METRE, 95.33 + 250 * METRE), abs=3e-5)
    assert bounds.overlap(Box(5.0, 95.0, 5.51, 99.0)) == Box(bounds.south, bounds.west, 5.51, bounds.east)
    assert bounds.overlap(Box(5.0, 95.0, 5.4, 99.0)) is None
    assert index.bounds(99) is None


def test_as_near_to_two_areas_the_lowest_code_wins(index: AreaIndex) -> None:
    match = index.find_area(CITY, 5.50 - 50 * METRE, 95.3201)
    assert match is not None
    assert (match.code, match.how, match.others) == ("11.71.01.2001", "nearest", ("11.71.01.2002",))


@pytest.mark.parametrize(("outside", "found"), [(249, True), (251, False), (5_000, False)])
@pytest.mark.parametrize("lat", [5.5, 55.0])
def test_250_metres_outside_is_the_limit(outside: float, found: bool, lat: float) -> None:
    index = AreaIndex([(CITY, "1", box(95.0, lat - 0.05, 95.1, lat + 0.05))])
    south = index.find_area(CITY, lat - 0.05 - outside * METRE, 95.05)
    west = index.find_area(CITY, lat, 95.0 - outside * METRE / math.cos(math.radians(lat)))
    for match in (south, west):
        assert (match is not None) is found
        assert match is None or match.distance_m == pytest.approx(outside, abs=0.1)


def test_a_point_in_the_neighbouring_region_is_not_ours_but_is_located(index: AreaIndex) -> None:
    assert index.find_area(CITY, 5.51, 95.38) is None
    assert index.locate(5.51, 95.38) == (Hit(REGENCY, "11.06.01.2001"),)
    assert index.find_area(3, 5.51, 95.38) is None


def test_a_point_just_over_the_border_is_near_ours_and_inside_theirs(index: AreaIndex) -> None:
    match = index.find_area(CITY, 5.51, 95.33 + 20 * METRE)
    assert match is not None
    assert (match.code, match.how) == ("11.71.01.2001", "nearest")
    assert [hit.region_id for hit in index.locate(5.51, 95.33 + 20 * METRE)] == [REGENCY]


def test_a_point_on_a_border_belongs_to_both_sides(index: AreaIndex) -> None:
    assert index.locate(5.51, 95.33) == (Hit(REGENCY, "11.06.01.2001"), Hit(CITY, "11.71.01.2001"))


def test_the_sea_is_nobodys(index: AreaIndex) -> None:
    assert index.find_area(CITY, 5.7, 94.9) is None
    assert index.locate(5.7, 94.9) == ()


def test_holes_and_parts_of_an_area_count() -> None:
    ring = shapely.difference(shapely.box(95, 5, 95.1, 5.1), shapely.box(95.04, 5.04, 95.06, 5.06))
    island = shapely.box(95.3, 5.3, 95.31, 5.31)
    index = AreaIndex([(CITY, "1", shapely.to_wkb(shapely.union(ring, island)))])
    assert index.locate(5.305, 95.305) == index.locate(5.02, 95.02) == (Hit(CITY, "1"),)
    assert index.locate(5.05, 95.05) == ()


def test_an_installation_without_areas_finds_nothing() -> None:
    index = AreaIndex([])
    assert index.locate(5.5, 95.3) == ()
    assert index.find_area(CITY, 5.5, 95.3) is None
    assert index.bounds(CITY) is None


def test_polygons_are_asked_for_only_where_a_box_is_near() -> None:
    shapes = np.array([shapely.Point(95.0 + number, 5.0).buffer(0.1) for number in range(3)], dtype=object)
    asked: list[int] = []

    def polygons(positions: Positions) -> Polygons:
        asked.extend(positions.tolist())
        return shapes[positions]

    coverage = Coverage(np.array([b"a", b"b", b"c"]), shapely.bounds(shapes), polygons)
    assert coverage.find_area(5.0, 96.0) == ("b", "inside", 0.0, ())
    assert coverage.find_area(7.0, 96.0) is None
    assert asked == [1]
    match = coverage.find_area(5.0, 97.101)
    assert match is not None
    assert (match.code, match.how) == ("c", "nearest")
    assert set(asked) == {1, 2}


def test_an_area_whose_polygon_has_gone_meanwhile_is_nowhere() -> None:
    shapes = np.array([shapely.box(95.0, 5.0, 95.1, 5.1), shapely.Polygon()], dtype=object)
    boxes = np.array([(95.0, 5.0, 95.1, 5.1), (95.0, 5.1, 95.1, 5.2)])
    coverage = Coverage(np.array([b"a", b"b"]), boxes, shapes.__getitem__)
    assert coverage.find_area(5.15, 95.05) is None
    match = coverage.find_area(5.1 + 20 * METRE, 95.05)
    assert match is not None
    assert (match.code, match.how, match.others) == ("a", "nearest", ())


@pytest.mark.parametrize(
    ("lat", "lng", "field", "code"),
    [
        (0.0, 0.0, "location", "location.no_fix"),
        (90.01, 95.3, "location.lat", "location.out_of_range"),
        (95.3, 5.5, "location.lat", "location.out_of_range"),
        (5.5, -180.5, "location.lng", "location.out_of_range"),
        (math.nan, 95.3, "location.lat", "location.out_of_range"),
        (5.5, math.nan, "location.lng", "location.out_of_range"),
        (5.5, math.inf, "location.lng", "location.out_of_range"),
    ],
)
def test_what_is_no_point_is_refused_and_the_coordinate_named(
    index: AreaIndex, lat: float, lng: float, field: str, code: str
) -> None:
    assert not is_point(lat, lng)
    for ask in (lambda: index.locate(lat, lng), lambda: index.find_area(CITY, lat, lng), lambda: check_point(lat, lng)):
        with pytest.raises(DomainError) as refused:
            ask()
        (error,) = refused.value.errors
        assert (error.field, error.code) == (field, code)


def test_the_equator_and_greenwich_are_points() -> None:
    assert is_point(0, 109.3)
    assert is_point(51.5, 0)
    assert is_point(-90, 180)


def test_distances_are_those_of_the_atlas() -> None:
    banda_aceh, jakarta = (5.5483, 95.3238), (-6.2088, 106.8456)
    assert distance_m(banda_aceh, jakarta) == pytest.approx(1_827_000, rel=0.006)
    assert distance_m(banda_aceh, banda_aceh) == 0
    assert distance_m((0, 0), (0, 180)) == pytest.approx(math.pi * 6_371_008.8)


@given(LATS, LNGS, st.floats(0, 2 * math.pi), st.floats(0, 1), st.floats(1, 400_000))
def test_a_bounding_box_holds_every_point_within_its_radius(
    lat: float, lng: float, bearing: float, part: float, radius: float
) -> None:
    angle = radius * part / 6_371_008.8
    start, sin_angle = math.radians(lat), math.sin(angle)
    there = math.asin(math.sin(start) * math.cos(angle) + math.cos(start) * sin_angle * math.cos(bearing))
    along = math.atan2(math.sin(bearing) * sin_angle * math.cos(start), math.cos(angle) - math.sin(start) * math.sin(there))
    east = lng + math.degrees(along)
    around = bounding_box((lat, lng), radius)
    assert around.south - 1e-9 <= math.degrees(there) <= around.north + 1e-9
    if abs(east) <= 180:  # not made to cross the 180th meridian
        assert around.west - 1e-9 <= east <= around.east + 1e-9


def test_a_bounding_box_is_no_larger_than_it_must_be() -> None:
    south, west, north, east = bounding_box((5.5, 95.3), 1_000)
    assert distance_m((south, 95.3), (north, 95.3)) == pytest.approx(2_000, rel=1e-6)
    assert distance_m((5.5, west), (5.5, east)) == pytest.approx(2_000, rel=1e-3)


def test_threads_asking_the_same_polygons_at_first_agree() -> None:
    circle = shapely.to_wkb(shapely.Point(95.3, 5.5).buffer(0.05, quad_segs=2_000))
    points = [(5.44 + row * 0.006 + 0.0001, 95.24 + column * 0.006) for row in range(20) for column in range(20)]
    expected = [math.hypot(lat - 5.5, lng - 95.3) < 0.05 for lat, lng in points]
    for _ in range(10):
        index = AreaIndex([(CITY, "1", circle)])
        with ThreadPoolExecutor(8) as threads:
            found = list(threads.map(lambda point, asked=index: bool(asked.locate(*point)), points))
        assert found == expected
