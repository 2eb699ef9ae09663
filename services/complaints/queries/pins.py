"""The map: the newest open complaints in every part of a view, at a cost that does not grow with how many there are."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from backend.sdk.data import Box, Prepared
from backend.sdk.domain import Context, invalid
from services.complaints.models import TILES

MOST_TILES = 64  # of a view, but on the coarsest level
MOST_PINS = 250
LOOK_BACK = 1000  # rows that one view looks at, whatever it is filtered by


@dataclass(frozen=True, kw_only=True)
class View:
    """What a map shows; `more` when there is more in it than that."""

    pins: Sequence[Mapping[str, Any]]
    more: bool


def read_box(text: str) -> Box:
    """Return the box written west,south,east,north. Raises DomainError (422)."""
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        raise invalid("bbox", "complaints.bad_box") from None
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):  # noqa: PLR2004 - degrees
        raise invalid("bbox", "complaints.bad_box")
    return Box(south=south, west=west, north=north, east=east)


def _spans(box: Box, level: int) -> tuple[range, range]:
    """Return the rows and columns of tiles that the box touches; `models._tile` counts alike."""
    scale = 2**level
    south, north = (math.floor((lat + 90) * scale) for lat in (box.south, box.north))
    west, east = (math.floor((lng + 180) * scale) for lng in (box.west, box.east))
    return range(south, north + 1), range(west, east + 1)


def tiles(box: Box, *, most: int = MOST_TILES) -> tuple[int, list[int]]:
    """Return the finest level on which few tiles cover the box, and these; on the coarsest they can be more than `most`."""
    for level in TILES:
        rows, columns = _spans(box, level)
        if len(rows) * len(columns) <= most:
            break
    return level, [row << 20 | column for row in rows for column in columns]


def seen_in(ctx: Context, box: Box | None) -> Box | None:
    """Return what of the region lies in the box, if anything; without a box all of it."""
    bounds = ctx.ground.regions.areas.bounds(ctx.region.id)
    return bounds if box is None or bounds is None else box.overlap(bounds)


_PINS = {
    level: Prepared(f"""
    SELECT json_agg(pin)::text FROM unnest(%(tiles)s::bigint[]) AS view (tile) CROSS JOIN LATERAL (
        SELECT tile, newest.* FROM (
            SELECT id, number, category, state, lat, lng, submitted_at, support_count,
                row_number() OVER (ORDER BY submitted_at DESC) AS nth
            FROM complaints
            WHERE region_id = %(region)s AND tile_{level} = tile AND confidentiality = 'open' AND visibility = 'public'
            ORDER BY submitted_at DESC LIMIT %(depth)s) newest
        WHERE nth = %(depth)s OR (
            lat BETWEEN %(south)s AND %(north)s AND lng BETWEEN %(west)s AND %(east)s
            AND (%(category)s::text IS NULL OR category = %(category)s) AND (%(status)s::text IS NULL OR state = %(status)s))
        LIMIT %(most)s + 1) pin""")  # noqa: S608 - the level is ours
    for level in TILES
}


def list_pins(ctx: Context, query: Mapping[str, Any]) -> View:
    """Return what anybody may know of in `bbox` (otherwise the region), the newest of each tile, in one statement.

    Raises DomainError (422) for a bad box.
    """
    seen = seen_in(ctx, read_box(query["bbox"]) if query.get("bbox") else None)
    if seen is None:
        return View(pins=(), more=False)
    level, covering = tiles(seen)
    most = -(-MOST_PINS // len(covering))
    depth = max(most + 1, LOOK_BACK // len(covering))
    asked = {"region": ctx.region.id, "tiles": covering, "most": most, "depth": depth}
    narrowed = {"category": query.get("category"), "status": query.get("status")}
    found = _PINS[level].json(ctx.session, **asked, **narrowed, **seen._asdict()) or []
    # The last row that was looked at in a tile comes along in any case: it says that below it there is more.
    taken = Counter[int]()
    pins = []
    for pin in found:
        taken[pin["tile"]] += 1
        if pin["nth"] < depth and taken[pin["tile"]] <= most:
            pins.append(pin)
    return View(pins=pins, more=len(pins) < len(found))
