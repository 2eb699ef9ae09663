"""The public page: agreements, and which region runs what, for people; it runs no script and loads nothing but its stylesheet."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from flask import Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from backend.sdk.domain import Context, in_language, not_found
from backend.sdk.web import RoomBlueprint
from services.replication.domain import colour_or, ink_on
from services.replication.queries import ROOM, list_agreements, list_regions
from services.replication.schemas import LANGUAGES, PublicPageQuery, shown_agreement, shown_region

_AGREEMENTS, _REGIONS = 10, 20  # of each on one page, which so stays below 20 kB as a rule
_PRIMARY, _ACCENT = "#1f4e5f", "#b45309"  # of a region whose pack says none
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "public, max-age=60",
}
_TEXTS = (
    *("replication.page_title", "replication.page_intro", "replication.page_skip", "replication.page_languages"),
    *("replication.page_agreements", "replication.page_agreements_caption", "replication.page_no_agreements"),
    *("replication.page_regions", "replication.page_regions_caption", "replication.page_next", "replication.page_first"),
    *("replication.page_agreement", "replication.page_parties", "replication.page_term"),
    *("replication.page_handed_over", "replication.page_document", "replication.page_read", "replication.page_scan"),
    *("replication.page_signed", "replication.page_no_end", "replication.page_nothing", "replication.page_region"),
    *("replication.page_modules", "replication.page_pack", "replication.page_applied", "replication.page_origin"),
    *("replication.page_version", "replication.page_own_pack", "replication.page_by_agreement"),
    *("replication.kind_mou", "replication.kind_cooperation", "replication.kind_grant", "replication.kind_other"),
    *("replication.role_giver", "replication.role_receiver", "replication.role_partner"),
    *("replication.status_not_yet_in_force", "replication.status_in_force", "replication.status_expired"),
)
_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)

blueprint = RoomBlueprint(ROOM, name="replication_page", doc="The public page of which region runs what")


def _refuse_where_off(ctx: Context) -> None:
    if not ctx.config(ROOM)["public_page"]:
        raise not_found("replication.page_off")


@blueprint.endpoint("GET", "/page", public=True, query=PublicPageQuery, media="text/html")
def show(ctx: Context, query: Mapping[str, str | None]) -> Response:
    """Show the page, in the language of `lang` or of Accept-Language."""
    _refuse_where_off(ctx)
    told = replace(ctx, locale=query["lang"] or ctx.ground.catalogue.own_language(ctx.locale))
    agreements, more_agreements = list_agreements(told, also_private=False, limit=_AGREEMENTS, cursor=query["agreements"])
    regions, more_regions = list_regions(told, limit=_REGIONS, cursor=query["regions"])
    running, zone = [shown_region(told, region) for region in regions], ctx.region.zone
    page = _templates.get_template("page.html").render(
        language=told.locale,
        languages=LANGUAGES,
        region=ctx.region,
        app_name=ctx.region.identity.get("app_name", ctx.region.name),
        notice=in_language(ctx.region.identity.get("notice", {}), told.locale),
        t={code.partition(".")[2]: ctx.ground.catalogue.text(code, told.locale) for code in _TEXTS},
        agreements=[shown_agreement(told, agreement) for agreement in agreements],
        regions=running,
        titles={module["name"]: module["title"] for region in running for module in region["modules"]},
        day_of=lambda instant: instant.astimezone(zone).date(),
        following=lambda **cursors: _link(query, lang=told.locale, **cursors),
        more_agreements=more_agreements,
        more_regions=more_regions,
        later=bool(query["agreements"] or query["regions"]),
    )
    headers = {"Content-Language": told.locale, "Vary": "Accept-Language"}
    return Response(page, content_type="text/html; charset=utf-8", headers={**_HEADERS, **headers})


def _link(query: Mapping[str, str | None], **changed: Any) -> str:
    asked = {**query, **changed}
    return f"?{urlencode({name: value for name, value in asked.items() if value})}"


@blueprint.endpoint("GET", "/page.css", public=True, media="text/css")
def show_style(ctx: Context) -> Response:
    """Return the page's stylesheet, in the region's colours."""
    _refuse_where_off(ctx)
    colours = ctx.region.identity.get("branding", {}).get("colours", {})
    primary, accent = colour_or(colours.get("primary"), _PRIMARY), colour_or(colours.get("accent"), _ACCENT)
    style = _templates.get_template("page.css").render(primary=primary, accent=accent, ink=ink_on(primary))
    return Response(style, content_type="text/css; charset=utf-8", headers={"Cache-Control": "public, max-age=300"})
