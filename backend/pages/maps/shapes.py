"""The areas of a region as shapes to draw: its own polygons, mended where they overlap or gape, no finer than can be seen.

Open boundaries do not fit together: overlaps and gaps of some metres are in most. Simplified one by one they gape widely, so
they are made to fit first (a coverage) and simplified together.
"""

from collections import OrderedDict
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import Any, Literal

import numpy as np
import shapely
from sqlalchemy import select

from backend.core.geo import Polygons, Positions
from backend.data.context import Context
from backend.pages.maps.mercator import TILE, Part, project
from backend.regions.models import AreaRow, RegionRow

Level = Literal["lowest", "parents"]

KEPT = 8  # regions and levels: one is half a megabyte as a rule, with what is simplified of it two
_SIMPLIFIED = 16
_STEPS = 2  # of detail, to each doubling of the scale
_SNAPPED, _GAP = 0.1, 1.0  # pixels: points that become one, gaps that are filled
_UNSEEN = 2.0  # pixels: corners cut off are smaller than a square of this side
_AREAS = (
    select(AreaRow.code, AreaRow.name, AreaRow.parent_code, AreaRow.lowest, AreaRow.boundary, RegionRow.areas_checksum)
    .join(RegionRow, RegionRow.id == AreaRow.region_id)
    .where(AreaRow.ended_at.is_(None))
    .order_by(AreaRow.code)
)
_kept: OrderedDict[tuple[int, str, Level], "Shapes"] = OrderedDict()
_lock = Lock()


@dataclass(frozen=True, kw_only=True, eq=False)
class Shapes:
    """Areas of one level by code. `polygons` are those of the lowest areas, in Web Mercator; `owners` says whose each is."""

    codes: tuple[str, ...]
    names: tuple[str, ...]
    polygons: Polygons
    owners: Positions

    @property
    def bounds(self) -> Part | None:
        """What all areas cover, or None where there are none."""
        return Part(*shapely.total_bounds(self.polygons).tolist()) if self.codes else None

    @property
    def heart(self) -> tuple[float, float]:
        """Where most areas are: the median of their places, however far out an island lies."""
        west, north, east, south = np.median(shapely.bounds(self.polygons), axis=0).tolist()
        return (west + east) / 2, (north + south) / 2


def get_shapes(ctx: Context, level: Level = "lowest") -> Shapes:
    """Return the region's lowest areas that have a polygon, or the areas right above those, made of what lies in them.

    Kept in this process while the region's areas stay as they are. No shapes for a region without polygons.
    """
    checksum = ctx.session.scalar(select(RegionRow.areas_checksum).where(RegionRow.id == ctx.region.id)) or ""
    with _lock:
        if found := _kept.get((ctx.region.id, checksum, level)):
            _kept.move_to_end((ctx.region.id, checksum, level))
            return found
    rows = ctx.session.execute(_AREAS.where(AreaRow.region_id == ctx.region.id)).all()
    shapes = _shapes(rows, level)
    with _lock:  # under what they are: the region may have moved between the statements
        _kept[ctx.region.id, rows[0].areas_checksum if rows else checksum, level] = shapes
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
    return shapes


def _shapes(rows: Any, level: Level) -> Shapes:
    names = {row.code: row.name for row in rows}
    drawn = [row for row in rows if row.lowest and row.boundary is not None]
    owners = [row.parent_code if level == "parents" and row.parent_code in names else row.code for row in drawn]
    codes = sorted(set(owners))
    polygons = np.asarray(shapely.from_wkb([row.boundary for row in drawn]), dtype=object)
    return Shapes(
        codes=tuple(codes),
        names=tuple(names[code] for code in codes),
        polygons=np.asarray(shapely.transform(polygons, project), dtype=object),
        owners=np.searchsorted(np.array(codes), np.array(owners)) if codes else np.array([], dtype=np.intp),
    )


def simplified(shapes: Shapes, scale: float) -> tuple[Polygons, float]:
    """Return a polygon for each area, as fine as `scale` pixels to the whole square show, and how many to the square it has."""
    step = int(np.ceil(np.log2(scale / TILE) * _STEPS))
    return _simplified(shapes, step), _scale(step)


def _scale(step: int) -> float:
    return float(TILE * 2 ** (step / _STEPS))


@lru_cache(maxsize=_SIMPLIFIED)
def _simplified(shapes: Shapes, step: int) -> Polygons:
    scale = _scale(step)
    pixels = shapely.transform(shapes.polygons, lambda x_y: x_y * scale)
    fitting = shapely.coverage_clean(pixels, gap_width=_GAP, snapping_distance=_SNAPPED)  # type: ignore[attr-defined]  # newer than its types
    fitting = np.where(shapely.is_empty(fitting), pixels, fitting)  # what lies wholly in another would be gone
    if len(shapes.codes) < len(fitting):
        fitting = np.array([shapely.union_all(fitting[shapes.owners == at]) for at in range(len(shapes.codes))], dtype=object)
    return np.asarray(shapely.coverage_simplify(fitting, _UNSEEN), dtype=object)
