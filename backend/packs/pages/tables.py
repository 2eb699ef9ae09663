"""Tables of the pack: edited row by row, or taken out as a spreadsheet and back in after a look at what changes."""

import re
from collections.abc import Iterator
from typing import Any

from flask import Response
from marshmallow import fields, validate

from backend.core.errors import invalid, not_found
from backend.data.context import Context
from backend.http.house import current_house
from backend.http.schema import Schema
from backend.packs.apply import apply_plan
from backend.packs.folder import Files
from backend.packs.pages.listing import AT_ONCE
from backend.packs.pages.parts import LONGEST_WHY, SETTINGS, show_items
from backend.packs.pages.showing import plan_shown, sent_file, sent_form
from backend.packs.plans import keep_plan
from backend.packs.routes import CONFIGURE
from backend.packs.sections import DEPARTMENTS, find_part, find_section, get_values, rooms, values_of
from backend.packs.settings import get_files, refusing
from backend.packs.tables import table_path
from backend.packs.tabling import AREAS, MEDIA, export_table, plan_area_names, plan_table, table_of
from backend.pages.blueprint import PageBlueprint
from backend.pages.forms import typed
from backend.pages.frame import here, render, see_other

_NAME = re.compile(r"name\.(.+)")

blueprint = PageBlueprint("packs", mount=SETTINGS, name="tables_pages")


class TableQuery(Schema):
    """Which rows of a table are looked for."""

    q = fields.String(load_default="", validate=validate.Length(max=100))
    page = fields.Integer(load_default=1, validate=validate.Range(1, 10_000))


class FileQuery(Schema):
    """Which form."""

    format = fields.String(load_default="csv", validate=validate.OneOf(sorted(MEDIA)))


@blueprint.page("GET", "/tables", permission=CONFIGURE)
def show_tables(ctx: Context) -> Response:
    """List the tables of the pack, with how many rows each has."""
    files = get_files(ctx)
    areas = {
        "name": AREAS,
        "section": ctx.ground.catalogue.text("settings.areas", ctx.locale),
        "title": "",
        "count": len(table_of(files, AREAS)),
    }
    return render(ctx, "packs/tables.html", tables=[*_tables(ctx, files), areas])


def _tables(ctx: Context, files: Files) -> Iterator[dict[str, Any]]:
    registry = current_house().registry
    on = [slug for slug, module in rooms(registry).items() if ctx.region.enabled(module.name)]
    for slug in (DEPARTMENTS, *on):
        section = find_section(ctx, registry, slug)
        values = values_of(files, section)
        for name, shape, _required in section.form.properties(section.form.shape(section.form.schema)):
            if shape.kind == "items":
                whole = section.name if table_path(section.name) == (section.name, name) else f"{section.name}.{name}"
                yield {"name": whole, "section": section.title, "title": shape.title, "count": len(values.get(name) or ())}


@blueprint.page("GET", "/tables/<table>", permission=CONFIGURE, query=TableQuery)
def show_table(ctx: Context, query: dict[str, Any], table: str) -> Response:
    """Show the rows of a table."""
    if table == AREAS:  # whose file was refused: this page is shown for it
        return _areas(ctx, query)
    file, name = table_path(table)
    registry = current_house().registry
    section = find_section(ctx, registry, next((slug for slug, room in rooms(registry).items() if room.name == file), file))
    part = find_part(section, get_values(ctx, section), (name,))
    if part.shape.kind != "items":
        raise not_found("regions.no_table")
    return show_items(ctx, section, part, word=query["q"], page=query["page"])


@blueprint.page("GET", f"/tables/{AREAS}", permission=CONFIGURE, query=TableQuery)
def show_areas(ctx: Context, query: dict[str, Any]) -> Response:
    """Show the areas, whose names are changed right here."""
    return _areas(ctx, query)


def _areas(ctx: Context, query: dict[str, Any]) -> Response:
    word, page = query["q"], query["page"]
    areas = table_of(get_files(ctx), AREAS)
    names = {area["code"]: area["name"] for area in areas}
    found = [area for area in areas if word.casefold() in f"{area['code']} {area['name']} {area['kind']}".casefold()]
    rows = [
        {**area, "parent": names.get(area["parent_code"], ""), "typed": typed(f"name.{area['code']}", area["name"])}
        for area in found[(page - 1) * AT_ONCE : page * AT_ONCE]
    ]
    return render(
        ctx, "packs/areas.html", rows=rows, count=len(found), page=page, pages=-(-len(found) // AT_ONCE), q=word, table=AREAS
    )


@blueprint.page("POST", f"/tables/{AREAS}", permission=CONFIGURE, query=TableQuery, again="show_areas")
def take_areas(ctx: Context, query: dict[str, Any]) -> Any:
    """Give areas other names: those that were changed on the page, unless somebody else has changed them meanwhile."""
    sent = {name: values[-1] for name, values in sent_form().items()}
    files = get_files(ctx, to_change=True)
    known = {area["code"]: area["name"] for area in table_of(files, AREAS)}
    typed = {found[1]: text.strip() for name, text in sent.items() if (found := _NAME.fullmatch(name)) and found[1] in known}
    changed = {code: name for code, name in typed.items() if name != sent.get(f"was.{code}", name)}
    moved = [code for code, name in changed.items() if known[code] not in {sent[f"was.{code}"], name}]
    if moved:
        place = f"name.{moved[0]}"
        raise invalid(place, "settings.changed_meanwhile_to", now=known[moved[0]])
    why = sent.get("why", "").strip()
    if len(why) > LONGEST_WHY:
        raise invalid("why", "request.too_long", max=LONGEST_WHY)
    with refusing():
        inside, plan = plan_area_names(ctx, current_house().registry, files, changed)
    apply_plan(inside, current_house().registry, plan, kind="table", why=why)
    return see_other(here(ctx.region, f"/settings/tables/{AREAS}", q=query["q"] or None, page=query["page"]), said="saved")


@blueprint.page("GET", "/tables/<table>/file", permission=CONFIGURE, query=FileQuery, media="text/csv")
def get_file(ctx: Context, query: dict[str, str], table: str) -> Response:
    """Return a table as CSV or XLSX."""
    with refusing():
        content = export_table(get_files(ctx), table, query["format"])
    headers = {"Content-Disposition": f'attachment; filename="{table}.{query["format"]}"', "Cache-Control": "no-store"}
    return Response(content, content_type=MEDIA[query["format"]], headers=headers)


@blueprint.page("POST", "/tables/<table>/file", permission=CONFIGURE, query=TableQuery, again="show_table")
def take_file(ctx: Context, query: dict[str, Any], table: str) -> Response:
    """Read a table out of a spreadsheet, and show what it would change before it does."""
    del query
    file = sent_file("file")
    suffix = str(file.filename).rpartition(".")[2].lower()
    if suffix not in MEDIA:
        raise invalid("file", "settings.no_spreadsheet")
    with refusing():
        inside, plan = plan_table(
            ctx, current_house().registry, get_files(ctx, to_change=True), table=table, content=file.read(), suffix=suffix
        )
    kept = keep_plan(inside, plan, signed_by=None)
    shown = {"plan": plan_shown(inside, plan), "kept": kept, "kind": "table", "why": table}
    return render(ctx, "packs/plan.html", back=f"/settings/tables/{table}", **shown)
