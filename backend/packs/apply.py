"""Applying a pack: one transaction that makes a region what the pack says, and changes nothing when it is that already."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from marshmallow import ValidationError
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from backend.core.text import LANGUAGES, Catalogue
from backend.data.context import Context, ModuleState, Region
from backend.data.db import enter_region
from backend.data.unit_of_work import unit_of_work
from backend.departments.operations import set_departments
from backend.http.house import House
from backend.http.schema import field_errors
from backend.modules.registry import Registry
from backend.packs.faults import Fault, PackError
from backend.packs.pack import Pack
from backend.regions.models import AreaRow, RegionModuleRow, RegionRow


@dataclass(frozen=True, kw_only=True)
class Applied:
    """What came of applying a pack."""

    region_key: str
    changed: bool
    areas: int
    departments: int
    modules: tuple[str, ...]
    kept: tuple[str, ...]  # modules an admin has edited since: the pack left them as they are


def check_modules(registry: Registry, catalogue: Catalogue, pack: Pack) -> Mapping[str, ModuleState]:
    """Return each module's state as the pack sets it. Raises PackError with every fault, each with its file and line."""
    faults, states = [], {}
    for name, settings in pack.modules.items():
        if name not in registry.modules or registry.modules[name].always_on:
            file, line = pack.place(name)
            faults.append(Fault(file=file, line=line, code="packs.unknown_module", text=f"no module {name} is installed here"))
            continue
        own = {key: value for key, value in settings.items() if key != "enabled"}
        try:
            config = registry.parse_config(name, own)
        except ValidationError as error:
            for found in field_errors(error.messages):
                path = [int(part) if part.isdigit() else part for part in found.field.split(".")]
                file, line = pack.place(name, *path)
                faults.append(
                    Fault(
                        file=file,
                        line=line,
                        code=found.code,
                        text=f"{name}.{found.field}: {catalogue.text(found.code, 'en', found.params)}",
                    )
                )
        else:
            states[name] = ModuleState(enabled=bool(settings.get("enabled", True)), config=config, settings=own, version=1)
    if faults:
        raise PackError(faults)
    return states


def apply_pack(house: House, pack: Pack, *, request_id: str = "") -> Applied:
    """Make the region what `pack` says, in one transaction. Raises PackError when a module refuses its settings."""
    states = check_modules(house.registry, house.ground.catalogue, pack)
    kept: tuple[str, ...] = ()
    with unit_of_work(house.ground, request_id=request_id) as outside:
        session = outside.session
        row = session.scalar(select(RegionRow).where(RegionRow.key == pack.key).with_for_update())
        changed = row is None or row.pack_checksum != pack.checksum
        if changed:
            row = _region_row(outside, row, pack)
            enter_region(session, row.id)
            _set_areas(outside, row.id, pack)
            before = {
                state.module: state
                for state in session.scalars(select(RegionModuleRow).where(RegionModuleRow.region_id == row.id))
            }
            ctx = replace(outside, region_or_none=_snapshot(row, states, house.registry), locale=row.languages[0])
            set_departments(ctx, pack.departments)
            _set_modules(ctx, house.registry, states, before)
            kept = tuple(sorted(name for name, row in before.items() if row.edited_at is not None))
            ctx.audit("packs.applied", subject=pack.key, details={"checksum": pack.checksum, "kept": list(kept)})
    house.directory.refresh()
    return Applied(
        region_key=pack.key,
        changed=changed,
        areas=len(pack.areas),
        departments=len(pack.departments),
        modules=tuple(sorted(name for name, state in states.items() if state.enabled)),
        kept=kept,
    )


def _region_row(ctx: Context, row: RegionRow | None, pack: Pack) -> RegionRow:
    values: dict[str, Any] = {
        "code": pack.code,
        "name": pack.name,
        "timezone": pack.identity["timezone"],
        "languages": list(pack.identity.get("languages", LANGUAGES)),
        "identity": dict(pack.identity),
        "calendar": dict(pack.calendar),
        "pack_version": str(pack.identity.get("version", pack.checksum[:12])),
        "pack_checksum": pack.checksum,
        "applied_at": ctx.now(),
    }
    if row is None:
        row = RegionRow(key=pack.key, revision=0)
        ctx.session.add(row)
    for name, value in values.items():
        setattr(row, name, value)
    row.revision += 1
    ctx.session.flush()
    return row


def _snapshot(row: RegionRow, states: Mapping[str, ModuleState], registry: Registry) -> Region:
    always = ModuleState(enabled=True, config=None, settings={}, version=1)
    return Region(
        id=row.id,
        key=row.key,
        code=row.code,
        name=row.name,
        timezone=row.timezone,
        languages=tuple(row.languages),
        identity=row.identity,
        calendar=row.calendar,
        pack_version=row.pack_version,
        pack_checksum=row.pack_checksum,
        revision=row.revision,
        modules={module.name: always for module in registry.modules.values() if module.always_on} | dict(states),
    )


def _set_areas(ctx: Context, region_id: int, pack: Pack) -> None:
    # Platform rows without anything hanging on them: complaints keep an area's code as text, so history outlives an area.
    ctx.session.execute(delete(AreaRow).where(AreaRow.region_id == region_id))
    ctx.session.execute(
        insert(AreaRow),
        [
            {
                "region_id": region_id,
                "code": area.code,
                "name": area.name,
                "kind": area.kind,
                "parent_code": area.parent_code,
                "lowest": area.lowest,
                "boundary": area.boundary,
            }
            for area in pack.areas
        ],
    )


def _set_modules(
    ctx: Context, registry: Registry, states: Mapping[str, ModuleState], before: Mapping[str, RegionModuleRow]
) -> None:
    for name, state in states.items():
        module, row = registry.modules[name], before.get(name)
        if row is not None and row.edited_at is not None:
            continue
        was_on, said_before = (row.enabled, row.settings) if row else (False, None)
        if row is None:
            row = RegionModuleRow(region_id=ctx.region.id, module=name, version=0)
            ctx.session.add(row)
        row.enabled, row.settings = state.enabled, dict(state.settings)
        if said_before != row.settings:
            row.version += 1
        ctx.session.flush()
        if state.enabled and not was_on and module.on_enable:
            module.on_enable(ctx)
        if said_before != row.settings and module.on_settings:
            module.on_settings(ctx)
        if was_on and not state.enabled and module.on_disable:
            module.on_disable(ctx)
