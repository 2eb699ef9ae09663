"""What everybody may follow: open reports as a list and on a map, and one report by its number."""

from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import quote

from flask import Response
from marshmallow import fields, validate
from werkzeug.wrappers import Response as AnyResponse

from backend.sdk.domain import Context, in_language, not_found
from backend.sdk.pages import Drawing, Pin, draw, get_shapes, here, read_view, render, see_other, tile_server
from backend.sdk.web import Schema
from services.complaints.operations import moving
from services.complaints.pages import blueprint
from services.complaints.queries.cases import settings_of
from services.complaints.queries.lists import list_complaints
from services.complaints.queries.pins import list_pins
from services.complaints.queries.shaping import Labels, labels_of, shape_case, shape_page, shape_timeline
from services.complaints.queries.tracking import get_tracked
from services.complaints.schemas import CodeMoveIn, CodeQuery, ComplaintQuery

_AT_ONCE = 20
_FILTERS = ("status", "category", "area", "q", "bbox")
TRACKED = "/by-number/<number>"


class PublicListQuery(ComplaintQuery):
    """What the list can be narrowed by."""

    class Meta:
        """An app's own list and page sizes are not for pages."""

        exclude = ("mine", "since", "department", "limit")


class TrackQuery(Schema):
    """The number on the receipt, and the code beside it where the report is not public."""

    number = fields.String(load_default=None, validate=validate.Length(max=60))
    code = fields.String(load_default=None, validate=validate.Length(max=40))


def _address(ctx: Context, number: str, code: str | None = None) -> str:
    return here(ctx.region, f"/complaints/by-number/{quote(number, safe='')}", code=code)


@blueprint.page("GET", "", public=True, query=PublicListQuery)
def show_open(ctx: Context, query: dict[str, Any]) -> Response:
    """Show open reports, newest first, beside a map of the newest in each part of it."""
    labels = labels_of(ctx)
    asked = {name: query[name] for name in _FILTERS if query.get(name)}
    page = list_complaints(ctx, {**query, "mine": False, "limit": _AT_ONCE})
    settings = settings_of(ctx)
    final = {state.key for state in settings.workflow.states if state.final}
    return render(
        ctx,
        "complaints/open.html",
        asked=asked,
        reports=[{**report, "url": _address(ctx, report["number"])} for report in shape_page(ctx, page.rows)],
        final=final,
        map=_map(ctx, query, labels, asked, final),
        states={state.key: labels.states[state.key] for state in settings.workflow.states},
        categories={
            group.key: (
                in_language(group.name, ctx.locale),
                {each.code: labels.categories[each.code] for each in settings.categories.values() if each.group == group.key},
            )
            for group in settings.groups.values()
        },
        next_page=here(ctx.region, "/complaints", **asked, cursor=page.next_cursor) if page.next_cursor else None,
    )


def _map(
    ctx: Context, query: Mapping[str, Any], labels: Labels, asked: Mapping[str, str], final: Collection[str]
) -> Drawing | None:
    def label(pin: Mapping[str, Any]) -> str:
        kind, state = labels.categories.get(pin["category"], pin["category"]), labels.states.get(pin["state"], pin["state"])
        return f"{pin['number']}: {kind}, {state}"

    pins = [
        Pin(
            lat=pin["lat"],
            lng=pin["lng"],
            label=label(pin),
            url=_address(ctx, pin["number"]),
            kind="done" if pin["state"] in final else "open",
        )
        for pin in list_pins(ctx, query).pins
    ]
    shapes = get_shapes(ctx, "parents")
    keep = {name: value for name, value in asked.items() if name != "bbox"}
    view = read_view(query.get("bbox"))
    return draw(shapes, pins=pins, view=view, keep=keep, tiles=tile_server(ctx.region.identity))


@blueprint.page("GET", "/track", public=True, query=TrackQuery)
def show_track(ctx: Context, query: dict[str, str | None]) -> Response | AnyResponse:
    """Ask for the number of a report; with one, go to it."""
    if query["number"]:
        return see_other(_address(ctx, query["number"].strip(), query["code"]))
    return render(ctx, "complaints/track.html")


@blueprint.page("GET", TRACKED, public=True, query=CodeQuery)
def show_tracked(ctx: Context, query: dict[str, str | None], number: str) -> Response:
    """Show where a report stands and what has happened; with its reporter's code also the words, and what is asked of them."""
    case = get_tracked(ctx, number, query["code"])
    shown, labels = shape_case(ctx, case), labels_of(ctx)
    reporters = query["code"] is not None and case.actor.is_reporter
    response = render(
        ctx,
        "complaints/tracked.html",
        report=shown,
        code=query["code"] if reporters else None,
        timeline=[
            {
                **line,
                "label": labels.moves.get(line["move"], line["move"]),
                "state": labels.states.get(line["to"], line["to"]),
            }
            for line in shape_timeline(ctx, case)
            if not line["internal"]
        ],
        asked_of_me=shown["moves"] if reporters else [],
        address=_address(ctx, shown["number"], query["code"] if reporters else None),
    )
    if query["code"]:
        response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.page("POST", TRACKED, public=True, query=CodeQuery, form=CodeMoveIn, again="show_tracked", limit="guest")
def move_by_code(ctx: Context, _query: dict[str, str | None], form: dict[str, Any], number: str) -> AnyResponse:
    """Make a reporter's move (answer, confirm, reopen, appeal, withdraw) with the code that the reporter was given."""
    code = form.pop("code")
    found = get_tracked(ctx, number, code)
    if not found.actor.is_reporter:
        raise not_found()
    moving.make_move_by_code(ctx, found.row.id, moving.MoveRequest(**form))
    return see_other(_address(ctx, found.row.number, code), said="sent")
