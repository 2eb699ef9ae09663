"""Which region of this installation runs what: the modules that are on in it, and the pack as it was last applied."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from backend.data.context import Context, Region
from backend.http.house import current_house
from backend.modules.contract import ServiceModule
from backend.regions.models import RegionModuleRow, RegionRow


@dataclass(frozen=True, kw_only=True)
class RunningRegion:
    """A region at work. `version` counts what has been applied to it; `modules` are without the nouns every region has."""

    region: Region
    modules: tuple[ServiceModule, ...]
    version: int
    applied_at: datetime


def list_running(ctx: Context, *, after: str, limit: int) -> list[RunningRegion]:
    """Return the regions whose keys come after `after`, by key, in one statement; all of it is public."""
    house = current_house()
    rooms = [module for name, module in sorted(house.registry.modules.items()) if not module.always_on]
    regions = [region for region in house.directory.all() if region.key > after][:limit]
    # Not from the directory: it would read the settings of every region, one by one, to say what is on.
    on = func.array_agg(RegionModuleRow.module).filter(RegionModuleRow.enabled)
    rows = ctx.session.execute(
        select(RegionRow.id, RegionRow.version, RegionRow.applied_at, func.coalesce(on, []).label("on"))
        .outerjoin(RegionModuleRow, RegionModuleRow.region_id == RegionRow.id)
        .where(RegionRow.id.in_([region.id for region in regions]))
        .group_by(RegionRow.id)
    )
    applied = {row.id: row for row in rows}
    return [
        RunningRegion(
            region=region,
            modules=tuple(module for module in rooms if module.name in applied[region.id].on),
            version=applied[region.id].version,
            applied_at=applied[region.id].applied_at,
        )
        for region in regions
    ]
