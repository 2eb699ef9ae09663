"""What changes a region while the system runs: a module switched on or off, or given other settings."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import update

from backend.core.errors import DomainError, Kind
from backend.data.context import Context
from backend.regions.models import RegionModuleRow, RegionRow


def touch_region(ctx: Context) -> None:
    """Move the region's revision, so that every process reads it anew within seconds."""
    ctx.session.execute(update(RegionRow).where(RegionRow.id == ctx.region.id).values(revision=RegionRow.revision + 1))


def _locked(ctx: Context, module: str) -> RegionModuleRow:
    row = ctx.session.get(RegionModuleRow, (ctx.region.id, module), with_for_update=True)
    if row is None:
        row = RegionModuleRow(region_id=ctx.region.id, module=module, enabled=False, settings={}, version=0)
        ctx.session.add(row)
    return row


def switch_module(ctx: Context, module: str, *, enabled: bool) -> bool:
    """Switch a module on or off in the region; return whether anything changed."""
    row = _locked(ctx, module)
    if row.enabled == enabled:
        return False
    row.enabled = enabled
    touch_region(ctx)
    ctx.audit("modules.switched", subject=module, details={"enabled": enabled})
    return True


def change_settings(ctx: Context, module: str, settings: Mapping[str, Any], *, expected_version: int | None) -> int:
    """Replace a module's settings; return the new version. Raises DomainError (412) when another change came before."""
    row = _locked(ctx, module)
    if expected_version is not None and row.version != expected_version:
        raise DomainError(Kind.STALE, "request.stale")
    if dict(settings) != row.settings:
        row.settings = dict(settings)
        row.version += 1
        touch_region(ctx)
        ctx.audit("modules.settings_changed", subject=module, details={"version": row.version})
    return row.version
