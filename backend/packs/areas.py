"""The areas of a region as rows: those of the pack, and those that have ended and are kept for what happened in them."""

import numpy as np
import shapely
from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert

from backend.data.context import Context
from backend.packs.pack import AreaSpec, Pack
from backend.regions.models import AreaRow


def set_areas(ctx: Context, pack: Pack, *, same: bool) -> None:
    """Make the region's areas those of the pack; one that has left it is ended, not removed.

    `same`: the areas are as they were, and only who follows an ended one may differ.
    """
    own = AreaRow.region_id == ctx.region.id
    if not same:
        codes = [area.code for area in pack.areas]
        ctx.session.execute(delete(AreaRow).where(own, AreaRow.code.in_(codes)))
        ctx.session.execute(update(AreaRow).where(own, AreaRow.ended_at.is_(None)).values(ended_at=ctx.now()))
        ctx.session.execute(insert(AreaRow), _rows(ctx.region.id, pack.areas))
    ended = ctx.session.scalars(select(AreaRow).where(own, AreaRow.ended_at.is_not(None)))
    for row in ended:
        row.successors = list(pack.area_successors.get(row.code, row.successors))
    ctx.session.flush()


def _rows(region_id: int, areas: tuple[AreaSpec, ...]) -> list[dict[str, object]]:
    boxes = shapely.bounds(shapely.from_wkb(np.array([area.boundary for area in areas], dtype=object)))
    return [
        {
            "region_id": region_id,
            "code": area.code,
            "name": area.name,
            "kind": area.kind,
            "parent_code": area.parent_code,
            "lowest": area.lowest,
            "boundary": area.boundary,
            "successors": [],
            **dict(zip(("west", "south", "east", "north"), map(_number, box), strict=True)),
        }
        for area, box in zip(areas, boxes.tolist(), strict=True)
    ]


def _number(side: float) -> float | None:
    return None if np.isnan(side) else side  # of an area without a boundary of its own
