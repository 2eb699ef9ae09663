"""A map as plain values, ready to be printed as SVG: paths, pins, tiles, legend, scale, and where one may look next."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlencode

import numpy as np
import numpy.typing as npt
import shapely

from backend.core.geo import Box, is_point
from backend.pages.maps.mercator import Part, project
from backend.pages.maps.shading import Legend, Say, shade
from backend.pages.maps.shapes import Shapes, simplified
from backend.pages.maps.tiles import Tile, TileServer, tiles_behind

TENTHS = 10  # paths are whole tenths of a pixel, drawn at a tenth of their size: no decimal points in thousands of numbers
_MARGIN = 1.04  # round the whole region
_NEAREST_M = 250  # how wide the closest look is
_NEARLY = 0.99  # of the whole: as good as that
_DECIMALS = 5  # of a degree: a metre
_MOVES = {"north": (0, -0.5), "south": (0, 0.5), "west": (-0.5, 0), "east": (0.5, 0)}

NONE = "none"
PinKind = Literal["open", "late", "done"]


@dataclass(frozen=True, kw_only=True)
class Pin:
    """A place to mark: what it is called, and the page that tells of it."""

    lat: float
    lng: float
    label: str
    url: str | None = None
    kind: PinKind = "open"


@dataclass(frozen=True, kw_only=True)
class AreaPath:
    """An area: its outline in tenths of a pixel, what is read of it, and its class of the stylesheet."""

    code: str
    label: str
    path: str
    shade: str  # v0 to v4, `none` without a value, `plain` on a map that shows no values
    url: str | None


@dataclass(frozen=True, kw_only=True)
class PinMark:
    """A pin on the drawing, in pixels."""

    x: float
    y: float
    label: str
    url: str | None
    kind: PinKind


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """What a map is made of. `bboxes` has the views one may go to from here: `in`, `out`, `whole`, `north` and so on.

    A way that leads nowhere is not there. `hrefs` are the same as links, `whole` without a `bbox`. `legend` pairs a class of the
    stylesheet with what it stands for, None for areas without a value.
    """

    width: int
    height: int
    areas: tuple[AreaPath, ...]
    pins: tuple[PinMark, ...]
    tiles: tuple[Tile, ...]
    attribution: str
    legend: Legend
    scale_px: float
    scale_text: str
    view: Box
    bboxes: Mapping[str, str]
    hrefs: Mapping[str, str]

    @property
    def has_links(self) -> bool:
        """Whether something in the picture can be followed; it is not one single image then."""
        return any(area.url for area in self.areas) or any(pin.url for pin in self.pins)


def read_view(bbox: str | None) -> Box | None:
    """Return what `west,south,east,north` says, as the links of a map do; None, the whole region, for anything else."""
    try:
        west, south, east, north = map(float, (bbox or "").split(","))
    except ValueError:
        return None
    fine = is_point(south, west) and is_point(north, east) and south < north and west < east
    return Box(south, west, north, east) if fine else None


def draw(
    shapes: Shapes,
    *,
    values: Mapping[str, float | None] | None = None,
    classes: Sequence[float] | None = None,
    say: Say = "{:g}".format,
    links: Mapping[str, str] | None = None,
    pins: Iterable[Pin] = (),
    tiles: TileServer | None = None,
    view: Box | None = None,
    width: int = 600,
    height: int = 450,
    keep: Mapping[str, str] | None = None,
) -> Drawing | None:
    """Return the map of `shapes` in `view`, None where a region has no polygons. A view outside or larger is the whole region.

    `values` by area code colour the areas: in classes that begin at each of `classes` (four at most), otherwise in five with
    about as many areas each; `say` writes a value as people read it. `links` by area code are followed from an area. `keep` is
    what else the query of the page holds, for the links that move the view. Pins outside the view are not drawn; how many there
    may be is the caller's to bound. Raises ValueError for more classes than colours.
    """
    whole = shapes.bounds
    if whole is None:
        return None
    whole = _fitting(whole, width, height, margin=_MARGIN)
    seen = _seen(whole, view, width, height)
    scale = width / seen.width
    known = {code: value for code in shapes.codes if (value := (values or {}).get(code)) is not None}
    shades, legend = shade(known, classes, say)
    if values is not None and len(known) < len(shapes.codes):
        legend = (*legend, (NONE, None))
    asked = {name: _bbox(part) for name, part in _ways(shapes, seen, whole).items()}
    metres, text = _round_length(seen.metres / 5)
    return Drawing(
        width=width,
        height=height,
        areas=tuple(
            AreaPath(
                code=(code := shapes.codes[at]),
                label=f"{shapes.names[at]}: {say(known[code])}" if code in known else shapes.names[at],
                path=path,
                shade=shades.get(code, "plain" if values is None else NONE),
                url=(links or {}).get(code),
            )
            for at, path in _paths(shapes, seen, scale)
        ),
        pins=tuple(_pins(pins, seen, scale, width, height)),
        tiles=tuple(tiles_behind(tiles, seen, scale)) if tiles else (),
        attribution=tiles.attribution if tiles else "",
        legend=legend,
        scale_px=round(metres / seen.metres * width, 1),
        scale_text=text,
        view=seen.box,
        bboxes=asked,
        hrefs={
            name: f"?{urlencode({**(keep or {}), **({} if name == 'whole' else {'bbox': box})})}" for name, box in asked.items()
        },
    )


def _fitting(part: Part, width: int, height: int, *, margin: float = 1.0) -> Part:
    per_pixel = max(part.width / width, part.height / height) * margin
    return part.sized(per_pixel * width, per_pixel * height)


def _seen(whole: Part, view: Box | None, width: int, height: int) -> Part:
    asked = Part.of(view) if view else whole
    if not asked.meets(whole) or asked.width >= whole.width or asked.height >= whole.height:
        return whole
    closest = whole.width * _NEAREST_M / whole.metres
    asked = asked.sized(max(asked.width, closest), max(asked.height, closest * height / width))
    fitting = _fitting(asked, width, height)
    return fitting if fitting.width < whole.width else whole


def _ways(shapes: Shapes, seen: Part, whole: Part) -> dict[str, Part]:
    ways = {}
    if seen.metres > 2 * _NEAREST_M:
        ways["in"] = seen.sized(seen.width / 2, seen.height / 2)
    if seen == whole:
        if "in" in ways:
            ways["in"] = ways["in"].centred(*shapes.heart, within=whole)
        return ways
    wider = seen.sized(seen.width * 2, seen.height * 2)
    ways["out"] = wider if wider.width < whole.width * _NEARLY else whole
    ways["whole"] = whole
    moved = {name: seen.moved(*way) for name, way in _MOVES.items()}
    return ways | {name: part for name, part in moved.items() if part.meets(whole)}


def _bbox(part: Part) -> str:
    box = part.box
    return ",".join(f"{each:.{_DECIMALS}f}" for each in (box.west, box.south, box.east, box.north))


def _round_length(metres: float) -> tuple[float, str]:
    power = 10 ** math.floor(math.log10(metres))
    length = max(each * power for each in (1, 2, 5) if each * power <= metres)
    return length, f"{length / 1000:g} km" if length >= 1000 else f"{length:g} m"  # noqa: PLR2004 - metres of a kilometre


def _paths(shapes: Shapes, seen: Part, scale: float) -> Iterator[tuple[int, str]]:
    """Yield the number and outline of every area that may be seen."""
    polygons, drawn_in = simplified(shapes, scale)
    west, north, east, south = (shapely.bounds(polygons) / drawn_in).T
    near = np.flatnonzero((west <= seen.east) & (east >= seen.west) & (north <= seen.south) & (south >= seen.north))
    origin, ratio = np.array([seen.west, seen.north]) * drawn_in, TENTHS * scale / drawn_in
    for at in near.tolist():
        yield at, _path(polygons[at], origin, ratio)


def _path(polygon: Any, origin: npt.NDArray[np.float64], ratio: float) -> str:
    rings = [_ring(shapely.get_coordinates(ring), origin, ratio) for ring in shapely.get_rings(shapely.get_parts(polygon))]
    if drawn := "".join(rings):
        return drawn
    x, y = np.rint((shapely.get_coordinates(polygon)[0] - origin) * ratio).astype(int).tolist()
    return f"M{x} {y}h{TENTHS}v{TENTHS}h-{TENTHS}z"  # too small to be seen: a pixel


def _ring(coordinates: npt.NDArray[np.float64], origin: npt.NDArray[np.float64], ratio: float) -> str:
    """Return a ring in steps from point to point: rounded first, so that neighbours' borders stay the same."""
    points = np.rint((coordinates - origin) * ratio).astype(int)
    steps = np.diff(points[:-1], axis=0)  # `z` closes it
    steps = steps[steps.any(axis=1)]
    if len(steps) < 2:  # noqa: PLR2004 - the fewest that enclose something
        return ""
    start, onward = " ".join(map(str, points[0].tolist())), " ".join(map(str, steps.ravel().tolist()))
    return f"M{start}l{onward}z".replace(" -", "-")


def _pins(pins: Iterable[Pin], seen: Part, scale: float, width: int, height: int) -> Iterator[PinMark]:
    marked = list(pins)
    if not marked:
        return
    places = (project(np.array([(pin.lng, pin.lat) for pin in marked])) - (seen.west, seen.north)) * scale
    for pin, (x, y) in zip(marked, np.round(places, 1).tolist(), strict=True):
        if 0 <= x <= width and 0 <= y <= height:
            yield PinMark(x=x, y=y, label=pin.label, url=pin.url, kind=pin.kind)
