"""A pack before it is applied: whether every module takes it, and the region before and after as the modules see it."""

from collections.abc import Iterator, Mapping
from typing import Any

from marshmallow import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import undefer

from backend.core.text import LANGUAGES, Catalogue
from backend.data.context import Area, Context, ModuleState, Region
from backend.departments.models import Department
from backend.http.schema import field_errors
from backend.modules.contract import PACKED
from backend.modules.proposals import PackFinding, Proposal, Side, Unit
from backend.modules.registry import Registry
from backend.packs.faults import Fault, PackError
from backend.packs.folder import EDITED
from backend.packs.pack import Pack
from backend.regions.models import AreaRow, RegionModuleRow, RegionRow

ALWAYS = ModuleState(enabled=True, config=None, settings={}, version=1)


def check_modules(registry: Registry, catalogue: Catalogue, pack: Pack) -> tuple[Mapping[str, ModuleState], tuple[Fault, ...]]:
    """Return each module's state as the pack sets it, and all warnings. Raises PackError with every fault, each at its line."""
    faults: list[Fault] = []
    warnings = list(pack.warnings)
    states = _states(registry, catalogue, pack, faults, warnings)
    on = {name for name, state in states.items() if state.enabled}
    for name in sorted(on):
        for needed in sorted(set(registry.modules[name].requires) - on):
            text = f"{name} needs {needed}, which is off here: switch it on, or {name} off"
            faults.append(Fault(*pack.place(name, "enabled"), "packs.module_required", text))
    if not faults:
        side = side_of_pack(pack, states, registry)
        for name, finding in _findings(registry, side):
            place = pack.place(name, *finding.path)
            text = f"{name}.{'.'.join(map(str, finding.path))}: {catalogue.text(finding.code, 'en', finding.params)}"
            (faults if finding.fault else warnings).append(Fault(*place, finding.code, text))
    if faults:
        raise PackError(faults)
    return states, tuple(sorted(set(warnings)))


def _states(
    registry: Registry, catalogue: Catalogue, pack: Pack, faults: list[Fault], warnings: list[Fault]
) -> dict[str, ModuleState]:
    """Return the states of the modules that take their settings; what is wrong with the others is noted."""
    states: dict[str, ModuleState] = {}
    for name, settings in pack.modules.items():
        if name not in registry.modules or registry.modules[name].always_on:
            place = pack.place(name)  # an admin's word on a guest that has been removed since must not hold up the rest
            told = warnings if place.file.endswith(EDITED) else faults
            told.append(Fault(*place, "packs.unknown_module", f"no module {name} is installed here"))
            continue
        own = {key: value for key, value in settings.items() if key != "enabled"}
        enabled = bool(settings.get("enabled", True))
        try:
            config = registry.parse_config(name, own)
        except ValidationError as error:
            if not enabled:  # it may be given settings later
                states[name] = ModuleState(enabled=False, config=None, settings=own, version=1)
                continue
            for found in field_errors(error.messages):
                path = [int(part) if part.isdecimal() else part for part in found.field.split(".")]
                text = f"{name}.{found.field}: {catalogue.text(found.code, 'en', found.params)}"
                faults.append(Fault(*pack.place(name, *path), found.code, text))
        else:
            states[name] = ModuleState(enabled=enabled, config=config, settings=own, version=1)
    return states


def _findings(registry: Registry, side: Side) -> Iterator[tuple[str, PackFinding]]:
    for module in registry.modules.values():
        if module.always_on or side.region.enabled(module.name):
            for rules in module.contributes.get(PACKED, ()):
                yield from ((module.name, finding) for finding in (rules.check(side) if rules.check else ()))


def side_of_pack(
    pack: Pack, states: Mapping[str, ModuleState], registry: Registry, *, region_id: int = 0, version: int = 0, revision: int = 0
) -> Side:
    """Return the region as the pack makes it."""
    region = Region(
        id=region_id,
        key=pack.key,
        code=pack.code,
        name=pack.name,
        timezone=pack.identity["timezone"],
        languages=tuple(pack.identity.get("languages", LANGUAGES)),
        identity=dict(pack.identity),
        calendar=dict(pack.calendar),
        pack_version=f"{version}-{pack.checksum[:8]}",
        pack_checksum=pack.checksum,
        revision=revision,
        modules={module.name: ALWAYS for module in registry.modules.values() if module.always_on} | dict(states),
    )
    areas = {
        area.code: Area(code=area.code, name=area.name, kind=area.kind, parent_code=area.parent_code, lowest=area.lowest)
        for area in pack.areas
    }
    units = {
        unit.key: Unit(key=unit.key, name=unit.name, kind=unit.kind, types=unit.types, area_code=unit.area_code)
        for unit in pack.departments
    }
    boundaries = [(area.code, area.boundary) for area in pack.areas if area.lowest and area.boundary is not None]
    return Side(region=region, areas=areas, units=units, boundaries=lambda: boundaries)


def side_of_rows(ctx: Context, row: RegionRow, registry: Registry) -> Side:
    """Return the region as it is; the context must be in it."""
    states: dict[str, ModuleState] = {}
    for state in ctx.session.scalars(select(RegionModuleRow).where(RegionModuleRow.region_id == row.id)):
        if state.module in registry.modules:
            config: Any = None
            try:
                config = registry.parse_config(state.module, state.settings)
            except ValidationError:  # written by an earlier version of the module: off, as the directory has it
                state_on = False
            else:
                state_on = state.enabled
            states[state.module] = ModuleState(enabled=state_on, config=config, settings=state.settings, version=state.version)
    region = Region(
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
        modules={module.name: ALWAYS for module in registry.modules.values() if module.always_on} | states,
    )
    in_use = select(AreaRow).where(AreaRow.region_id == row.id, AreaRow.ended_at.is_(None))
    areas = {
        area.code: Area(code=area.code, name=area.name, kind=area.kind, parent_code=area.parent_code, lowest=area.lowest)
        for area in ctx.session.scalars(in_use)
    }
    active = select(Department).where(Department.region_id == row.id, Department.active)
    units = {
        unit.key: Unit(key=unit.key, name=unit.name, kind=unit.kind, types=tuple(unit.types), area_code=unit.area_code)
        for unit in ctx.session.scalars(active)
    }

    def boundaries() -> list[tuple[str, bytes]]:
        drawn = in_use.where(AreaRow.lowest, AreaRow.boundary.is_not(None)).options(undefer(AreaRow.boundary))
        return [(area.code, area.boundary or b"") for area in ctx.session.scalars(drawn)]

    return Side(region=region, areas=areas, units=units, boundaries=boundaries)


def propose(
    ctx: Context,
    row: RegionRow | None,
    pack: Pack,
    states: Mapping[str, ModuleState],
    registry: Registry,
    *,
    unit_successors: Mapping[str, str],
) -> Proposal:
    """Return what the pack would make of the region, None being one that is not there yet."""
    version, revision = (row.version + 1, row.revision + 1) if row else (1, 1)
    after = side_of_pack(pack, states, registry, region_id=row.id if row else 0, version=version, revision=revision)
    return Proposal(
        before=side_of_rows(ctx, row, registry) if row else None,
        after=after,
        unit_successors=_offices(pack) | pack.unit_successors | dict(unit_successors),
        area_successors=pack.area_successors,
    )


def _offices(pack: Pack) -> dict[str, str]:
    """Return who takes over from the office of an area that ended with one successor: the office of that one."""
    offices = {unit.area_code: unit.key for unit in pack.departments if unit.area_code}
    followed = {code: heirs[0] for code, heirs in pack.area_successors.items() if len(heirs) == 1}
    return {f"area-{code}": offices[heir] for code, heir in followed.items() if heir in offices}
