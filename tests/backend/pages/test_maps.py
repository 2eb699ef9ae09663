"""Maps: the projection, the shipped regions drawn whole and near, their colours, pins, tiles and ways, and hostile names."""

import math
import re
import xml.etree.ElementTree as ET
from collections import OrderedDict
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapely
from jinja2 import Environment, FileSystemLoader, PrefixLoader, StrictUndefined

import backend.pages
from backend.core.geo import Box, bounding_box, distance_m
from backend.data.unit_of_work import unit_of_work
from backend.packs.schemas import RegionFile
from backend.pages.maps import Drawing, Pin, TileServer, draw, get_shapes, read_view, tile_origin, tile_server
from backend.pages.maps import shapes as shelf
from backend.pages.maps.mercator import Part, project
from backend.pages.maps.shapes import simplified
from backend.pages.maps.tiles import check_tile_url

REGIONS = ("banda-aceh", "bandung", "dki-jakarta", "nairobi", "sumedang")
TO = "\N{EN DASH}"
HOSTILE = '"><script>alert(1)</script>'
SERVER = TileServer(url="https://tiles.example/{z}/{x}/{y}.png", attribution="© the drawers & sons")
PAGES = Path(backend.pages.__file__).parent


@pytest.fixture
def shapes_of(house):
    """Return a function that gives the shapes of a region."""

    def take(region, level="lowest"):
        with unit_of_work(house.ground, region=house.directory.find(region)) as ctx:
            return get_shapes(ctx, level)

    return take


@pytest.fixture
def printed(house):
    """Return a function that prints a drawing by the macro."""
    environment = Environment(
        loader=PrefixLoader({"frame": FileSystemLoader(PAGES / "templates" / "frame")}),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    template = environment.from_string('{% from "frame/map.html" import map with context %}{{ map(drawing, "here", title) }}')

    def show(drawing, title="Open reports"):
        texts = house.ground.catalogue
        return template.render(drawing=drawing, title=title, t=lambda code, **params: texts.text(code, "en", params))

    return show


def numbered(shapes):
    return {code: float(at) for at, code in enumerate(shapes.codes)}


def area_in_map_pixels(path):
    """Return the polygon of a path: in whole tenths of a pixel, as it is written."""
    rings = []
    for x, y, steps in re.findall(r"M(-?\d+) ?(-?\d+)l([-\d ]+)z", path):
        onward = np.array(re.findall(r"-?\d+", steps), dtype=int).reshape(-1, 2)
        rings.append(np.vstack([[(int(x), int(y))], onward]).cumsum(axis=0))
    polygon = shapely.Polygon()
    for ring in rings:
        polygon = polygon.symmetric_difference(shapely.make_valid(shapely.Polygon(ring)))
    return polygon


def test_the_projection_is_that_of_tile_servers():
    # https://wiki.openstreetmap.org/wiki/Slippy_map_tilenames, worked out for the mosque of Banda Aceh at zoom 12.
    lat, lng = 5.5536, 95.3173
    x, y = (project(np.array([(lng, lat)]))[0] * 2**12).tolist()
    assert (math.floor(x), math.floor(y)) == (3132, 1984)
    assert x == pytest.approx((lng + 180) / 360 * 4096)
    angle = math.radians(lat)
    assert y == pytest.approx((1 - math.log(math.tan(angle) + 1 / math.cos(angle)) / math.pi) / 2 * 4096)


def test_a_part_gives_back_its_box_and_knows_its_width_on_the_ground():
    box = bounding_box((-6.9147, 107.6098), 1000)
    part = Part.of(box)
    assert part.box == pytest.approx(box)
    ends = [(-6.9147, each) for each in (box.west, box.east)]
    assert part.metres == pytest.approx(distance_m(*ends), rel=0.005)


@pytest.mark.parametrize("region", REGIONS)
def test_every_area_has_one_path_and_lies_where_it_is(shapes_of, region):
    shapes = shapes_of(region)
    drawing = draw(shapes)
    assert [area.code for area in drawing.areas] == list(shapes.codes)
    assert len(set(shapes.codes)) == len(shapes.polygons)
    view, scale = Part.of(drawing.view), drawing.width / Part.of(drawing.view).width
    drawn = shapely.transform(shapes.polygons, lambda x_y: (x_y - (view.west, view.north)) * scale * 10)
    for area, real in zip(drawing.areas, drawn, strict=True):
        shown = area_in_map_pixels(area.path)
        assert shown.within(shapely.box(0, 0, drawing.width * 10, drawing.height * 10))
        assert shown.intersection(real).area > 0.75 * min(shown.area, real.area)


@pytest.mark.parametrize("region", REGIONS)
def test_neighbours_fit_together_however_coarse(shapes_of, region):
    for level in ("lowest", "parents"):
        shapes = shapes_of(region, level)
        scale = 600 / shapes.bounds.width
        polygons, _ = simplified(shapes, scale)
        assert shapely.coverage_is_valid(polygons)
        assert not shapely.is_empty(polygons).any()
        real = shapely.union_all(shapes.polygons).area * scale**2
        assert shapely.area(polygons).sum() * (scale / simplified(shapes, scale)[1]) ** 2 == pytest.approx(real, rel=0.02)


def test_parents_are_made_of_what_lies_in_them(shapes_of, house):
    lowest, parents = shapes_of("banda-aceh"), shapes_of("banda-aceh", "parents")
    assert len(lowest.codes) == 90
    assert len(parents.codes) == 9
    assert set(parents.codes) == {code.rpartition(".")[0] for code in lowest.codes}
    region = house.directory.find("banda-aceh")
    assert parents.names == tuple(house.directory.area(region.id, code).name for code in parents.codes)
    assert parents.bounds == lowest.bounds


def test_shapes_are_read_once_for_as_long_as_the_areas_stay(shapes_of):
    first = shapes_of("bandung")
    assert shapes_of("bandung") is first
    assert simplified(first, 1e6)[0] is simplified(first, 1e6)[0]


def test_only_so_many_regions_are_kept(shapes_of, monkeypatch):
    monkeypatch.setattr(shelf, "KEPT", 2)
    monkeypatch.setattr(shelf, "_kept", OrderedDict())
    bandung, nairobi = shapes_of("bandung"), shapes_of("nairobi")
    assert shapes_of("bandung") is bandung
    shapes_of("nairobi", "parents")
    assert shapes_of("bandung") is bandung, "what was asked for last stays"
    assert shapes_of("nairobi") is not nairobi


@pytest.mark.parametrize(("region", "most"), [("sumedang", 60_000), ("banda-aceh", 25_000)])
def test_a_whole_region_is_small(shapes_of, printed, region, most):
    shapes = shapes_of(region)
    page = printed(draw(shapes, values=numbered(shapes)))
    assert len(page.encode()) < most
    assert page.count('<path class="area v') == len(shapes.codes)


def test_a_region_without_polygons_has_no_map(shapes_of):
    whole = shapes_of("nairobi")
    nothing = replace(whole, codes=(), names=(), polygons=whole.polygons[:0], owners=whole.owners[:0])
    assert nothing.bounds is None
    assert draw(nothing, pins=[Pin(lat=-1.28, lng=36.82, label="x")]) is None


def test_every_pin_in_the_view_lands_on_the_drawing_and_no_other(shapes_of):
    shapes = shapes_of("sumedang")
    whole = draw(shapes).view
    near = Box(-6.90, 107.88, -6.80, 107.98)
    spread = np.random.default_rng(5).uniform((whole.south, whole.west), (whole.north, whole.east), (300, 2)).tolist()
    pins = [Pin(lat=lat, lng=lng, label=f"{lat} {lng}") for lat, lng in spread]
    assert len(draw(shapes, pins=pins).pins) == 300
    drawing = draw(shapes, pins=pins, view=near)
    seen = drawing.view
    assert (seen.south, seen.north) == pytest.approx((near.south, near.north))
    assert seen.west < near.west < near.east < seen.east
    inside = {f"{lat} {lng}" for lat, lng in spread if seen.south <= lat <= seen.north and seen.west <= lng <= seen.east}
    assert {pin.label for pin in drawing.pins} == inside
    assert 0 < len(inside) < 300
    assert all(0 <= pin.x <= drawing.width and 0 <= pin.y <= drawing.height for pin in drawing.pins)


def test_a_pin_lies_in_the_area_that_holds_it(shapes_of, house):
    shapes = shapes_of("banda-aceh")
    drawing = draw(shapes, pins=[Pin(lat=5.5536, lng=95.3173, label="mosque")], view=bounding_box((5.5536, 95.3173), 2000))
    [pin] = drawing.pins
    held = [area.code for area in drawing.areas if area_in_map_pixels(area.path).covers(shapely.Point(pin.x * 10, pin.y * 10))]
    assert held == [house.directory.areas.find_area(house.directory.find("banda-aceh").id, 5.5536, 95.3173).code]


def test_values_are_coloured_by_about_equal_classes(shapes_of):
    shapes = shapes_of("banda-aceh")
    drawing = draw(shapes, values=numbered(shapes))
    shades = [area.shade for area in drawing.areas]
    assert [shades.count(f"v{each}") for each in range(5)] == [18] * 5
    assert shades == sorted(shades)
    assert [text for _, text in drawing.legend] == ["< 18", f"18 {TO} < 36", f"36 {TO} < 54", f"54 {TO} < 72", "≥ 72"]
    assert drawing.areas[7].label == f"{shapes.names[7]}: 7"


def test_classes_may_be_given_and_what_has_no_value_is_said(shapes_of):
    shapes = shapes_of("banda-aceh")
    values = {code: value for code, value in numbered(shapes).items() if value != 3} | {shapes.codes[4]: None, "99.99": 1000.0}
    drawing = draw(shapes, values=values, classes=[50, 10], say="{:.1f} %".format)
    by_code = {area.code: area for area in drawing.areas}
    assert [by_code[shapes.codes[at]].shade for at in (0, 3, 4, 9, 10, 49, 50)] == ["v0", "none", "none", "v0", "v2", "v2", "v4"]
    assert by_code[shapes.codes[3]].label == shapes.names[3]
    assert drawing.legend == (("v0", "< 10.0 %"), ("v2", f"10.0 % {TO} < 50.0 %"), ("v4", "≥ 50.0 %"), ("none", None))
    with pytest.raises(ValueError, match="6 classes"):
        draw(shapes, values=values, classes=[1, 2, 3, 4, 5])


@pytest.mark.parametrize(
    ("values", "legend"),
    [
        ([0.0] * 85 + [1, 2, 3, 4, 5], ["< 1", f"1 {TO} < 2", f"2 {TO} < 3", f"3 {TO} < 4", "≥ 4"]),
        ([0.0] * 89 + [6.5], ["< 6.5", "≥ 6.5"]),
        ([7.0] * 90, ["7"]),
        ([None] * 90, [None]),
        (None, []),
    ],
)
def test_a_legend_says_no_more_classes_than_there_are(shapes_of, values, legend):
    shapes = shapes_of("banda-aceh")
    drawing = draw(shapes, values=None if values is None else dict(zip(shapes.codes, values, strict=True)))
    assert [text for _, text in drawing.legend] == legend
    assert {area.shade for area in drawing.areas} == ({shade for shade, _ in drawing.legend} or {"plain"})


def test_the_ways_lead_to_views_that_are_drawn_as_said(shapes_of):
    shapes = shapes_of("sumedang")
    whole = draw(shapes, keep={"kind": "late & open"})
    assert set(whole.bboxes) == {"in"}
    assert whole.hrefs["in"].startswith("?kind=late+%26+open&bbox=107.")
    near = draw(shapes, view=read_view(whole.bboxes["in"]))
    assert (
        ",".join(f"{each:.5f}" for each in (near.view.west, near.view.south, near.view.east, near.view.north))
        == whole.bboxes["in"]
    )
    assert set(near.bboxes) == {"in", "out", "whole", "north", "south", "west", "east"}
    assert near.hrefs["whole"] == "?"
    assert read_view(near.bboxes["out"]) == pytest.approx(whole.view, abs=2e-5)
    height, width = near.view.north - near.view.south, near.view.east - near.view.west
    for way, (north, east) in {"north": (1, 0), "south": (-1, 0), "east": (0, 1), "west": (0, -1)}.items():
        moved = draw(shapes, view=read_view(near.bboxes[way])).view
        assert moved.south - near.view.south == pytest.approx(north * height / 2, rel=0.01, abs=2e-5)
        assert moved.west - near.view.west == pytest.approx(east * width / 2, rel=0.01, abs=2e-5)
    back = draw(shapes, view=read_view(draw(shapes, view=read_view(near.bboxes["north"])).bboxes["south"])).view
    assert back == pytest.approx(near.view, abs=5e-5)


def test_the_first_step_closer_goes_where_most_areas_are(shapes_of):
    shapes = shapes_of("dki-jakarta")  # half of its box is the sea and the Thousand Islands
    whole = draw(shapes)
    near = draw(shapes, view=read_view(whole.bboxes["in"]))
    assert len(near.areas) > 0.9 * len(whole.areas)
    assert near.view.south == pytest.approx(whole.view.south, abs=2e-5), "and not beyond the region"


def test_looking_closer_ends(shapes_of):
    shapes = shapes_of("nairobi")
    drawing, looks = draw(shapes), 0
    while "in" in drawing.bboxes:
        drawing, looks = draw(shapes, view=read_view(drawing.bboxes["in"])), looks + 1
    assert 4 < looks < 12
    assert 240 < Part.of(drawing.view).metres < 510


@pytest.mark.parametrize(
    "bbox", ["", None, "1,2,3", "a,b,c,d", "nan,nan,nan,nan", "107,inf,108,inf", "108,-7,107,-6", "0,0,1,1", "-170,-80,170,80"]
)
def test_a_view_that_is_none_or_elsewhere_is_the_whole_region(shapes_of, bbox):
    shapes = shapes_of("sumedang")
    assert draw(shapes, view=read_view(bbox)).view == draw(shapes).view


def test_a_scale_bar_is_as_long_as_it_says(shapes_of):
    for view, text in ((None, "10 km"), (Box(-6.861, 107.919, -6.859, 107.921), "50 m")):
        drawing = draw(shapes_of("sumedang"), view=view)
        assert drawing.scale_text == text
        metres = float(text.split()[0]) * (1000 if "km" in text else 1)
        middle = (drawing.view.south + drawing.view.north) / 2
        across = distance_m((middle, drawing.view.west), (middle, drawing.view.east))
        assert drawing.scale_px / drawing.width == pytest.approx(metres / across, rel=0.01)


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("closer", [0, 1, 4, 20])
def test_tiles_cover_the_drawing_and_are_few(shapes_of, region, closer):
    shapes = shapes_of(region)
    drawing = draw(shapes, tiles=SERVER)
    for _ in range(closer):
        if "in" in drawing.bboxes:
            drawing = draw(shapes, tiles=SERVER, view=read_view(drawing.bboxes["in"]))
    assert 0 < len(drawing.tiles) <= 24
    assert drawing.attribution == SERVER.attribution
    covered = shapely.union_all(
        [shapely.box(each.x, each.y, each.x + each.width, each.y + each.height).buffer(0.06) for each in drawing.tiles]
    )
    assert covered.covers(shapely.box(0, 0, drawing.width, drawing.height))
    for tile in drawing.tiles:
        zoom, x, y = map(int, re.fullmatch(r"https://tiles\.example/(\d+)/(\d+)/(\d+)\.png", tile.href).groups())
        view = Part.of(drawing.view)
        assert tile.x == pytest.approx((x / 2**zoom - view.west) * drawing.width / view.width, abs=0.1)
        assert tile.y == pytest.approx((y / 2**zoom - view.north) * drawing.width / view.width, abs=0.1)
        assert 120 < tile.width < 520


def test_without_a_tile_server_nothing_is_fetched_from_outside(shapes_of, printed, house):
    assert tile_server(house.directory.find("bandung").identity) is None
    assert tile_origin(house.directory.find("bandung").identity) is None
    assert "http" not in printed(draw(shapes_of("bandung")))


def test_the_origin_of_the_tile_server_is_its_own_alone():
    identity = {"map": {"tiles": {"url": "https://tiles.example:8443/a/{z}/{x}/{y}.png?key=1", "attribution": "x"}}}
    assert tile_origin(identity) == "https://tiles.example:8443"
    assert tile_server(identity) == TileServer(url=identity["map"]["tiles"]["url"], attribution="x")


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("http://tiles.example/{z}/{x}/{y}.png", "is not the address"),
        ("https://tiles.example/{z}/{x}.png", "{y}"),
        ("https://{s}.tiles.example/{z}/{x}/{y}.png", "is not the address"),
        ("https://tiles.example/{z}/{x}/{y}{r}.png", "{r}"),
        ("https://tiles.example/{z}/{x}/{y}.png}", "brace"),
        ("https://tiles.example; script-src */{z}/{x}/{y}", "is not the address"),
        ("https://user:secret@tiles.example/{z}/{x}/{y}", "is not the address"),
        ('https://tiles.example/{z}/{x}/{y}"onload=', "is not the address"),
        ("https://tiles.example/{z}/{x}/{y}.png\n", "is not the address"),
    ],
)
def test_an_address_of_tiles_that_is_none_is_refused_with_what_is_wrong(url, fault):
    with pytest.raises(ValueError, match=re.escape(fault)):
        check_tile_url(url)


def test_a_pack_that_names_no_server_of_tiles_is_told_so():
    def faults(tiles):
        return RegionFile().validate({"identity": {"map": {"tiles": tiles}}})["identity"].get("map")

    assert faults({"url": SERVER.url, "attribution": SERVER.attribution}) is None
    [told] = faults({"url": "https://tiles.example/{z}/{x}.png", "attribution": "x"})["tiles"]["url"]
    assert "does not say where {y} goes" in told
    assert set(faults({"url": SERVER.url})["tiles"]) == {"attribution"}


def test_the_macro_prints_a_picture_that_says_what_it_is(shapes_of, printed):
    shapes = shapes_of("banda-aceh")
    page = printed(draw(shapes, values=numbered(shapes), tiles=SERVER), title="Late reports")
    root = ET.fromstring(page)  # noqa: S314 - our own
    svg = root.find("svg")
    assert svg.get("viewBox") == "0 0 600 450"
    assert (svg.get("role"), svg.get("class")) == ("img", "tiled")
    assert svg.find(f"title[@id='{svg.get('aria-labelledby')}']").text == "Late reports"
    paths = svg.findall("g/path")
    assert {path.get("class") for path in paths} == {f"area v{each}" for each in range(5)}
    assert paths[3].find("title").text == f"{shapes.names[3]}: 3"
    assert len(svg.findall("image")) == page.count("https://tiles.example/")
    assert root.find("figcaption/small").text == SERVER.attribution
    assert not re.search(r"\s(style|on\w+)=", page), "the policy of the pages forbids them"


def test_areas_and_pins_that_lead_somewhere_are_named_links_and_no_single_picture(shapes_of, printed):
    shapes = shapes_of("nairobi")
    pins = [
        Pin(lat=-1.28, lng=36.82, label="late one", url="/r/nairobi/complaints/a?b=1&c=2", kind="late"),
        Pin(lat=-1.29, lng=36.82, label="done one", kind="done"),
    ]
    page = printed(draw(shapes, links={shapes.codes[0]: "?area=x&y"}, pins=pins))
    svg = ET.fromstring(page).find("svg")  # noqa: S314 - our own
    assert svg.get("role") == "group"
    links = {link.get("href"): link.get("aria-label") for link in svg.iter("a")}
    assert links == {"?area=x&y": shapes.names[0], "/r/nairobi/complaints/a?b=1&c=2": "late one"}
    marks = {path.get("class"): path.get("d") for path in svg.iter("path") if path.get("class").startswith("pin")}
    assert set(marks) == {"pin late", "pin done"}
    assert len(set(marks.values())) == 2, "they differ by form, not by colour alone"


def test_hostile_names_come_out_as_text(shapes_of, printed):
    real = shapes_of("nairobi")
    shapes = replace(real, names=tuple(HOSTILE for _ in real.names))
    pins = [Pin(lat=-1.28, lng=36.82, label=HOSTILE, url=f"/x?{HOSTILE}")]
    tiles = replace(SERVER, attribution=HOSTILE)
    links = dict.fromkeys(real.codes, HOSTILE)
    values = dict.fromkeys(real.codes, 1.0)
    view = read_view(draw(real).bboxes["in"])
    drawing = draw(
        shapes, values=values, say=lambda _: HOSTILE, pins=pins, tiles=tiles, links=links, view=view, keep={HOSTILE: HOSTILE}
    )
    assert isinstance(drawing, Drawing)
    page = printed(drawing, title=HOSTILE)
    assert "<script" not in page
    root = ET.fromstring(page)  # noqa: S314 - our own
    assert root.find("svg/title").text == HOSTILE
    assert {title.text for title in root.findall("svg/a/path/title")} == {HOSTILE}
    assert root.find("svg/g/a/path/title").text == f"{HOSTILE}: {HOSTILE}"
