"""How a room contributes pages: a blueprint under `/r/<region>/<module>`, with the module's own templates."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from flask import Blueprint, Response, g, make_response, url_for
from marshmallow import Schema

from backend.core.errors import DomainError, Kind
from backend.data.context import Context
from backend.http.blueprint import Route, View, edge
from backend.http.languages import PAGES
from backend.http.problem import STATUS, document_of
from backend.pages.forms import read_form, read_query, refuse_foreign_form

REGION_PAGES = f"{PAGES}/<region>"
_COMES_BACK = {Kind.INVALID, Kind.CONFLICT, Kind.STALE, Kind.TOO_LARGE, Kind.UNAUTHENTICATED}
Method = Literal["GET", "POST"]


class _NoQuery(Schema):
    """A page that asks for nothing."""


class PageBlueprint(Blueprint):
    """Pages of one module. `templates` is a folder; in `render` its files are named `<module>/<file>`."""

    def __init__(self, module: str, *, templates: Path | None = None, mount: str | None = None, name: str | None = None) -> None:
        prefix = f"{REGION_PAGES}/{module.replace('_', '-')}" if mount is None else mount
        super().__init__(name or f"{module}_pages", module, url_prefix=prefix)
        self.routes: list[Route] = []
        self.templates = {module: templates} if templates else {}
        self._module = module
        self._views: dict[str, Callable[..., Response]] = {}

    def page(
        self,
        method: Method,
        rule: str,
        *,
        permission: str | None = None,
        public: bool = False,
        no_token: bool = False,
        unproven: bool = False,
        query: type[Schema] | None = None,
        form: type[Schema] | None = None,
        again: str | None = None,
        limit: str | None = None,
        media: str = "text/html",
    ) -> Callable[[View], View]:
        """Declare a page; the view is called as `view(ctx, [query], [form], **path)` and returns a response or its HTML.

        `again` is the page (the name of its view, declared before) on which a POST's form stands: when the form is refused
        that page is answered once more, with the refusal's status, what was typed and, at each field, what is wrong with it.
        `unproven` pages are there before one has set up the second factor that the region asks for; all others lead to it.
        """

        def declare(view: View) -> View:
            route = Route(
                name=f"{self.name}.{view.__name__}",
                method=method,
                rule=f"{self.url_prefix}{rule}",
                permission=permission,
                public=public,
                no_token=no_token,
                limit=limit,
                media=media,
                takes_query=True,
                takes_body=method == "POST",
                module=self._module if f"{self.url_prefix}{rule}".startswith(REGION_PAGES) else None,
                page=True,
                unproven=unproven,
            )
            self.routes.append(route)
            entered = edge(route, _reading(view, query, form, posts=method == "POST"))
            if method == "GET":
                self._views[view.__name__] = entered
            elif again is not None:
                entered = _coming_back(entered, self._views[again], f"{self.name}.{again}")
            self.route(rule, methods=[method], endpoint=view.__name__)(entered)
            return view

        return declare


def _reading(view: View, query: type[Schema] | None, form: type[Schema] | None, *, posts: bool) -> View:
    @functools.wraps(view)
    def viewed(ctx: Context, **path: Any) -> Response:
        asked = read_query(query or _NoQuery)
        given = [asked] if query else []
        if posts:
            refuse_foreign_form(ctx.ground.keyring)
        if form is not None:
            given.append(read_form(form))
        return make_response(view(ctx, *given, **path))

    return viewed


def _coming_back(post: Callable[..., Response], page: Callable[..., Response], endpoint: str) -> Callable[..., Response]:
    @functools.wraps(post)
    def posted(**path: Any) -> Response:
        try:
            return post(**path)
        except DomainError as error:
            if error.kind not in _COMES_BACK:
                raise
            g.page_problem = document_of(error)
            g.page_address = url_for(endpoint, **path)
            response = page(**path)
            response.status_code = STATUS[error.kind]
            return response

    return posted
