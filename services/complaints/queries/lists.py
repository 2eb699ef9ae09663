"""Lists of complaints, each in one statement whatever the page: the public list and map, a citizen's own, an officer's inbox."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from backend.sdk.data import decode_cursor, encode_cursor
from backend.sdk.domain import Context, invalid
from services.complaints.domain.actors import CUSTODIANS, UNIT_ROLES, Role
from services.complaints.domain.categories import Confidentiality
from services.complaints.domain.workflow import Clock
from services.complaints.models import Complaint
from services.complaints.queries.cases import settings_of
from services.complaints.queries.viewers import may_know, may_read_text, viewer

COLUMNS: tuple[InstrumentedAttribute[Any], ...] = (
    Complaint.id,
    Complaint.number,
    Complaint.category,
    Complaint.description,
    Complaint.lat,
    Complaint.lng,
    Complaint.landmark,
    Complaint.area_code,
    Complaint.visibility,
    Complaint.confidentiality,
    Complaint.custodian,
    Complaint.published_at,
    Complaint.state,
    Complaint.department,
    Complaint.assignee_id,
    Complaint.reporter_id,
    Complaint.submitted_at,
    Complaint.response_due_at,
    Complaint.due_at,
    Complaint.next_due_at,
    Complaint.support_count,
    Complaint.under_appeal,
)


@dataclass(frozen=True, kw_only=True)
class Page:
    """Rows of one page and the cursor of the next."""

    rows: Sequence[Any]
    next_cursor: str | None


def _page(rows: Sequence[Any], limit: int, *keys: str) -> Page:
    shown = rows[:limit]
    more = len(rows) > limit
    return Page(rows=shown, next_cursor=encode_cursor(*(getattr(shown[-1], key) for key in keys)) if more else None)


def _box(text: str) -> ColumnElement[bool]:
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        raise invalid("bbox", "complaints.bad_box") from None
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):  # noqa: PLR2004 - degrees
        raise invalid("bbox", "complaints.bad_box")
    return and_(Complaint.lat.between(south, north), Complaint.lng.between(west, east))


def _like(words: str) -> str:
    escaped = words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def _filters(ctx: Context, query: Mapping[str, Any]) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    for name, column in (("status", Complaint.state), ("category", Complaint.category), ("department", Complaint.department)):
        if query.get(name):
            wanted.append(column == query[name])
    if query.get("area"):
        wanted.append(Complaint.area_code.in_(ctx.ground.regions.lowest_below(ctx.region.id, query["area"])))
    if query.get("bbox"):
        wanted.append(_box(query["bbox"]))
    if query.get("since"):
        wanted.append(Complaint.submitted_at >= query["since"])
    if query.get("q"):
        like = _like(query["q"])
        wanted.append(or_(Complaint.number.ilike(like), and_(may_read_text(ctx), Complaint.description.ilike(like))))
    return wanted


def list_complaints(ctx: Context, query: Mapping[str, Any]) -> Page:
    """Return complaints of which the actor may know, newest first. Raises DomainError (422) for a bad box or cursor."""
    conditions = _filters(ctx, query)
    if query.get("mine"):
        conditions.append(Complaint.reporter_id == ctx.actor.account_id)
    else:
        conditions.append(may_know(ctx))
    if query["cursor"]:
        submitted_at, last = decode_cursor(query["cursor"], datetime, UUID)
        conditions.append(tuple_(Complaint.submitted_at, Complaint.id) < tuple_(submitted_at, last))
    rows = ctx.session.execute(
        select(*COLUMNS)
        .where(Complaint.region_id == ctx.region.id, *conditions)
        .order_by(Complaint.submitted_at.desc(), Complaint.id.desc())
        .limit(query["limit"] + 1)
    ).all()
    return _page(rows, query["limit"], "submitted_at", "id")


def waiting_for(ctx: Context) -> ColumnElement[bool]:
    """Return what waits for the actor: their own, their unit's, the desks', a custodian's; never what waits for a citizen."""
    me = viewer(ctx)
    states = settings_of(ctx).workflow.states
    at_work = [state.key for state in states if state.clock in {Clock.RESPONSE, Clock.COMPLETION}]
    judged = [state.key for state in states if state.clock is Clock.VALIDATION]
    sealed = Complaint.confidentiality == Confidentiality.SEALED.value
    units, custodies = me.departments(UNIT_ROLES), me.departments(CUSTODIANS)
    ways: list[ColumnElement[bool]] = []
    if units:
        ways.append(and_(~sealed, ~Complaint.under_appeal, Complaint.state.in_(at_work), Complaint.department.in_(units)))
    if me.has(Role.TRIAGE):
        ways.append(and_(~sealed, ~Complaint.under_appeal, Complaint.state.in_(at_work), Complaint.department.is_(None)))
    if me.has(Role.VALIDATOR):
        anothers = ~func.coalesce(Complaint.department.in_(me.departments()), False)
        asked = or_(Complaint.state.in_(judged), and_(Complaint.under_appeal, Complaint.state.in_(at_work)))
        ways.append(and_(~sealed, asked, anothers))
    if custodies:
        ways.append(and_(sealed, Complaint.state.in_([*at_work, *judged]), Complaint.custodian.in_(custodies)))
    return or_(*ways) if ways else Complaint.id.is_(None)


def list_inbox(ctx: Context, query: Mapping[str, Any]) -> Page:
    """Return what waits for the actor, by due date; what has no clock comes last."""
    conditions = [waiting_for(ctx), *_filters(ctx, query)]
    if query.get("mine"):
        conditions.append(Complaint.assignee_id == ctx.actor.account_id)
    if query["cursor"]:
        due_at, last = decode_cursor(query["cursor"], datetime, UUID)
        conditions.append(tuple_(Complaint.next_due_at, Complaint.id) > tuple_(due_at, last))
    rows = ctx.session.execute(
        select(*COLUMNS)
        .where(Complaint.region_id == ctx.region.id, *conditions)
        .order_by(Complaint.next_due_at, Complaint.id)
        .limit(query["limit"] + 1)
    ).all()
    return _page(rows, query["limit"], "next_due_at", "id")


def count_inbox(ctx: Context) -> Mapping[str, int]:
    """Return how many wait: all, mine, late, and by state."""
    mine = Complaint.assignee_id == ctx.actor.account_id
    late = Complaint.next_due_at < ctx.now()
    rows = ctx.session.execute(
        select(
            Complaint.state,
            func.count().label("all"),
            func.count().filter(mine).label("mine"),
            func.count().filter(late).label("late"),
        )
        .where(Complaint.region_id == ctx.region.id, waiting_for(ctx))
        .group_by(Complaint.state)
    ).all()
    totals = {name: sum(getattr(row, name) for row in rows) for name in ("all", "mine", "late")}
    return totals | {row.state: row.all for row in rows}
