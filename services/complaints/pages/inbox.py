"""The inbox: what waits for whoever works here, by due date, with its counts and what it may be narrowed to."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response
from marshmallow import fields, validate

from backend.sdk.data import encode_cursor
from backend.sdk.domain import Context, department_book
from backend.sdk.pages import fragment_asked, get_shapes, here, render
from services.complaints.domain.workflow import Clock
from services.complaints.models import NEVER
from services.complaints.pages import blueprint
from services.complaints.queries.cases import settings_of
from services.complaints.queries.lists import Desk, count_desks, count_inbox, list_inbox
from services.complaints.queries.shaping import labels_of, shape_page
from services.complaints.schemas import ComplaintQuery

INBOX = "/complaints/inbox"
NARROWED_BY = ("desk", "mine", "status", "category", "department", "area", "q")
_FILTERS = NARROWED_BY[2:]
_WAITING_ON = {Clock.RESPONSE, Clock.COMPLETION, Clock.VALIDATION}
_DESKS_THAT_SEE_UNITS = {Desk.PUBLICATION, Desk.VALIDATION, Desk.APPEALS}


class InboxQuery(ComplaintQuery):
    """Which of what waits is shown: of a desk, mine, or narrowed as a list is."""

    class Meta(ComplaintQuery.Meta):
        """An inbox is no map, and has no beginning."""

        exclude: tuple[str, ...] = ("bbox", "since")

    desk = fields.String(validate=validate.OneOf([desk.value for desk in Desk]))


def queue_of(query: Mapping[str, Any]) -> dict[str, str]:
    """Return what the query narrows the inbox to, as an address says it."""
    return {name: "true" if query[name] is True else query[name] for name in NARROWED_BY if query.get(name)}


def following(ctx: Context, query: Mapping[str, Any], row: Any) -> str | None:
    """Return the address of what comes after a complaint in the inbox as the query narrows it; None after the last."""
    page = list_inbox(ctx, {**query, "bbox": None, "limit": 1, "cursor": encode_cursor(row.next_due_at, row.id)})
    return next((here(ctx.region, f"/complaints/{after.id}", **queue_of(query)) for after in page.rows), None)


@blueprint.page("GET", "/inbox", permission="complaints.work", query=InboxQuery)
def show_inbox(ctx: Context, query: dict[str, Any]) -> Response:
    """Show what waits for me, my unit or my desk, by due date; the list alone where the page asks for it anew."""
    page, queue = list_inbox(ctx, query), queue_of(query)
    items = [
        item
        | {"next_due_at": None if row.next_due_at == NEVER else row.next_due_at, "mine": row.assignee_id == ctx.actor.account_id}
        for item, row in zip(shape_page(ctx, page.rows), page.rows, strict=True)
    ]
    rows = count_desks(ctx)
    shown = {
        "items": items,
        "now": ctx.now(),
        "queue": queue,
        "counts": count_inbox(ctx, rows),
        "desks": _desks(rows, query),
        "next_cursor": page.next_cursor,
        "cursor": query["cursor"],
    }
    if fragment_asked():
        return render(ctx, "complaints/waiting.html", **shown)
    return render(
        ctx, "complaints/inbox.html", choices=_choices(ctx, rows), narrowed=any(query.get(name) for name in _FILTERS), **shown
    )


def _desks(rows: Sequence[Any], query: Mapping[str, Any]) -> Mapping[Desk, int]:
    """Return how many wait at each desk at which something does, or that is looked at; where all wait at one, none."""
    counts: dict[Desk, int] = {desk: sum(row.all for row in rows if row.desk == desk) for desk in Desk}
    busy = {desk: count for desk, count in counts.items() if count or desk == query.get("desk")}
    return busy if len(busy) > 1 or query.get("desk") or Desk.PUBLICATION in busy else {}


def _choices(ctx: Context, rows: Sequence[Any]) -> dict[str, dict[str, str]]:
    labels = labels_of(ctx)
    areas = get_shapes(ctx, "parents")
    sees_units = any(row.desk in _DESKS_THAT_SEE_UNITS for row in rows)
    settings = settings_of(ctx)
    return {
        "status": {state.key: labels.states[state.key] for state in settings.workflow.states if state.clock in _WAITING_ON},
        "category": {
            category.code: labels.categories[category.code] for category in settings.categories.values() if category.active
        },
        "department": {unit.key: unit.name for unit in department_book(ctx).by_key.values()} if sees_units else {},
        "area": dict(zip(areas.codes, areas.names, strict=True)),
    }
