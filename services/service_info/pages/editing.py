"""The forms by which the region's admins keep services, contacts, places and articles."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from babel.numbers import get_territory_currencies
from flask import Response

from backend.sdk.domain import Context, department_book
from backend.sdk.pages import PageBlueprint, here, render, see_other
from backend.sdk.web import Schema
from services.service_info import config, queries, schemas
from services.service_info.models import Article, Contact, Item, Place, Service
from services.service_info.operations import create_item, replace_item, retire_item
from services.service_info.pages.forms import RetirementForm, adding, changing, laid_out
from services.service_info.pages.reading import PageOfList, told
from services.service_info.schemas import shown

EDIT = "service_info.edit"
_AT_ONCE = 50
_ROOM = "/service-info"

blueprint = PageBlueprint("service_info", name="service_info_editing")


@dataclass(frozen=True, kw_only=True)
class _Kept:
    """One kind of items as it is edited."""

    plural: str
    model: type[Item]
    new: type[Schema]
    form: type[Schema]
    listed: Callable[..., queries.Page]

    @property
    def list_path(self) -> str:
        return f"{_ROOM}/edit/{self.plural}"


_KINDS = {
    kind.plural: kind
    for kind in (
        _Kept(
            plural="services",
            model=Service,
            new=config.ServiceIn,
            form=config.ServiceForm,
            listed=queries.list_services,
        ),
        _Kept(
            plural="contacts",
            model=Contact,
            new=config.ContactIn,
            form=config.ContactForm,
            listed=queries.list_contacts,
        ),
        _Kept(plural="places", model=Place, new=schemas.PlaceIn, form=schemas.PlaceForm, listed=queries.list_places),
        _Kept(
            plural="articles",
            model=Article,
            new=config.ArticleIn,
            form=config.ArticleForm,
            listed=queries.list_articles,
        ),
    )
}


def _form_page(ctx: Context, kind: _Kept, key: str | None = None) -> Response:
    row = queries.get_item(ctx, kind.model, key) if key is not None else None
    [currency, *_] = [*get_territory_currencies(ctx.region.identity["phone"]["country"]), ""]
    today = ctx.now().astimezone(ctx.region.zone).date().isoformat()
    otherwise = {"cost.currency": currency, "checked_on": today, "published_on": today}
    return render(
        ctx,
        "service_info/item.html",
        plural=kind.plural,
        key=key,
        version=row["version"] if row else None,
        values=laid_out(shown(ctx, row, all_languages=True)) if row else otherwise,
        department_types=_department_types(ctx) if kind.model is Service else {},
    )


def _department_types(ctx: Context) -> dict[str, str]:
    book = department_book(ctx)
    return {kind: f"{kind}: {book.by_key[key].name}" for kind, key in sorted(book.by_type.items())}


def _named(verb: str, kind: _Kept, doc: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def name(view: Callable[..., Any]) -> Callable[..., Any]:
        view.__name__, view.__doc__ = f"{verb}_{kind.plural}", doc.format(kind.plural)
        return view

    return name


def _serve(kind: _Kept) -> None:
    adds, one = f"/add/{kind.plural}", f"/edit/{kind.plural}/<key>"

    @blueprint.page("GET", f"/edit/{kind.plural}", permission=EDIT, query=PageOfList)
    @_named("edit", kind, "List the {} that are kept.")
    def show_list(ctx: Context, query: dict[str, Any]) -> Response:
        rows, cursor = kind.listed(ctx, limit=_AT_ONCE, cursor=query["cursor"])
        return render(
            ctx,
            "service_info/items.html",
            plural=kind.plural,
            plurals=list(_KINDS),
            items=[told(ctx, row) for row in rows],
            today=ctx.now().astimezone(ctx.region.zone).date(),
            following=here(ctx.region, kind.list_path, cursor=cursor) if cursor else "",
        )

    @blueprint.page("GET", adds, permission=EDIT)
    @_named("show_new", kind, "Show the form by which one of the {} is added.")
    def show_new(ctx: Context) -> Response:
        return _form_page(ctx, kind)

    @blueprint.page("POST", adds, permission=EDIT, form=adding(kind.new), again=f"show_new_{kind.plural}", limit="write")
    @_named("add", kind, "Add one of the {}.")
    def add(ctx: Context, form: dict[str, Any]) -> Any:
        create_item(ctx, kind.model, form)
        return see_other(here(ctx.region, kind.list_path), said="added")

    @blueprint.page("GET", one, permission=EDIT)
    @_named("show_form_of", kind, "Show the form of one of the {}.")
    def show_form(ctx: Context, key: str) -> Response:
        return _form_page(ctx, kind, key)

    again = f"show_form_of_{kind.plural}"

    @blueprint.page("POST", one, permission=EDIT, form=changing(kind.form), again=again, limit="write")
    @_named("change", kind, "Change one of the {}, unless somebody has since it was read.")
    def change(ctx: Context, form: dict[str, Any], key: str) -> Any:
        said = {name: value for name, value in form.items() if name != "version"}
        replace_item(ctx, kind.model, key, said, expected_version=form["version"])
        return see_other(here(ctx.region, kind.list_path), said="saved")

    @blueprint.page("POST", f"{one}/remove", permission=EDIT, form=RetirementForm, again=again, limit="write")
    @_named("remove", kind, "Take one of the {} away, unless somebody has changed it since it was read.")
    def remove(ctx: Context, form: dict[str, Any], key: str) -> Any:
        retire_item(ctx, kind.model, key, expected_version=form["version"])
        return see_other(here(ctx.region, kind.list_path), said="removed")


for _kind in _KINDS.values():
    _serve(_kind)
