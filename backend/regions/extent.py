"""Where an area lies, as a box: what is near it can then be asked for without its polygon."""

from sqlalchemy import func, select

from backend.core.geo import Box
from backend.data.context import Context
from backend.regions.models import AreaRow


def area_extent(ctx: Context, code: str) -> Box | None:
    """Return the box round the lowest areas in the area of that code; None for one that is unknown or has no polygon."""
    inside = ctx.ground.regions.lowest_below(ctx.region.id, code)
    asked = (func.min(AreaRow.south), func.min(AreaRow.west), func.max(AreaRow.north), func.max(AreaRow.east))
    found = ctx.session.execute(select(*asked).where(AreaRow.region_id == ctx.region.id, AreaRow.code.in_(inside))).one()
    sides = [side for side in found if side is not None]
    return Box(*sides) if len(sides) == len(found) else None
