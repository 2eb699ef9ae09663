"""What staff use: the inbox with its counts, the trace of a routing, internal notes."""

from typing import Any
from uuid import UUID

from flask import Response

from backend.sdk.domain import Context
from backend.sdk.web import answer, page_of
from services.complaints.operations import voices
from services.complaints.queries.cases import get_case
from services.complaints.queries.lists import count_inbox, list_inbox
from services.complaints.queries.shaping import shape_page, shape_routings, shape_timeline
from services.complaints.routes.door import blueprint
from services.complaints.schemas import ComplaintQuery, NoteIn, RoutingOut, TimelineLine, inbox_page


@blueprint.endpoint("GET", "/inbox", permission="complaints.work", query=ComplaintQuery, out=inbox_page())
def inbox(ctx: Context, query: dict[str, Any]) -> Response:
    """Return what waits for me, my unit or my desk, by due date, with counts up to 500 a state; `mine=true` what is mine."""
    page = list_inbox(ctx, query)
    return answer(
        {
            "items": shape_page(ctx, page.rows),
            "next_cursor": page.next_cursor,
            "counts": count_inbox(ctx),
        }
    )


@blueprint.endpoint("GET", "/<uuid:complaint_id>/routing", permission="complaints.see_routing", out=page_of(RoutingOut))
def routing(ctx: Context, complaint_id: UUID) -> Response:
    """Return why a complaint went where it went, with the lines of the pack that decided."""
    return answer({"items": shape_routings(ctx, get_case(ctx, complaint_id)), "next_cursor": None})


@blueprint.endpoint(
    "POST",
    "/<uuid:complaint_id>/notes",
    permission="complaints.work",
    body=NoteIn,
    out=page_of(TimelineLine),
    status=201,
    idempotency="accepted",
    limit="write",
)
def note(ctx: Context, body: dict[str, str], complaint_id: UUID) -> Response:
    """Add an internal note; returns the timeline."""
    voices.add_internal_note(ctx, complaint_id, body["note"])
    return answer({"items": shape_timeline(ctx, get_case(ctx, complaint_id)), "next_cursor": None}, 201)
