"""What everybody reads: numbers to call, services with what they ask, cost and take, places, and what is new."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from flask import Response
from marshmallow import fields, validate

from backend.sdk.data import distance_m
from backend.sdk.domain import Context, area_extent, not_found
from backend.sdk.pages import PageBlueprint, get_shapes, here, render
from backend.sdk.web import ListQuery
from services.service_info import queries
from services.service_info.domain import CITED, MAX_RADIUS_M, PLACE_KINDS
from services.service_info.models import Article, Service
from services.service_info.schemas import LatLngText, ServicesQuery, shown

_AT_ONCE, _FIRST, _NEWS = 20, 6, 3  # of a list, and on the first page
_NUMBERS = 100

blueprint = PageBlueprint("service_info", templates=Path(__file__).parent.parent / "templates")


class PageOfServices(ServicesQuery):
    """Which services, and which part of the list."""

    class Meta:
        """A reader gets one language."""

        exclude = ("all_languages", "limit")


class PageOfList(ListQuery):
    """Which part of the list."""

    class Meta:
        """A page has its own length."""

        exclude = ("limit",)


class PageOfPlaces(PageOfList):
    """Which places: of a kind, and around an area or where the reader stands."""

    kind = fields.String(load_default=None, validate=validate.Length(1, 40))
    area = fields.String(load_default=None, validate=validate.Length(1, 40))
    near = LatLngText(load_default=None)


def _told(ctx: Context, rows: Sequence[queries.Row]) -> list[dict[str, Any]]:
    return [told(ctx, row) for row in rows]


def told(ctx: Context, row: queries.Row) -> dict[str, Any]:
    """Return an item as a page shows it: in the reader's language, its source only where that is one that people can look up."""
    item = shown(ctx, row, all_languages=False)
    if item["source"].startswith(CITED):
        item["source"] = ""
    if "phone" in item:
        item["dialled"] = re.sub(r"[^+0-9]", "", item["phone"])
    return item


@blueprint.page("GET", "", public=True)
def show_start(ctx: Context) -> Response:
    """Show whom to call in an emergency, then the first services and what is new."""
    contacts, _ = queries.list_contacts(ctx, limit=_NUMBERS, cursor=None)
    services, more = queries.list_services(ctx, limit=_FIRST, cursor=None)
    articles, _ = queries.list_articles(ctx, limit=_NEWS, cursor=None)
    return render(
        ctx,
        "service_info/start.html",
        emergency=[each for each in _told(ctx, contacts) if each["kind"] == "emergency"],
        services=_told(ctx, services),
        more=bool(more),
        articles=_told(ctx, articles),
    )


@blueprint.page("GET", "/services", public=True, query=PageOfServices)
def show_services(ctx: Context, query: dict[str, Any]) -> Response:
    """List the services, or those in which a word is found."""
    found, cursor = queries.list_services(ctx, search=query.get("q"), limit=_AT_ONCE, cursor=query["cursor"])
    following = here(ctx.region, "/service-info/services", q=query.get("q"), cursor=cursor)
    return render(
        ctx,
        "service_info/services.html",
        services=_told(ctx, found),
        q=query.get("q", ""),
        following=following if cursor else "",
    )


@blueprint.page("GET", "/services/<key>", public=True)
def show_service(ctx: Context, key: str) -> Response:
    """Show what a service asks, costs and takes, and who gives it."""
    return render(ctx, "service_info/service.html", service=told(ctx, queries.get_item(ctx, Service, key)))


@blueprint.page("GET", "/contacts", public=True)
def show_contacts(ctx: Context) -> Response:
    """List the numbers to call, those for an emergency first."""
    found, _ = queries.list_contacts(ctx, limit=_NUMBERS, cursor=None)
    contacts = _told(ctx, found)
    kinds = {kind: [each for each in contacts if each["kind"] == kind] for kind in ("emergency", "information")}
    return render(ctx, "service_info/contacts.html", kinds=kinds)


@blueprint.page("GET", "/places", public=True, query=PageOfPlaces)
def show_places(ctx: Context, query: dict[str, Any]) -> Response:
    """List the places: all, around an area, or from where the reader stands, the nearest first."""
    shapes = get_shapes(ctx, "parents")
    asked = {name: query[name] for name in ("kind", "area")} | {"near": _written(query["near"])}
    found, cursor = queries.list_places(ctx, kind=query["kind"], limit=_AT_ONCE, cursor=query["cursor"], **_around(ctx, query))
    return render(
        ctx,
        "service_info/places.html",
        worded=PLACE_KINDS,
        places=_told(ctx, found),
        kinds=queries.list_kinds_of_places(ctx),
        areas=dict(sorted(zip(shapes.codes, shapes.names, strict=True), key=lambda area: area[1])),
        asked=asked,
        following=here(ctx.region, "/service-info/places", **asked, cursor=cursor) if cursor else "",
    )


def _written(near: tuple[float, float] | None) -> str | None:
    return f"{near[0]},{near[1]}" if near else None


def _around(ctx: Context, query: dict[str, Any]) -> dict[str, Any]:
    if query["near"]:
        return {"near": query["near"], "radius_m": MAX_RADIUS_M}
    if not query["area"]:
        return {}
    box = area_extent(ctx, query["area"])
    if box is None:
        raise not_found()
    middle = ((box.south + box.north) / 2, (box.west + box.east) / 2)
    return {"near": middle, "radius_m": min(distance_m(middle, (box.south, box.west)), MAX_RADIUS_M)}


@blueprint.page("GET", "/articles", public=True, query=PageOfList)
def show_articles(ctx: Context, query: dict[str, Any]) -> Response:
    """List the articles, the newest first."""
    found, cursor = queries.list_articles(ctx, limit=_AT_ONCE, cursor=query["cursor"])
    following = here(ctx.region, "/service-info/articles", cursor=cursor) if cursor else ""
    return render(ctx, "service_info/articles.html", articles=_told(ctx, found), following=following)


@blueprint.page("GET", "/articles/<key>", public=True)
def show_article(ctx: Context, key: str) -> Response:
    """Show one article."""
    return render(ctx, "service_info/article.html", article=told(ctx, queries.get_item(ctx, Article, key)))
