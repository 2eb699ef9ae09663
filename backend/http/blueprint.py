"""The door of every room: a route declares who may use it, and the edge does the rest around the view.

The edge, in this order: the token is verified, the body read, the region resolved and its module found switched on, the rate
counted; then a turn is waited for and one unit of work opened, in which the account is read, the permission checked, the
idempotency key taken, the input read by its schema, and the view called with its Context; the answer leaves after the commit.
"""

import dataclasses
import functools
import hashlib
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from http import HTTPStatus
from typing import Any, Literal
from uuid import UUID

import orjson
from flask import Response, request
from flask_smorest.blueprint import Blueprint
from marshmallow import Schema

from backend.core.errors import DomainError, Kind, not_found
from backend.data.context import ANONYMOUS, Actor, Context, Region
from backend.data.unit_of_work import unit_of_work
from backend.http.auth import read_claims, read_page_claims
from backend.http.body import Parser, raw_body, read_body, refuse_nul, refuse_query
from backend.http.house import House, current_house
from backend.http.idempotency import Once, read_key
from backend.http.problem import request_id, speak_in

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
Asked = Literal["required", "accepted"]
View = Callable[..., Any]
REGION = "/v1/regions/<region>"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Route:
    """One route as its room declares it."""

    name: str
    method: Method
    rule: str
    permission: str | None
    public: bool
    no_token: bool  # an expired one is no hindrance to getting another, and a guest leaves no name
    idempotency: Asked | None = None
    if_match: Asked | None = None  # for the published document: the view itself reads the header
    limit: str | None = None
    media: str
    files: bool = False
    raw: tuple[str, ...] = ()  # media types of a body that is taken as it is
    takes_query: bool
    takes_body: bool
    module: str | None  # which must be on in the region of the path
    page: bool = False  # for people: who asks is known by a cookie, and a form is all that is taken in
    unproven: bool = False  # also for staff who have yet to set up the second factor that the region asks for


def answer(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return JSON without a walk through a schema: for hot reads, whose shape the published schema still describes."""
    return Response(orjson.dumps(value), status, dict(headers or {}), content_type="application/json")


class RoomBlueprint(Blueprint):  # type: ignore[misc] # flask-smorest is untyped
    """A blueprint mounted under the region's path (or, for the ground's nouns, where `mount` says)."""

    ARGUMENTS_PARSER = Parser()

    def __init__(self, module: str, *, doc: str, mount: str | None = None, name: str | None = None) -> None:
        prefix = f"{REGION}/{module.replace('_', '-')}" if mount is None else mount
        super().__init__(name or module, module, url_prefix=prefix, description=doc)
        self.routes: list[Route] = []
        self._module = module

    def endpoint(
        self,
        method: Method,
        rule: str,
        *,
        permission: str | None = None,
        public: bool = False,
        no_token: bool = False,
        query: type[Schema] | None = None,
        body: type[Schema] | None = None,
        form: type[Schema] | None = None,
        raw: tuple[str, ...] = (),
        out: type[Schema] | None = None,
        status: int = 200,
        idempotency: Asked | None = None,
        if_match: Asked | None = None,
        limit: str | None = None,
        media: str = "application/json",
    ) -> Callable[[View], View]:
        """Declare a route; the view is called as `view(ctx, [query], [body, files or raw bytes], **path)`."""

        def declare(view: View) -> View:
            route = Route(
                name=f"{self.name}.{view.__name__}",
                method=method,
                rule=f"{self.url_prefix}{rule}",
                permission=permission,
                public=public,
                no_token=no_token,
                idempotency=idempotency,
                if_match=if_match,
                limit=limit,
                media=media,
                files=form is not None,
                raw=raw,
                takes_query=query is not None,
                takes_body=body is not None or form is not None or bool(raw),
                module=self._module if f"{self.url_prefix}{rule}".startswith(REGION) else None,
            )
            self.routes.append(route)
            inner = (
                self.response(status, out, content_type=media)(view) if out or status == HTTPStatus.NO_CONTENT else _typed(view)
            )
            if raw:
                inner = _with_raw_body(inner, raw)
            if body is not None:
                inner = self.arguments(body, location="json")(inner)
            if form is not None:
                inner = self.arguments(form, location="files", content_type="multipart/form-data")(inner)
            if query is not None:
                inner = self.arguments(query, location="query")(inner)
            entered = edge(route, inner)
            self.route(rule, methods=[method], endpoint=view.__name__)(entered)
            return view

        return declare


def _typed(view: View) -> View:
    @functools.wraps(view)
    def viewed(*args: Any, **kwargs: Any) -> Any:
        value = view(*args, **kwargs)
        return value if isinstance(value, Response) else answer(value)

    return viewed


def _with_raw_body(view: View, media: tuple[str, ...]) -> View:
    @functools.wraps(view)
    def viewed(*args: Any, **kwargs: Any) -> Any:
        return view(*args, raw_body(media), **kwargs)

    return viewed


def _region_of(route: Route, house: House, path: dict[str, Any], claims: Mapping[str, Any] | None) -> Region | None:
    key = path.pop("region", None)
    if key is None:
        # Routes outside the regions' paths act in the region of the citizen's token.
        return house.directory.find(claims["region"]) if claims and claims.get("region") else None
    region = house.directory.find(key)
    if region is None:
        raise not_found("regions.unknown")
    if route.module and route.module in house.registry.modules and not region.enabled(route.module):
        raise not_found("modules.off")
    return region


def _actor(route: Route, house: House, ctx: Context, claims: Mapping[str, Any] | None) -> Actor:
    if claims is None:
        return ANONYMOUS
    elsewhere = claims["kind"] == "citizen" and (ctx.region_or_none is None or claims["region"] != ctx.region.key)
    if elsewhere:
        if not route.public:
            raise DomainError(Kind.FORBIDDEN, "auth.other_region")
        return ANONYMOUS
    try:
        return house.load_actor(ctx, claims)
    except DomainError as error:
        if route.page and route.public and error.kind is Kind.UNAUTHENTICATED:  # a browser keeps its cookie after the session
            return ANONYMOUS
        raise


def _permit(route: Route, house: House, ctx: Context) -> None:
    if ctx.actor.unproven and not route.unproven:
        raise DomainError(Kind.FORBIDDEN, "auth.totp_required")
    if route.permission and not ctx.may(house.registry.permissions[route.permission].roles):
        raise DomainError(Kind.FORBIDDEN, "auth.not_allowed")


def edge(route: Route, view: View) -> View:
    """Return `view` behind the door that the module's docstring describes."""

    @functools.wraps(view)
    def entered(**path: Any) -> Response:
        house = current_house()
        whose = path.get("region", "")
        refuse_nul(path)
        if not route.takes_query:
            refuse_query()
        claims = None if route.no_token else read_page_claims() if route.page else read_claims()
        if route.takes_body:
            read_body(files=route.files, raw=bool(route.raw), form=route.page)
        if claims is None and not route.public:
            raise DomainError(Kind.UNAUTHENTICATED, "auth.needed")
        region = _region_of(route, house, path, claims)
        if route.limit:  # counted before the unit of work, which calls no network
            house.limits.hit(route.limit, str(claims["sub"] if claims else request.remote_addr))
        staff = UUID(claims["sub"]) if claims and claims["kind"] == "staff" else None
        at_work = unit_of_work(house.ground, region=region, locale=speak_in(region), request_id=request_id(), staff_id=staff)
        brings_files = route.files or route.raw or (route.page and request.mimetype == "multipart/form-data")
        heavy = house.uploads.entered(whose) if brings_files else nullcontext()
        with heavy, house.gate.entered(whose), at_work as anyone:
            ctx = dataclasses.replace(anyone, actor=_actor(route, house, anyone, claims))
            _permit(route, house, ctx)
            key = read_key(required=route.idempotency == "required") if route.idempotency else None
            once = Once(ctx, key) if key and region else None
            response: Response | None = once.earlier() if once else None
            if response is None:
                response = view(ctx, **path)
                if once:
                    once.keep(response)
        return _conditional(response) if route.method == "GET" else response

    return entered


def _conditional(response: Response) -> Response:
    """Give a read its ETag, and answer 304 to a phone that has it already."""
    if response.status_code == HTTPStatus.OK and not response.is_streamed and response.is_json:
        if "ETag" not in response.headers:
            response.headers["ETag"] = f'"{hashlib.sha256(response.get_data()).hexdigest()[:20]}"'
        response.headers.setdefault("Cache-Control", "no-cache")
        response.headers.setdefault("Vary", "Authorization, Accept-Language")
        if "If-None-Match" in request.headers:
            response.make_conditional(request)
    return response
