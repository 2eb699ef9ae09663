"""Routes by which a regional admin switches modules and edits their settings, while the system runs."""

import re
from datetime import timedelta
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Response, request
from marshmallow import ValidationError, fields
from sqlalchemy import Select, select

from backend.core.errors import DomainError, Kind, not_found
from backend.core.text import in_language
from backend.data.audit import AuditEntry, AuditPending, AuditSeal
from backend.data.context import Context, ModuleState
from backend.data.deliveries import ScheduleSlot, forget_done
from backend.data.events import Delivery, EventRow
from backend.data.notices import NOTICE_REQUESTED
from backend.data.personal import untell
from backend.data.serials import SerialRow
from backend.http.blueprint import REGION, RoomBlueprint, answer
from backend.http.house import current_house
from backend.http.idempotency import CHECKS, IdempotencyKey, export_person, forget_old_keys, forget_person
from backend.http.schema import Schema, field_errors, page_of
from backend.modules.contract import RECONCILED, Permission, Schedule, ServiceModule
from backend.modules.registry import Registry
from backend.regions.models import AreaRow, RegionModuleRow, RegionRow
from backend.regions.operations import change_settings, switch_module, with_module

CONFIGURE = "regions.configure"
_VERSION = re.compile(r'"v(\d{1,18})"')

blueprint = RoomBlueprint("modules", mount=f"{REGION}/modules", doc="Modules of a region and their settings")


class ModuleOut(Schema):
    """A module as an admin sees it."""

    name = fields.String(required=True, metadata={"examples": ["service_info"]})
    title = fields.String(required=True)
    version = fields.String(required=True)
    enabled = fields.Boolean(required=True)
    health = fields.String(required=True, metadata={"examples": ["ok"]})


class SwitchIn(Schema):
    """On or off."""

    enabled = fields.Boolean(required=True)


class SettingsOut(Schema):
    """A module's settings, and the JSON Schema they follow."""

    json_schema = fields.Dict(required=True, data_key="schema")
    values = fields.Dict(required=True)


class SettingsIn(Schema):
    """A module's settings, whole: what is left out is not kept."""

    values = fields.Dict(keys=fields.String(), required=True)


def _rooms() -> dict[str, ServiceModule]:
    return {module.slug: module for module in current_house().registry.modules.values() if not module.always_on}


def _room(slug: str) -> ServiceModule:
    module = _rooms().get(slug)
    if module is None:
        raise not_found("modules.unknown")
    return module


def _shown(ctx: Context, module: ServiceModule, *, enabled: bool) -> dict[str, Any]:
    return {
        "name": module.name,
        "title": in_language(module.title, ctx.locale),
        "version": module.version,
        "enabled": enabled,
        "health": "ok" if enabled else "off",
    }


@blueprint.endpoint("GET", "", permission=CONFIGURE, out=page_of(ModuleOut))
def list_modules(ctx: Context) -> dict[str, Any]:
    """List the modules of this installation as they stand in the region."""
    on = {row.module for row in ctx.session.scalars(_rows(ctx)) if row.enabled}
    items = [_shown(ctx, module, enabled=module.name in on) for module in _rooms().values()]
    return {"items": items, "next_cursor": None}


def _rows(ctx: Context) -> Select[RegionModuleRow]:
    # An admin reads what is written: the directory's snapshot may be two seconds old.
    return select(RegionModuleRow).where(RegionModuleRow.region_id == ctx.region.id)


@blueprint.endpoint("PUT", "/<module>", permission=CONFIGURE, body=SwitchIn, out=ModuleOut)
def put_module(ctx: Context, body: dict[str, bool], module: str) -> dict[str, Any]:
    """Switch a module on or off; every process follows within 5 seconds."""
    room, enabled = _room(module), body["enabled"]
    switch(ctx, current_house().registry, room, enabled=enabled)
    return _shown(ctx, room, enabled=enabled)


def switch(ctx: Context, registry: Registry, module: ServiceModule, *, enabled: bool) -> bool:
    """Switch a module on or off and call its hook; return whether anything changed.

    Raises DomainError (409, naming the places) when it is to be on and its settings in the region do not fit.
    """
    try:
        changed = switch_module(ctx, module.name, lambda said: registry.parse_config(module.name, said), enabled=enabled)
    except ValidationError as error:
        faults = list(field_errors(error.messages, "values"))
        raise DomainError(Kind.CONFLICT, "modules.settings_needed", errors=faults) from None
    hook = module.on_enable if enabled else module.on_disable
    if changed and hook:
        hook(changed)
    return changed is not None


def json_schema(module: ServiceModule) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a module's settings."""
    if module.config_schema is None:
        return {"type": "object", "additionalProperties": False}
    spec = APISpec("settings", module.version, "3.1.0", plugins=[MarshmallowPlugin()])
    spec.components.schema("Settings", schema=module.config_schema)
    found: dict[str, Any] = spec.to_dict()["components"]["schemas"]
    return {"$ref": "#/components/schemas/Settings", "components": {"schemas": found}}


@blueprint.endpoint("GET", "/<module>/settings", permission=CONFIGURE, out=SettingsOut)
def get_settings(ctx: Context, module: str) -> Response:
    """Return a module's settings with their schema; the ETag is what PUT asks for in If-Match."""
    room = _room(module)
    row = ctx.session.scalar(_rows(ctx).where(RegionModuleRow.module == room.name))
    values, version = (row.settings, row.version) if row else ({}, 0)
    return answer({"schema": json_schema(room), "values": values}, headers={"ETag": f'"v{version}"'})


@blueprint.endpoint("PUT", "/<module>/settings", permission=CONFIGURE, body=SettingsIn, out=SettingsOut, if_match="required")
def put_settings(ctx: Context, body: dict[str, Any], module: str) -> Response:
    """Replace a module's settings; needs If-Match with the ETag of the settings they replace."""
    room = _room(module)
    match = _VERSION.fullmatch(request.headers.get("If-Match", ""))
    if match is None:
        raise DomainError(Kind.STALE, "request.if_match_needed")
    try:
        config = current_house().registry.parse_config(room.name, body["values"])
    except ValidationError as error:
        faults = list(field_errors(error.messages, "values"))
        raise DomainError(Kind.INVALID, "request.invalid", errors=faults) from None
    version = change_settings(ctx, room.name, body["values"], expected_version=int(match[1]))
    if room.on_settings:
        state = ModuleState(enabled=ctx.region.enabled(room.name), config=config, settings=body["values"], version=version)
        room.on_settings(with_module(ctx, room.name, state))
    return answer({"schema": json_schema(room), "values": body["values"]}, headers={"ETag": f'"v{version}"'})


REGIONS_MODULE = ServiceModule(
    name="regions",
    version="1.0",
    title={"id": "Wilayah", "en": "Regions"},
    permissions=[
        Permission(
            name=CONFIGURE,
            roles=frozenset({"regional_admin", "platform_admin"}),
            doc="Switch a region's modules on and off and change their settings",
        )
    ],
    publishes=[NOTICE_REQUESTED],
    contributes={RECONCILED: CHECKS},
    schedules=[
        Schedule(name="regions.forget_old_keys", every=timedelta(hours=1), run=forget_old_keys),
        Schedule(name="regions.forget_done", every=timedelta(hours=6), run=forget_done),
    ],
    export_personal_data=export_person,
    erase_personal_data=lambda ctx, account_id: {**untell(ctx, account_id), **forget_person(ctx, account_id)},
    models=[
        RegionRow,
        AreaRow,
        RegionModuleRow,
        EventRow,
        Delivery,
        AuditEntry,
        AuditSeal,
        AuditPending,
        IdempotencyKey,
        ScheduleSlot,
        SerialRow,
    ],
    always_on=True,
)
