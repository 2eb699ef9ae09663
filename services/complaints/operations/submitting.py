"""A complaint is submitted: by a citizen, or by a guest where the category allows it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from backend.sdk.data import Prepared, as_json, filling
from backend.sdk.domain import Context, DomainError, Kind, department_book, invalid, new_id
from services.complaints.domain.categories import Category
from services.complaints.domain.deadlines import first_deadlines
from services.complaints.domain.visibility import Visibility, VisibilityNotPossibleError, chosen_visibility
from services.complaints.events import SUBMITTED
from services.complaints.models import NEVER
from services.complaints.operations.history import ROOM, hold, is_sealed, tell_reporter, write_line
from services.complaints.queries.cases import COLUMNS, Case, calendar_of, case_of, settings_of


@dataclass(frozen=True, kw_only=True)
class Submission:
    """What somebody reports."""

    category: str
    description: str
    id: UUID | None = None
    location: Mapping[str, float] | None = None
    landmark: str | None = None
    visibility: str | None = None
    file_ids: Sequence[UUID] = ()


_GIVEN = (
    *("region_id", "id", "number", "category", "description", "lat", "lng", "landmark", "area_code", "visibility"),
    *("confidentiality", "custodian", "state", "origins", "entered_at", "reporter_id", "submitted_at", "response_due_at"),
    *("due_at", "next_due_at", "support_count", "under_appeal", "version"),
)
_INSERT = Prepared(f"{filling('complaints', _GIVEN)} ON CONFLICT (region_id, id) DO NOTHING RETURNING true")


def submit_complaint(ctx: Context, said: Submission, *, guest: bool = False) -> Case:
    """Accept a complaint; publishes `complaints.submitted` and asks that its reporter be told.

    Raises DomainError: 422 naming the field that cannot be accepted, 409 for an id that is taken in the region.
    """
    settings = settings_of(ctx)
    category = _category(ctx, said, guest=guest)
    area_code = _area(ctx, said, category)
    visibility = _visibility(category, said.visibility)
    calendar = calendar_of(ctx)
    due = first_deadlines(category, now=ctx.now(), calendar=calendar)
    initial = settings.workflow.state_by_key[settings.workflow.initial]
    on = calendar.local_day(ctx.now())
    serial = ctx.ground.serials.take(ctx.region.id, f"{ROOM}:{settings.number_format.series(on)}")
    values: dict[str, Any] = {
        "region_id": ctx.region.id,
        "id": said.id or new_id(),
        "number": settings.number_format.write(settings.number_prefix, on, serial),
        "category": category.code,
        "description": said.description,
        "lat": said.location["lat"] if said.location else None,
        "lng": said.location["lng"] if said.location else None,
        "landmark": said.landmark,
        "area_code": area_code,
        "visibility": visibility,
        "confidentiality": category.confidentiality.value,
        "custodian": department_book(ctx).by_type.get(category.custodian or "") if category.sealed else None,
        "state": initial.key,
        "origins": (),
        "entered_at": ctx.now(),
        "reporter_id": None if guest else ctx.actor.account_id,
        "submitted_at": ctx.now(),
        "response_due_at": due.response_due_at,
        "due_at": due.due_at,
        "next_due_at": due.current(initial) or NEVER,
        "support_count": 0,
        "under_appeal": False,
        "version": 1,
    }
    if _INSERT.first(ctx.session, complaints=as_json([values])) is None:
        raise DomainError(Kind.CONFLICT, "complaints.id_taken")
    row = SimpleNamespace(**dict.fromkeys(COLUMNS) | values)
    line = write_line(ctx, row, move="submit", role="reporter", from_state=None)
    files = hold(ctx, row, line, said.file_ids, kind="report")
    sealed = is_sealed(row)
    ctx.publish(
        SUBMITTED,
        subject=row.id,
        number=row.number,
        category=None if sealed else row.category,
        area=None if sealed else row.area_code,
        sealed=sealed,
    )
    ctx.audit("complaints.submit", subject=str(row.id), details={"number": row.number})
    tell_reporter(ctx, row, "complaints.received", category)
    return case_of(ctx, row, moves=[line], files=files)


def _category(ctx: Context, said: Submission, *, guest: bool) -> Category:
    category = settings_of(ctx).categories.get(said.category)
    if category is None or not category.active:
        raise invalid("category", "complaints.unknown_category")
    if guest and not category.without_account:
        raise invalid("category", "complaints.account_needed")
    return category


def _visibility(category: Category, wished: str | None) -> str:
    try:
        return chosen_visibility(category, Visibility(wished) if wished else None).value
    except VisibilityNotPossibleError as error:
        raise invalid("visibility", f"complaints.visibility_{error.code}") from None


def _area(ctx: Context, said: Submission, category: Category) -> str | None:
    if said.location is None:
        if category.location_required:
            raise invalid("location", "complaints.location_required")
        return None
    lat, lng = said.location["lat"], said.location["lng"]
    match = ctx.ground.regions.areas.find_area(ctx.region.id, lat, lng)
    if match is not None:
        return match.code
    for region_id, _ in ctx.ground.regions.areas.locate(lat, lng):
        other = ctx.ground.regions.by_id(region_id)
        fault = invalid("location", "complaints.in_other_region", region=other.name)
        fault.extra["region"] = other.key
        raise fault
    raise invalid("location", "complaints.outside_region", region=ctx.region.name)
