"""The first pages: the regions of this installation, what a region offers, and its colours."""

from typing import Any
from urllib.parse import urlencode

from flask import Response
from marshmallow import fields, validate

from backend.data.context import Context
from backend.http.house import current_house
from backend.http.schema import Schema
from backend.pages.blueprint import REGION_PAGES, PageBlueprint
from backend.pages.colours import ACCENT, PRIMARY, colour_or, ink_on
from backend.pages.frame import render

_AT_ONCE = 60
CHECKSUM = 12  # characters of a pack's, as the frame writes them

blueprint = PageBlueprint("regions", mount="", name="home")


class RegionsQuery(Schema):
    """Which regions are looked for; `after` is the last key of the page before."""

    q = fields.String(load_default="", validate=validate.Length(max=60))
    after = fields.String(load_default="", validate=validate.Length(max=60))


class VersionQuery(Schema):
    """The version that makes an address last; it changes nothing."""

    v = fields.String(load_default="", validate=validate.Length(max=64))


@blueprint.page("GET", "/", public=True, query=RegionsQuery)
def show_regions(ctx: Context, query: dict[str, str]) -> Response:
    """List the regions, by key; a word finds those in whose name, code or key it is."""
    word = query["q"].casefold()
    found = [
        region
        for region in current_house().directory.all()
        if region.key > query["after"] and word in f"{region.name} {region.key} {region.code}".casefold()
    ]
    more = urlencode({"q": query["q"], "after": found[_AT_ONCE - 1].key}) if len(found) > _AT_ONCE else ""
    return render(ctx, "frame/regions.html", regions=found[:_AT_ONCE], q=query["q"], more=more)


@blueprint.page("GET", REGION_PAGES, public=True)
def show_home(ctx: Context) -> Response:
    """Show what the region offers, and to whom works there what waits."""
    offered: list[Any] = [
        module for module in current_house().registry.modules.values() if not module.always_on and ctx.region.enabled(module.name)
    ]
    return render(ctx, "frame/home.html", modules=offered)


@blueprint.page("GET", f"{REGION_PAGES}/brand.css", public=True, no_token=True, query=VersionQuery, media="text/css")
def show_brand(ctx: Context, query: dict[str, str]) -> Response:
    """Return the region's colours as a stylesheet, to keep where the address names the pack that they are of."""
    colours = ctx.region.identity.get("branding", {}).get("colours", {})
    primary, accent = colour_or(colours.get("primary"), PRIMARY), colour_or(colours.get("accent"), ACCENT)
    response = render(ctx, "frame/brand.css", primary=primary, accent=accent, ink=ink_on(primary))
    response.content_type = "text/css; charset=utf-8"
    if query["v"] == ctx.region.pack_checksum[:CHECKSUM]:
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response
