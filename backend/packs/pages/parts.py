"""Forms over the settings of a module, or over the departments: a page for each part of them, saved as a version of the pack."""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from flask import Response, g, request
from marshmallow import fields, validate

from backend.core.errors import DomainError, Kind, invalid
from backend.data.context import Context
from backend.http.house import current_house
from backend.http.problem import document_of
from backend.http.schema import Schema
from backend.packs.answers import changed_rows, read_input
from backend.packs.apply import apply_plan
from backend.packs.inputs import Input, show_input
from backend.packs.pages.listing import AT_ONCE, listed
from backend.packs.pages.showing import all_inputs, came_back, carried, elsewhere, faults_in, plan_shown, sent_form, successors_in
from backend.packs.routes import CONFIGURE
from backend.packs.sections import (
    Part,
    Section,
    address_of,
    check_section,
    find_part,
    find_section,
    get_values,
    plan_section,
    steps_of,
    with_part,
)
from backend.packs.shapes import ABSENT
from backend.packs.tables import table_path
from backend.pages.blueprint import REGION_PAGES, PageBlueprint
from backend.pages.frame import here, render, see_other

SETTINGS = f"{REGION_PAGES}/settings"
LONGEST_WHY = 500
_Sent = Mapping[str, Sequence[str]]
_POSITION = re.compile(r"[0-9]{1,5}")

blueprint = PageBlueprint("packs", mount=SETTINGS, name="parts_pages", templates=Path(__file__).parents[1] / "templates")


class PartQuery(Schema):
    """Which part, whether it is a new item of the list there, and which of a list's items are looked for."""

    at = fields.String(load_default="", validate=validate.Length(max=500))
    new = fields.Boolean(load_default=False)
    q = fields.String(load_default="", validate=validate.Length(max=100))
    page = fields.Integer(load_default=1, validate=validate.Range(1, 10_000))


def part_page(ctx: Context, section: Section, steps: Sequence[str], **query: Any) -> str:
    """Return the address of the page of a part."""
    return here(ctx.region, f"/settings/modules/{section.slug}", at=address_of(steps), **query)


@blueprint.page("GET", "/modules/<module>", permission=CONFIGURE, query=PartQuery)
def show_part(ctx: Context, query: dict[str, Any], module: str) -> Response:
    """Show the form of a part; of a list, its items."""
    section = find_section(ctx, current_house().registry, module)
    values = get_values(ctx, section)
    part = find_part(section, values, steps_of(query["at"]), new=query["new"])
    if part.shape.kind == "items":
        return show_items(ctx, section, part, word=query["q"], page=query["page"])
    if not came_back():
        return _form(ctx, section, values, part, part.value)
    sent = sent_form()
    return _form(ctx, section, values, part, _said(section, part, sent), sent=sent)


@blueprint.page("POST", "/modules/<module>", permission=CONFIGURE, query=PartQuery, again="show_part")
def take_part(ctx: Context, query: dict[str, Any], module: str) -> Any:
    """Save a part, or take it out of its list; what that does beyond the settings is shown before."""
    registry = current_house().registry
    section, values, part = _asked(ctx, query, module, to_change=True)
    sent = sent_form()
    said = _said(section, part, sent)
    do, _blank, name = _one(sent, "do").partition(" ")
    if do in {"add", "remove"} and name:
        return _form(ctx, section, values, part, _rows_changed(said, name, by=do), sent=sent)
    if do == "again":
        return _form(ctx, section, values, part, said, sent=sent)
    if _one(sent, "read_at") != part.read_at:
        raise DomainError(Kind.STALE, "settings.changed_meanwhile")
    why = _one(sent, "why").strip()
    if len(why) > LONGEST_WHY:
        raise invalid("why", "request.too_long", max=LONGEST_WHY)
    gone = part.listed is not None and part.value is not ABSENT and ("gone" in sent or do == "drop")
    wanted = _wanted(values, part, ABSENT if gone else said, sent)
    inside, plan = plan_section(ctx, registry, section, wanted, unit_successors=successors_in(sent))
    if do != "apply" and (gone or plan.effects or plan.conflicts):
        hidden = [*carried(sent), *([("gone", "1")] if gone and "gone" not in sent else [])]
        shown = {"plan": plan_shown(inside, plan), "hidden": hidden, "section": section, "part": part, "gone": gone}
        return render(ctx, "packs/part_plan.html", asked_of=request.query_string.decode(), **shown)
    apply_plan(inside, registry, plan, kind="settings", why=why)
    if part.listed is None:
        return see_other(part_page(ctx, section, part.steps), said="saved")
    above = part.steps if part.value is ABSENT else part.steps[:-1]
    return see_other(part_page(ctx, section, above), said="removed" if gone else "saved")


@blueprint.page("POST", "/modules/<module>/check", permission=CONFIGURE, query=PartQuery)
def check_part(ctx: Context, query: dict[str, Any], module: str) -> Response:
    """Return what is wrong with a form that somebody is still typing into, for each of its inputs."""
    registry = current_house().registry
    section, values, part = _asked(ctx, query, module)
    sent = sent_form()
    said = _said(section, part, sent)
    shown, problem, wanted = _input(section, part, said), None, values
    try:
        wanted = _wanted(values, part, said, sent)
        check_section(ctx, registry, section, wanted)
    except DomainError as error:
        problem = document_of(error)
    faults = faults_in(part, wanted, shown, problem)
    return render(ctx, "packs/checked.html", inputs=all_inputs(shown), faults=faults, checked=True, problem=problem)


def show_items(ctx: Context, section: Section, part: Part, *, word: str, page: int) -> Response:
    """Show a list's items, some at a time; one that is a table of the pack can be had as a spreadsheet."""
    shown = listed(section.form, part, ctx.locale, word=word)
    table = f"{section.name}.{part.steps[0]}" if len(part.steps) == 1 else None
    if table and table_path(section.name) == (section.name, part.steps[0]):
        table = section.name
    return render(
        ctx,
        "packs/items.html",
        section=section,
        part=part,
        columns=shown.columns,
        rows=shown.rows[(page - 1) * AT_ONCE : page * AT_ONCE],
        count=len(shown.rows),
        page=page,
        pages=-(-len(shown.rows) // AT_ONCE),
        q=word,
        table=table,
        address=address_of,
    )


def _asked(
    ctx: Context, query: Mapping[str, Any], module: str, *, to_change: bool = False
) -> tuple[Section, dict[str, Any], Part]:
    """Return the section, its values and the part that a form is about. Raises DomainError: 404, 422 for a list."""
    section = find_section(ctx, current_house().registry, module)
    values = get_values(ctx, section, to_change=to_change)
    part = find_part(section, values, steps_of(query["at"]), new=query["new"])
    if part.shape.kind == "items":
        raise invalid("at", "settings.no_part")
    return section, values, part


def _one(sent: _Sent, name: str) -> str:
    return sent[name][-1] if sent.get(name) else ""


def _said(section: Section, part: Part, sent: _Sent) -> Any:
    """Return what a form says of a part; what an item is known by stays."""
    said = read_input(section.form, part.shape, sent, part.value, required=part.required)
    known_by = part.listed.schema.get("x-key") if part.listed else None
    if known_by and isinstance(part.value, dict) and isinstance(said, dict):
        return {**said, known_by: part.value[known_by]}
    return said


def _wanted(values: Mapping[str, Any], part: Part, said: Any, sent: _Sent) -> dict[str, Any]:
    """Return the section's values as a form wants them. Raises DomainError (422)."""
    position = _POSITION.fullmatch(_one(sent, "position"))
    return with_part(values, part, said, position=int(position[0]) - 1 if position else None)


def _rows_changed(said: Any, name: str, *, by: str) -> Any:
    try:
        return changed_rows(said, name, by=by)
    except (ValueError, KeyError, IndexError, AttributeError, TypeError):
        raise invalid("do", "settings.no_part") from None


def _input(section: Section, part: Part, value: Any) -> Input:
    return show_input(section.form, part.shape, value, required=part.required)


def _form(
    ctx: Context, section: Section, values: Mapping[str, Any], part: Part, value: Any, *, sent: _Sent | None = None
) -> Response:
    shown = _input(section, part, value)
    problem = g.get("page_problem")
    wanted = values
    if problem and sent:
        with suppress(DomainError):  # of a new item that is known as another one is: its fault is told by the name of the field
            wanted = _wanted(values, part, value, sent)
    stale = problem is not None and problem["code"] == "settings.changed_meanwhile"
    query = {"at": address_of(part.steps), "new": 1 if part.listed and part.value is ABSENT else None}
    return render(
        ctx,
        "packs/part.html",
        here_again=here(ctx.region, f"/settings/modules/{section.slug}", **query),
        check=here(ctx.region, f"/settings/modules/{section.slug}/check", **query),
        section=section,
        part=part,
        shown=shown,
        read_at=part.read_at if sent is None or stale else _one(sent, "read_at"),
        known_by=part.listed.schema.get("x-key") if part.listed and part.value is not ABSENT else None,
        new=part.listed is not None and part.value is ABSENT,
        here_now=_input(section, part, part.value) if stale else None,
        why=_one(sent or {}, "why"),
        position=_one(sent or {}, "position") or part.position + 1,
        address=address_of,
        problem=problem and {key: each for key, each in problem.items() if key != "errors"},
        faults=faults_in(part, wanted, shown, problem),
        elsewhere=elsewhere(part, wanted, problem),
        titles={each.name: each.title for each in all_inputs(shown)},
    )
