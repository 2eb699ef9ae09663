"""What changes a region while the system runs: a module switched on or off, or given other settings."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import update

from backend.core.errors import DomainError, Kind
from backend.data.context import Context, ModuleState
from backend.regions.models import RegionModuleRow, RegionRow


def touch_region(ctx: Context) -> None:
    """Move the region's revision, so that every process reads it anew within seconds."""
    ctx.session.execute(update(RegionRow).where(RegionRow.id == ctx.region.id).values(revision=RegionRow.revision + 1))


def _locked(ctx: Context, module: str) -> RegionModuleRow:
    row = ctx.session.get(RegionModuleRow, (ctx.region.id, module), with_for_update=True)
    return row or RegionModuleRow(region_id=ctx.region.id, module=module, enabled=False, settings={}, version=0)


def switch_module(ctx: Context, module: str, parse: Callable[[Mapping[str, Any]], Any], *, enabled: bool) -> Context | None:
    """Switch a module on or off in the region; return the context as it is from then on, None when it was so before.

    `parse` reads the settings; what it raises for a module that is to be switched on is the caller's.
    """
    row = _locked(ctx, module)
    if row.enabled == enabled:
        return None
    before = ctx.region.modules.get(module)
    config = parse(row.settings) if enabled else before and before.config
    row.enabled, row.edited_at = enabled, ctx.now()
    ctx.session.add(row)
    touch_region(ctx)
    ctx.audit("modules.switched", subject=module, details={"enabled": enabled})
    return with_module(ctx, module, ModuleState(enabled=enabled, config=config, settings=row.settings, version=row.version))


def with_module(ctx: Context, module: str, state: ModuleState) -> Context:
    """Return the context of a region in which `module` stands so: for hooks, before the directory has read the change."""
    return replace(ctx, region_or_none=replace(ctx.region, modules={**ctx.region.modules, module: state}))


def change_settings(ctx: Context, module: str, settings: Mapping[str, Any], *, expected_version: int | None) -> int:
    """Replace a module's settings; return the new version. Raises DomainError (412) when another change came before."""
    row = _locked(ctx, module)
    if expected_version is not None and row.version != expected_version:
        raise DomainError(Kind.STALE, "request.stale")
    if dict(settings) != row.settings:
        ctx.session.add(row)
        row.settings, row.edited_at = dict(settings), ctx.now()
        row.version += 1
        touch_region(ctx)
        ctx.audit("modules.settings_changed", subject=module, details={"version": row.version})
    return row.version
