"""What citizens use: categories, submission, lists, one case, its timeline, moves, support, rating, tracking by number."""

import re
from typing import Any
from uuid import UUID

from flask import Response, request

from backend.sdk.domain import Context, DomainError, Kind, in_language, not_found
from backend.sdk.web import answer, page_of
from services.complaints.operations import moving, submitting, voices
from services.complaints.queries.cases import Case, get_case, settings_of
from services.complaints.queries.codes import receipt_code
from services.complaints.queries.lists import list_complaints
from services.complaints.queries.shaping import emergency_notice, shape_case, shape_page, shape_timeline
from services.complaints.queries.tracking import get_tracked
from services.complaints.routes.door import blueprint
from services.complaints.schemas import (
    CategoryOut,
    CodeMoveIn,
    CodeQuery,
    ComplaintIn,
    ComplaintOut,
    ComplaintQuery,
    ComplaintSummary,
    MoveIn,
    RatingIn,
    TimelineLine,
    TrackedOut,
)

_ETAG = re.compile(r'(?:W/)?"v(\d{1,18})-[0-9a-f]*"')


@blueprint.endpoint("GET", "/categories", public=True, out=page_of(CategoryOut))
def list_categories(ctx: Context) -> dict[str, Any]:
    """List what can be reported, with what an app must show and ask before it sends."""
    settings = settings_of(ctx)
    items = []
    for category in settings.categories.values():
        if not category.active:
            continue
        group = settings.groups[category.group]
        items.append(
            {
                "code": category.code,
                "name": in_language(category.name, ctx.locale),
                "group": category.group,
                "group_name": in_language(group.name, ctx.locale),
                "photo_required": category.photo_required,
                "location_required": category.location_required,
                "visibility": category.visibility.value,
                "confidentiality": category.confidentiality.value,
                "emergency": category.emergency,
                "emergency_notice": emergency_notice(ctx, category),
                "without_account": category.without_account,
                "response_hours": category.response.amount if category.response else None,
                "completion": {category.completion.unit.value: category.completion.amount} if category.completion else None,
            }
        )
    return {"items": items, "next_cursor": None}


def _accepted(ctx: Context, case: Case, **more: str) -> Response:
    headers = {"Location": f"/v1/regions/{ctx.region.key}/complaints/{case.row.id}", "ETag": _etag(case)}
    return answer(shape_case(ctx, case) | more, 201, headers)


def _etag(case: Case) -> str:
    return f'"v{case.row.version}-"'


@blueprint.endpoint(
    "POST",
    "",
    permission="complaints.submit",
    body=ComplaintIn,
    out=ComplaintOut,
    status=201,
    idempotency="required",
    limit="submit",
)
def submit(ctx: Context, body: dict[str, Any]) -> Response:
    """Submit a complaint."""
    return _accepted(ctx, submitting.submit_complaint(ctx, submitting.Submission(**body)))


@blueprint.endpoint(
    "POST",
    "/guest",
    public=True,
    no_token=True,
    body=ComplaintIn,
    out=ComplaintOut,
    status=201,
    idempotency="required",
    limit="guest",
)
def submit_as_guest(ctx: Context, body: dict[str, Any]) -> Response:
    """Submit a complaint without an account, where its category allows it; the receipt code is shown this once."""
    case = submitting.submit_complaint(ctx, submitting.Submission(**body), guest=True)
    return _accepted(ctx, case, receipt_code=receipt_code(ctx, case.row.id), description=case.row.description)


@blueprint.endpoint("GET", "", public=True, query=ComplaintQuery, out=page_of(ComplaintSummary))
def list_all(ctx: Context, query: dict[str, Any]) -> Response:
    """List complaints of which the reader may know, newest first; `mine=true` a citizen's own."""
    if query["mine"] and ctx.actor.kind != "citizen":
        nobody = ctx.actor.kind == "anonymous"
        raise DomainError(Kind.UNAUTHENTICATED, "auth.needed") if nobody else DomainError(Kind.FORBIDDEN, "auth.not_allowed")
    page = list_complaints(ctx, query)
    return answer({"items": shape_page(ctx, page.rows), "next_cursor": page.next_cursor})


@blueprint.endpoint("GET", "/<uuid:complaint_id>", public=True, out=ComplaintOut)
def get_one(ctx: Context, complaint_id: UUID) -> Response:
    """Return a complaint, with what the reader may do next."""
    return _shown(ctx, get_case(ctx, complaint_id))


def _shown(ctx: Context, case: Case) -> Response:
    # The version in front is what If-Match on a move compares; what the reader sees of it makes the rest.
    response = answer(shape_case(ctx, case))
    response.add_etag()
    response.set_etag(f"v{case.row.version}-{response.get_etag()[0]}")
    return response


@blueprint.endpoint("GET", "/<uuid:complaint_id>/timeline", public=True, out=page_of(TimelineLine))
def get_timeline(ctx: Context, complaint_id: UUID) -> Response:
    """Return what has happened to a complaint, oldest first."""
    return answer({"items": shape_timeline(ctx, get_case(ctx, complaint_id)), "next_cursor": None})


def _seen_version() -> int | None:
    header = request.headers.get("If-Match")
    if header is None or header == "*":
        return None
    match = _ETAG.fullmatch(header)
    if match is None:
        raise DomainError(Kind.STALE, "request.stale")
    return int(match[1])


@blueprint.endpoint(
    "POST",
    "/<uuid:complaint_id>/moves",
    permission="complaints.move",
    body=MoveIn,
    out=ComplaintOut,
    idempotency="accepted",
    if_match="accepted",
    limit="write",
)
def move(ctx: Context, body: dict[str, Any], complaint_id: UUID) -> Response:
    """Make a move; who may make which, and what it needs, is the region's workflow."""
    asked = moving.MoveRequest(**body, version=_seen_version())
    return _shown(ctx, moving.make_move(ctx, complaint_id, asked))


@blueprint.endpoint("POST", "/<uuid:complaint_id>/support", permission="complaints.support", out=ComplaintOut, limit="write")
def support(ctx: Context, complaint_id: UUID) -> Response:
    """Support somebody else's report."""
    return _shown(ctx, voices.support(ctx, complaint_id))


@blueprint.endpoint("DELETE", "/<uuid:complaint_id>/support", permission="complaints.support", out=ComplaintOut, limit="write")
def take_back_support(ctx: Context, complaint_id: UUID) -> Response:
    """Take one's support back."""
    return _shown(ctx, voices.take_back_support(ctx, complaint_id))


@blueprint.endpoint(
    "POST",
    "/<uuid:complaint_id>/rating",
    permission="complaints.submit",
    body=RatingIn,
    out=ComplaintOut,
    idempotency="accepted",
    limit="write",
)
def rate(ctx: Context, body: dict[str, Any], complaint_id: UUID) -> Response:
    """Rate the work, once; it closes nothing."""
    return _shown(ctx, voices.rate(ctx, complaint_id, **body))


def _tracked(ctx: Context, case: Case) -> Response:
    shown = shape_case(ctx, case)
    names = [field for field in TrackedOut._declared_fields if field != "timeline"]  # noqa: SLF001 - the schema is the list
    return answer({name: shown[name] for name in names} | {"timeline": shape_timeline(ctx, case)})


@blueprint.endpoint("GET", "/by-number/<number>", public=True, query=CodeQuery, out=TrackedOut)
def track(ctx: Context, query: dict[str, Any], number: str) -> Response:
    """Follow a report by its number: a public one as it is, any other with the code its reporter was given."""
    return _tracked(ctx, get_tracked(ctx, number, query["code"]))


@blueprint.endpoint(
    "POST", "/by-number/<number>/moves", public=True, no_token=True, body=CodeMoveIn, out=TrackedOut, limit="guest"
)
def move_by_code(ctx: Context, body: dict[str, Any], number: str) -> Response:
    """Make a reporter's move (answer, confirm, reopen, appeal, withdraw) with the code alone: guests have no account."""
    code = body.pop("code")
    found = get_tracked(ctx, number, code)
    if not found.actor.is_reporter:
        raise not_found()
    return _tracked(ctx, moving.make_move_by_code(ctx, found.row.id, moving.MoveRequest(**body)))
