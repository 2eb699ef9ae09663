"""Routes of regions and areas: what an app needs before anybody has signed in."""

from typing import Any

from marshmallow import fields, validate

from backend.core.errors import not_found
from backend.core.text import in_language
from backend.data.context import Area, Context, Region
from backend.http.blueprint import RoomBlueprint
from backend.http.house import current_house
from backend.http.schema import Schema, page_of

API_REVISION = 1
LOWEST_APP_VERSION = "1.0.0"

blueprint = RoomBlueprint("regions", mount="/v1/regions", doc="Regions and their areas")


class RegionOut(Schema):
    """A region in a list."""

    key = fields.String(required=True, metadata={"examples": ["banda-aceh"]})
    code = fields.String(required=True, metadata={"examples": ["11.71"]})
    name = fields.String(required=True, metadata={"examples": ["Kota Banda Aceh"]})
    timezone = fields.String(required=True, metadata={"examples": ["Asia/Jakarta"]})


class RegionDress(RegionOut):
    """What an app needs to dress itself for a region."""

    app_name = fields.String(required=True, metadata={"examples": ["SALAM"]})
    official = fields.Boolean(required=True)
    notice = fields.String(required=True)
    branding = fields.Dict(required=True)
    languages = fields.List(fields.String(), required=True)
    phone_country = fields.String(required=True, metadata={"examples": ["ID"]})
    unit_titles = fields.Dict(required=True)
    contacts = fields.List(fields.Dict(), required=True)
    modules = fields.List(fields.Dict(), required=True)
    tiles = fields.List(fields.Dict(), required=True)
    pack_version = fields.String(required=True)
    api_revision = fields.Integer(required=True)
    features = fields.List(fields.String(), required=True)
    lowest_app_version = fields.String(required=True)


class AreaOut(Schema):
    """An area; `parents` are codes, nearest first, `successors` the codes of those that follow one that has ended."""

    code = fields.String(required=True, metadata={"examples": ["11.71.01.2001"]})
    name = fields.String(required=True)
    kind = fields.String(required=True, metadata={"examples": ["gampong"]})
    parents = fields.List(fields.String(), required=True)
    ended = fields.Boolean(required=True)
    successors = fields.List(fields.String(), required=True)


class AreaQuery(Schema):
    """Which areas to list."""

    parent = fields.String(validate=validate.Length(max=40), metadata={"examples": ["11.71.01"]})


class LocateQuery(Schema):
    """A point, WGS84."""

    lat = fields.Float(required=True, validate=validate.Range(-90, 90), metadata={"examples": [5.5529]})
    lng = fields.Float(required=True, validate=validate.Range(-180, 180), metadata={"examples": [95.3192]})


class Located(Schema):
    """The region that holds a point, and its lowest area."""

    region = fields.Nested(RegionOut, required=True)
    area = fields.Nested(AreaOut, required=True)


def _brief(region: Region) -> dict[str, Any]:
    return {"key": region.key, "code": region.code, "name": region.name, "timezone": region.timezone}


def area_out(region: Region, code: str) -> dict[str, Any] | None:
    """Return an area as the API shows it."""
    chain = current_house().directory.chain(region.id, code)
    return _shown(*chain) if chain else None


def _shown(area: Area, *parents: Area) -> dict[str, Any]:
    return {
        "code": area.code,
        "name": area.name,
        "kind": area.kind,
        "parents": [parent.code for parent in parents],
        "ended": area.ended,
        "successors": area.successors,
    }


@blueprint.endpoint("GET", "", public=True, out=page_of(RegionOut))
def list_regions(_ctx: Context) -> dict[str, Any]:
    """List the regions of this installation."""
    return {"items": [_brief(region) for region in current_house().directory.all()], "next_cursor": None}


@blueprint.endpoint("GET", "/locate", public=True, query=LocateQuery, out=Located)
def locate(_ctx: Context, query: dict[str, float]) -> dict[str, Any]:
    """Find the region and lowest area that hold a point."""
    directory = current_house().directory
    for region_id, code in directory.areas.locate(query["lat"], query["lng"]):
        region = directory.by_id(region_id)
        return {"region": _brief(region), "area": area_out(region, code)}
    raise not_found("regions.nowhere")


@blueprint.endpoint("GET", "/<region>", public=True, out=RegionDress)
def get_region(ctx: Context) -> dict[str, Any]:
    """Return what an app needs to dress itself."""
    region, modules = ctx.region, current_house().registry.modules
    on = [modules[name] for name in sorted(modules) if region.enabled(name) and not modules[name].always_on]
    identity = region.identity
    return _brief(region) | {
        "app_name": identity.get("app_name", region.name),
        "official": bool(identity.get("official", False)),
        "notice": in_language(identity.get("notice", {}), ctx.locale),
        "branding": identity.get("branding", {}),
        "languages": list(region.languages),
        "phone_country": identity["phone"]["country"],
        "unit_titles": identity.get("unit_titles", {}),
        "contacts": identity.get("contacts", []),
        "modules": [{"name": module.name, "version": module.version} for module in on],
        "tiles": [
            {"module": module.slug, "title": in_language(module.title, ctx.locale), **module.tile} for module in on if module.tile
        ],
        "pack_version": region.pack_version,
        "api_revision": API_REVISION,
        "features": [module.name for module in on],
        "lowest_app_version": LOWEST_APP_VERSION,
    }


@blueprint.endpoint("GET", "/<region>/areas", public=True, query=AreaQuery, out=page_of(AreaOut))
def list_areas(ctx: Context, query: dict[str, str]) -> dict[str, Any]:
    """List the region's areas, all or below one parent; none that has ended."""
    areas = current_house().directory.areas_of(ctx.region.id)
    wanted = [area.code for area in areas if "parent" not in query or area.parent_code == query["parent"]]
    return {"items": [area_out(ctx.region, code) for code in wanted], "next_cursor": None}


@blueprint.endpoint("GET", "/<region>/areas/<code>", public=True, out=AreaOut)
def get_area(ctx: Context, code: str) -> dict[str, Any]:
    """Return one area with its parents, also one that has ended."""
    found = area_out(ctx.region, code)
    if found is None:
        raise not_found()
    return found
