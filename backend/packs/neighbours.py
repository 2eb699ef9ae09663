"""Whether a pack's polygons lie over another region's land: a pack cannot know, an installation does."""

from collections.abc import Iterator

import numpy as np
import shapely
from sqlalchemy import select

from backend.data.context import Context
from backend.packs.faults import Fault, Place
from backend.packs.geometry import Drawn, find_overlaps
from backend.packs.pack import Pack
from backend.regions.models import AreaRow, RegionRow

SHARE = 0.05  # of the smaller of two areas: below it boundaries of neighbours differ everywhere
_BOX = (AreaRow.west, AreaRow.south, AreaRow.east, AreaRow.north)
_ON_THE_MAP = (AreaRow.lowest, AreaRow.ended_at.is_(None), AreaRow.west.is_not(None))


def areas_on_others(ctx: Context, pack: Pack, place: Place) -> Iterator[Fault]:
    """Yield a warning at `place` for each other region on whose areas the pack's lie."""
    lowest = [area for area in pack.areas if area.lowest and area.boundary]
    if not lowest:
        return
    own = Drawn(shapely.from_wkb(np.array([area.boundary for area in lowest], dtype=object)), [area.code for area in lowest])
    for (region_id, key), codes in _near(ctx, pack.key, own).items():
        drawn = select(AreaRow.code, AreaRow.boundary).where(AreaRow.region_id == region_id, AreaRow.code.in_(codes))
        rows = ctx.session.execute(drawn.order_by(AreaRow.code)).all()
        theirs = Drawn(shapely.from_wkb(np.array([row.boundary for row in rows], dtype=object)), [row.code for row in rows])
        overlaps, whole = find_overlaps(own, theirs)
        large = [each for each in overlaps if each.share >= SHARE]
        if large:
            count, m2 = len({each.first for each in large}), sum(each.m2 for each in large)
            text = f"{count} of its areas lie over land of the region {key}, {m2:,.0f} m2 together, the most by"
            text += f" {large[0].first} over {large[0].second}: correct the polygons of one of the two"
            yield Fault(place.file, place.line, "packs.areas_on_other_region", text)
        if not whole:
            text = f"the polygons have too many points to compare all of them with those of the region {key}: simplify them"
            yield Fault(place.file, place.line, "packs.areas_not_compared", text)


def _near(ctx: Context, key: str, own: Drawn) -> dict[tuple[int, str], list[str]]:
    """Return the areas of other regions whose boxes meet the box of one of its own, by id and key of their region."""
    west, south, east, north = shapely.total_bounds(own.shapes).tolist()
    found = (
        select(AreaRow.region_id, RegionRow.key, AreaRow.code, *_BOX)
        .join(RegionRow, RegionRow.id == AreaRow.region_id)
        .where(RegionRow.key != key, *_ON_THE_MAP)
        .where(AreaRow.west < east, AreaRow.east > west, AreaRow.south < north, AreaRow.north > south)
        .order_by(RegionRow.key, AreaRow.code)
    )
    rows = ctx.session.execute(found).all()
    tree = shapely.STRtree(own.shapes)
    near: dict[tuple[int, str], list[str]] = {}
    for row in rows:
        if len(tree.query(shapely.box(row.west, row.south, row.east, row.north))):  # a tree compares boxes
            near.setdefault((row.region_id, row.key), []).append(row.code)
    return near
