"""Routes by which an admin switches modules and edits their settings, while the system runs."""

import re
from typing import Any

from flask import Response, request
from marshmallow import fields
from sqlalchemy import Select, select

from backend.core.errors import DomainError, Kind, not_found
from backend.core.text import in_language
from backend.data.context import Context
from backend.http.blueprint import REGION, RoomBlueprint, answer
from backend.http.house import current_house
from backend.http.schema import Schema, page_of
from backend.modules.contract import ServiceModule
from backend.packs.forms import settings_schema
from backend.packs.routes import CONFIGURE
from backend.packs.sections import rooms
from backend.packs.settings import change_module
from backend.regions.models import RegionModuleRow

_VERSION = re.compile(r'"v(\d{1,18})"')

blueprint = RoomBlueprint("packs", name="modules", mount=f"{REGION}/modules", doc="Modules of a region and their settings")


class ModuleOut(Schema):
    """A module as an admin sees it."""

    name = fields.String(required=True, metadata={"examples": ["service_info"]})
    title = fields.String(required=True)
    version = fields.String(required=True)
    enabled = fields.Boolean(required=True)
    health = fields.String(required=True, metadata={"examples": ["ok"]})
    requires = fields.List(fields.String(), required=True, metadata={"description": "Modules without which it cannot be on"})


class SwitchIn(Schema):
    """On or off."""

    enabled = fields.Boolean(required=True)


class SettingsOut(Schema):
    """A module's settings, and the JSON Schema they follow, from which a form can be made."""

    json_schema = fields.Dict(
        required=True,
        data_key="schema",
        metadata={"description": "JSON Schema (2020-12), with titles, help, choices and defaults in the reader's language"},
    )
    values = fields.Dict(required=True)


class SettingsIn(Schema):
    """A module's settings, whole: what is left out is not kept."""

    values = fields.Dict(keys=fields.String(), required=True)


def _room(slug: str) -> ServiceModule:
    module = rooms(current_house().registry).get(slug)
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
        "requires": list(module.requires),
    }


@blueprint.endpoint("GET", "", permission=CONFIGURE, out=page_of(ModuleOut))
def list_modules(ctx: Context) -> dict[str, Any]:
    """List the modules of this installation as they stand in the region."""
    on = {row.module for row in ctx.session.scalars(_rows(ctx)) if row.enabled}
    items = [_shown(ctx, module, enabled=module.name in on) for module in rooms(current_house().registry).values()]
    return {"items": items, "next_cursor": None}


def _rows(ctx: Context) -> Select[RegionModuleRow]:
    # An admin reads what is written: the directory's snapshot may be two seconds old.
    return select(RegionModuleRow).where(RegionModuleRow.region_id == ctx.region.id)


@blueprint.endpoint("PUT", "/<module>", permission=CONFIGURE, body=SwitchIn, out=ModuleOut)
def put_module(ctx: Context, body: dict[str, bool], module: str) -> dict[str, Any]:
    """Switch a module on or off, as a version of the region's pack; every process follows within 5 seconds."""
    room, enabled = _room(module), body["enabled"]
    change_module(ctx, current_house().registry, room, enabled=enabled)
    return _shown(ctx, room, enabled=enabled)


def _settings(ctx: Context, room: ServiceModule) -> Response:
    row = ctx.session.scalar(_rows(ctx).where(RegionModuleRow.module == room.name))
    values, version = (row.settings, row.version) if row else ({}, 0)
    schema = settings_schema(room, ctx.ground.catalogue, ctx.locale, ctx.region.languages)
    return answer({"schema": schema, "values": values}, headers={"ETag": f'"v{version}"'})


@blueprint.endpoint("GET", "/<module>/settings", permission=CONFIGURE, out=SettingsOut)
def get_settings(ctx: Context, module: str) -> Response:
    """Return a module's settings with their schema; the ETag is what PUT asks for in If-Match."""
    return _settings(ctx, _room(module))


@blueprint.endpoint("PUT", "/<module>/settings", permission=CONFIGURE, body=SettingsIn, out=SettingsOut, if_match="required")
def put_settings(ctx: Context, body: dict[str, Any], module: str) -> Response:
    """Replace a module's settings, as a version of the region's pack; needs If-Match with the ETag of what they replace."""
    room = _room(module)
    match = _VERSION.fullmatch(request.headers.get("If-Match", ""))
    if match is None:
        raise DomainError(Kind.STALE, "request.if_match_needed")
    change_module(ctx, current_house().registry, room, values=body["values"], expected_version=int(match[1]))
    return _settings(ctx, room)
