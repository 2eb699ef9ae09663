"""Routes of the room: everybody reads, the region's admins edit.

The ETag of an item begins with its version, and edits ask for it in If-Match.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Response, request

from backend.sdk.domain import Context, DomainError, Kind
from backend.sdk.web import RoomBlueprint, Schema, answer, page_of
from services.service_info import config, queries, schemas
from services.service_info.domain import RADIUS_M
from services.service_info.models import Article, Contact, Item, Place, Service
from services.service_info.operations import create_item, replace_item, retire_item
from services.service_info.schemas import shown

EDIT = "service_info.edit"
_VERSION = re.compile(r'"v(\d{1,18})(?:-[a-z]{2,3}-\d{1,18})?"')

blueprint = RoomBlueprint("service_info", doc="Services, places, contacts and articles of a region")


@dataclass(frozen=True, kw_only=True)
class _Items:
    """One kind of items on the wire."""

    plural: str
    model: type[Item]
    new: type[Schema]
    form: type[Schema]
    out: type[Schema]

    @property
    def singular(self) -> str:
        return self.plural.removesuffix("s")


_KINDS = (
    _Items(plural="services", model=Service, new=config.ServiceIn, form=config.ServiceForm, out=schemas.ServiceShown),
    _Items(plural="places", model=Place, new=schemas.PlaceIn, form=schemas.PlaceForm, out=schemas.PlaceShown),
    _Items(plural="contacts", model=Contact, new=config.ContactIn, form=config.ContactForm, out=schemas.ContactShown),
    _Items(plural="articles", model=Article, new=config.ArticleIn, form=config.ArticleForm, out=schemas.ArticleShown),
)


def _page(ctx: Context, page: queries.Page, query: Mapping[str, Any]) -> Response:
    rows, cursor = page
    items = [shown(ctx, row, all_languages=query["all_languages"]) for row in rows]
    return answer({"items": items, "next_cursor": cursor})


def _paging(query: Mapping[str, Any]) -> dict[str, Any]:
    return {"limit": query["limit"], "cursor": query["cursor"]}


@blueprint.endpoint("GET", "/services", public=True, query=schemas.ServicesQuery, out=page_of(schemas.ServiceShown))
def list_services(ctx: Context, query: dict[str, Any]) -> Response:
    """List the public services with requirements, cost and time."""
    return _page(ctx, queries.list_services(ctx, search=query.get("q"), **_paging(query)), query)


@blueprint.endpoint("GET", "/places", public=True, query=schemas.PlacesQuery, out=page_of(schemas.PlaceShown))
def list_places(ctx: Context, query: dict[str, Any]) -> Response:
    """List places; near a point the nearest come first."""
    found = queries.list_places(
        ctx,
        near=query.get("near"),
        radius_m=query.get("radius", RADIUS_M),
        kind=query.get("kind"),
        **_paging(query),
    )
    return _page(ctx, found, query)


@blueprint.endpoint("GET", "/contacts", public=True, query=schemas.ItemsQuery, out=page_of(schemas.ContactShown))
def list_contacts(ctx: Context, query: dict[str, Any]) -> Response:
    """List numbers to call, those for an emergency first."""
    return _page(ctx, queries.list_contacts(ctx, **_paging(query)), query)


@blueprint.endpoint("GET", "/articles", public=True, query=schemas.ItemsQuery, out=page_of(schemas.ArticleBrief))
def list_articles(ctx: Context, query: dict[str, Any]) -> Response:
    """List articles without their bodies, the newest first."""
    return _page(ctx, queries.list_articles(ctx, **_paging(query)), query)


def _expected_version() -> int:
    match = _VERSION.fullmatch(request.headers.get("If-Match", ""))
    if match is None:
        raise DomainError(Kind.STALE, "request.if_match_needed")
    return int(match[1])


def _one(
    ctx: Context, kind: _Items, key: str, *, all_languages: bool, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    row = queries.get_item(ctx, kind.model, key)
    # What a reader is told also depends on what the region says of its departments and languages.
    told = "" if all_languages else f"-{ctx.locale}-{ctx.region.revision}"
    body = shown(ctx, row, all_languages=all_languages)
    return answer(body, status, {"ETag": f'"v{row["version"]}{told}"', **(headers or {})})


def _named(verb: str, kind: _Items, doc: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def name(view: Callable[..., Any]) -> Callable[..., Any]:
        view.__name__, view.__doc__ = f"{verb}_{kind.singular}", doc.format(kind.singular)
        return view

    return name


def _serve(kind: _Items) -> None:
    path = f"/{kind.plural}/<key>"

    @blueprint.endpoint("GET", path, public=True, query=schemas.ItemQuery, out=kind.out)
    @_named("get", kind, "Return one {}; with all_languages=true as it is edited.")
    def get(ctx: Context, query: dict[str, Any], key: str) -> Response:
        return _one(ctx, kind, key, all_languages=query["all_languages"])

    @blueprint.endpoint(
        "POST",
        f"/{kind.plural}",
        permission=EDIT,
        body=kind.new,
        out=kind.out,
        status=201,
        idempotency="accepted",
        limit="write",
    )
    @_named("create", kind, "Add one {}.")
    def create(ctx: Context, body: dict[str, Any]) -> Response:
        create_item(ctx, kind.model, body)
        headers = {"Location": f"{request.path}/{body['key']}"}
        return _one(ctx, kind, body["key"], all_languages=True, status=201, headers=headers)

    @blueprint.endpoint("PUT", path, permission=EDIT, body=kind.form, out=kind.out, if_match="required", limit="write")
    @_named("replace", kind, "Replace what one {} says; needs If-Match with the ETag that was read.")
    def replace(ctx: Context, body: dict[str, Any], key: str) -> Response:
        replace_item(ctx, kind.model, key, body, expected_version=_expected_version())
        return _one(ctx, kind, key, all_languages=True)

    @blueprint.endpoint("DELETE", path, permission=EDIT, status=204, if_match="required", limit="write")
    @_named("retire", kind, "Take one {} away; needs If-Match with the ETag that was read.")
    def retire(ctx: Context, key: str) -> Response:
        retire_item(ctx, kind.model, key, expected_version=_expected_version())
        return Response(status=204)


for _kind in _KINDS:
    _serve(_kind)
