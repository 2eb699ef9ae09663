"""A region's pack given back: its files, and what its modules' admins have changed in rows of their own."""

from sqlalchemy import select

from backend.data.context import Context
from backend.modules.contract import PACKED
from backend.modules.registry import Registry
from backend.packs.folder import SIGNATURE
from backend.packs.settings import edited, get_files
from backend.packs.versions import files_of
from backend.regions.models import RegionModuleRow


def export_files(ctx: Context, registry: Registry, version: int | None = None) -> dict[str, bytes]:
    """Return the pack that makes a region like this one, or like it was in `version`. Raises DomainError (404).

    What a module's admins keep in rows stands in the pack as it is now: rows have no versions.
    """
    if version is not None:
        return files_of(ctx.session, ctx.region.id, version)
    files = get_files(ctx)
    for row in ctx.session.scalars(select(RegionModuleRow).where(RegionModuleRow.region_id == ctx.region.id)):
        module = registry.modules.get(row.module)
        for rules in module.contributes.get(PACKED, ()) if module else ():
            said = rules.restate(ctx, row.settings) if rules.restate else None
            if said is not None:
                files = edited(files, row.module, {"enabled": row.enabled, **said})
    return {path: content for path, content in files.items() if path != SIGNATURE}
