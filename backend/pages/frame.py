"""The frame around every page: its templates, what they can say, its headers, the page that tells what went wrong."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import quote, urlencode

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal
from flask import Flask, Response, current_app, g, redirect, request
from jinja2 import Environment, FileSystemLoader, PrefixLoader, StrictUndefined
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from backend.core.clock import utc_now
from backend.core.text import LANGUAGES, in_language
from backend.data.context import ANONYMOUS, Context, Region
from backend.http.auth import PAGE_COOKIE
from backend.http.house import current_house
from backend.http.languages import PAGES, is_page, region_in
from backend.http.problem import speak_in, tell_on_pages
from backend.pages.assets import asset
from backend.pages.blueprint import PageBlueprint
from backend.pages.forms import CSRF_FIELD, OUR_OWN, VISITOR_COOKIE, csrf_token, faults_by_field, typed, typed_all
from backend.pages.maps import tile_origin
from backend.pages.navigation import LISTED, entries_for

_ENVIRONMENT = "balai_page_templates"
LONGEST_NEXT = 1500  # of an address to go on to after signing in
_SECRETS = {"token", "code"}  # what an address may bring that opens something
_LANGUAGE_SECONDS = 365 * 24 * 3600
SAID = {"saved", "added", "removed", "sent", "signed_out", "password_chosen"}  # pages.said_..., after a form was taken in
_NEEDED = {"auth.totp_required": "/me/second-factor"}  # by what was missing, where one gets it


def _policy(region: Region | None) -> str:
    tiles = tile_origin(region.identity) if region else None
    pictures = f"'self' {tiles}" if tiles else "'self'"
    return (
        f"default-src 'none'; script-src 'self'; style-src 'self'; img-src {pictures}; connect-src 'self'; font-src 'self';"
        " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


def _locale(language: str) -> Locale:
    try:
        return Locale.parse(language)
    except (UnknownLocaleError, ValueError):
        return Locale("en")


class _Told:
    """What a page says to one reader: texts, instants and numbers in their language and the region's zone."""

    def __init__(self, region: Region | None, language: str) -> None:
        self._texts = current_house().ground.catalogue
        self.reader = language
        self.language = self._texts.own_language(language)
        self._region = region
        self._babel = _locale(language)

    def t(self, code: str, **params: Any) -> str:
        """Return the text of a code."""
        return self._texts.text(code, self.language, params)

    def said(self, texts: Mapping[str, str]) -> str:
        """Return, of what a pack says in several languages, the reader's."""
        return in_language(texts, self.reader, self.language)

    def moment(self, at: datetime | None, form: str = "medium") -> Markup | str:
        """Return an instant as the region's clocks show it; nothing for None."""
        if at is None:
            return ""
        zone = self._region.zone if self._region else UTC
        shown = format_datetime(at, {"medium": "d MMM y, HH.mm", "short": "d MMM, HH.mm"}[form], tzinfo=zone, locale=self._babel)
        return Markup('<time datetime="{}">{}</time>').format(at.isoformat(), shown)

    def day(self, on: date | None) -> Markup | str:
        """Return a day; nothing for None."""
        if on is None:
            return ""
        return Markup('<time datetime="{}">{}</time>').format(on.isoformat(), format_date(on, "d MMM y", locale=self._babel))

    def ago(self, at: datetime | None) -> str:
        """Return how long ago an instant is, or how far ahead, in the largest whole unit."""
        if at is None:
            return ""
        seconds = int((utc_now() - at).total_seconds())
        size = abs(seconds)
        unit, length = next(((name, long) for name, long in _UNITS if size >= long), ("seconds", 1))
        return self.t(f"pages.ago_{unit}" if seconds >= 0 else f"pages.ahead_{unit}", n=size // length)

    def number(self, value: float | None, places: int = 0) -> str:
        """Return a number as it is written in the reader's language; a dash for None."""
        return "–" if value is None else format_decimal(round(value, places), locale=self._babel)  # noqa: RUF001 - an en dash


class _FormToken:
    """The token of this browser's forms, made when a page prints it: who only reads gets no cookie for it."""

    def __init__(self, whole_field: str | None = None) -> None:
        self._field = whole_field

    def __html__(self) -> str:
        token = csrf_token(current_house().ground.keyring)
        return Markup('<input type="hidden" name="{}" value="{}">').format(self._field, token) if self._field else token

    def __str__(self) -> str:
        return self.__html__()


_UNITS = (("days", 86400), ("hours", 3600), ("minutes", 60))


def _templates(blueprints: Iterable[PageBlueprint]) -> Environment:
    folders = {"frame": FileSystemLoader(f"{__file__.rpartition('/')[0]}/templates/frame")}
    for blueprint in blueprints:
        folders |= {module: FileSystemLoader(folder) for module, folder in blueprint.templates.items()}
    environment = Environment(
        loader=PrefixLoader(folders),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals |= {"asset": asset, "typed": typed, "typed_all": typed_all}
    return environment


def here(region: Region | str, path: str = "", **query: Any) -> str:
    """Return the address of a region's page: `path` is what stands behind `/r/<region>`; values that are None are left out."""
    key = region if isinstance(region, str) else region.key
    asked = urlencode({name: value for name, value in query.items() if value is not None})
    return f"{PAGES}/{quote(key)}{path}" + (f"?{asked}" if asked else "")


def _values(ctx: Context | None, region: Region | None, language: str, problem: Mapping[str, Any] | None) -> dict[str, Any]:
    told = _Told(region, language)
    house = current_house()
    actor = ctx.actor if ctx else ANONYMOUS
    entries = house.registry.contributions(LISTED)
    listed = entries_for(ctx, entries, house.registry.permissions) if ctx and region else []
    identity = region.identity if region else {}
    spoken: Sequence[str] = region.languages if region else LANGUAGES

    asked = {name: value for name, value in request.args.items() if name not in OUR_OWN}

    def may(permission: str) -> bool:
        return ctx is not None and ctx.may(house.registry.permissions[permission].roles)

    def to(path: str = "", **query: Any) -> str:
        return here(region, path, **query) if region else "/"

    return {
        "region": region,
        "app_name": identity.get("app_name") or (region.name if region else "Balai"),
        "notice": told.said(identity.get("notice", {})),
        "actor": actor,
        "may": may,
        "language": told.language,
        "languages": {code: _locale(code).get_display_name(code) or code for code in spoken},
        "reader": told.reader,
        "spoken_in": lambda code: f"{g.get('page_address', '')}?{urlencode({**asked, 'lang': code})}",
        "t": told.t,
        "said": told.said,
        "moment": told.moment,
        "day": told.day,
        "ago": told.ago,
        "number": told.number,
        "to": to,
        "listed": {shelf: [entry for entry in listed if entry.shelf == shelf] for shelf in ("public", "work", "settings")},
        "csrf": _FormToken(),
        "csrf_field": _FormToken(CSRF_FIELD),
        "problem": problem,
        "faults": faults_by_field(problem),
        "done": request.args.get("said", "") if request.args.get("said", "") in SAID else "",
        "path": request.path,
    }


def render(ctx: Context, template: str, **values: Any) -> Response:
    """Return the page that `template` (`<module>/<file>`) makes of `values`, in the frame if it extends `frame/page.html`.

    A template also has: region, app_name, actor, may(permission), t(code, **params), said(texts), moment(instant), day(date),
    ago(instant), number(value, places), to(path, **query) within the region, csrf_field, typed(field, otherwise), faults by field
    and problem where a form came back.
    """
    shown = _values(ctx, ctx.region_or_none, ctx.locale, g.get("page_problem"))
    environment: Environment = current_app.extensions[_ENVIRONMENT]
    return Response(environment.get_template(template).render({**shown, **values}), content_type="text/html; charset=utf-8")


def see_other(address: str, *, said: str | None = None) -> AnyResponse:
    """Return the 303 after a form was taken in; `said` is one of `SAID`, and the page tells it."""
    mark = "&" if "?" in address else "?"
    return redirect(f"{address}{mark}said={said}" if said else address, 303)


def fragment_asked() -> bool:
    """Tell whether htmx asks, which wants a part of the page alone."""
    return request.headers.get("HX-Request") == "true" and request.headers.get("HX-Boosted") != "true"


def _tell(problem: Mapping[str, Any]) -> Response:
    """Return the page that tells a problem; where a person or a second factor is needed, the way to sign in or to set it up."""
    region = current_house().directory.find(region_in(request.path))
    needed = "/sign-in" if problem["status"] == 401 else _NEEDED.get(problem["code"])  # noqa: PLR2004 - the status of RFC 9110
    if needed and region is not None:
        wanted = request.full_path.rstrip("?")
        following = wanted if request.method == "GET" and not fragment_asked() and len(wanted) <= LONGEST_NEXT else None
        away = here(region, needed, next=following)
        if fragment_asked():
            return Response(status=204, headers={"HX-Redirect": away})
        return Response(status=303, headers={"Location": away})
    if problem["status"] == 404 and request.path.endswith("/") and request.path != "/":  # noqa: PLR2004 - as above
        return Response(status=301, headers={"Location": quote(request.path.rstrip("/") or "/")})
    language = speak_in(region)
    shown = _values(None, region, language, problem)
    environment: Environment = current_app.extensions[_ENVIRONMENT]
    page = environment.get_template("frame/problem.html").render(shown)
    return Response(page, problem["status"], content_type="text/html; charset=utf-8")


def _dressed(response: Response) -> Response:
    """Give what is for people its headers, and the browser its cookies."""
    if not is_page(request.path):
        return response
    headers = response.headers
    headers.setdefault("Content-Security-Policy", _policy(g.get("region")))
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    headers.setdefault("Permissions-Policy", "camera=(self), geolocation=(self), microphone=()")
    secret = request.cookies.get(PAGE_COOKIE) or "page_problem" in g or not _SECRETS.isdisjoint(request.args)
    headers.setdefault("Cache-Control", "no-store" if secret else "no-cache")
    headers.setdefault("Vary", "Cookie, Accept-Language, HX-Request")
    if response.cache_control.public:
        return response
    region: Region | None = g.get("region")
    chosen = request.args.get("lang", "")
    if chosen and chosen in (region.languages if region else LANGUAGES):
        response.set_cookie("lang", chosen, max_age=_LANGUAGE_SECONDS, samesite="Lax", httponly=True, secure=request.is_secure)
    if g.get("visitor"):
        response.set_cookie(VISITOR_COOKIE, g.visitor, secure=True, httponly=True, samesite="Lax", path="/")
    return response


def serve_frame(app: Flask, blueprints: Sequence[PageBlueprint]) -> None:
    """Serve the pages of `blueprints` in the frame."""
    app.extensions[_ENVIRONMENT] = _templates(blueprints)
    app.extensions["balai_page_routes"] = [route for blueprint in blueprints for route in blueprint.routes]
    tell_on_pages(app, _tell)
    app.after_request(_dressed)
    for blueprint in blueprints:
        app.register_blueprint(blueprint)
