"""What this room says must agree: a case and its lines, its routing, what was told of it, its number, supporters, files."""

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Executable, and_, case, cast, func, literal, or_, select
from sqlalchemy.dialects.postgresql import distinct_on

from backend.sdk.checks import SETTLED, Check, events_told, files_held, open_deliveries, rows_of, serials_given, told_since
from backend.sdk.domain import Context
from services.complaints.domain.actors import Role
from services.complaints.events import MOVED, SUBMITTED
from services.complaints.models import Complaint, ComplaintFile, ComplaintMove, ComplaintRouting, ComplaintSupport
from services.complaints.queries.cases import settings_of

_ROOM = "complaints"


def _here(ctx: Context) -> ColumnElement[bool]:
    return Complaint.region_id == ctx.region.id


def _of_case(model: Any) -> ColumnElement[bool]:
    return and_(model.region_id == Complaint.region_id, model.complaint_id == Complaint.id)


def _unrouted(ctx: Context) -> Executable:
    waiting = open_deliveries(ctx, "complaints.route")
    return select(Complaint.id, Complaint.number).where(
        _here(ctx),
        Complaint.state == settings_of(ctx).workflow.initial,
        Complaint.department.is_(None),
        Complaint.submitted_at < ctx.now() - SETTLED,
        ~select(ComplaintRouting.id).where(_of_case(ComplaintRouting)).exists(),
        ~select(waiting.c.subject).where(waiting.c.subject == Complaint.id).exists(),
    )


def _last_line(ctx: Context) -> Executable:
    last = (
        select(ComplaintMove.complaint_id, ComplaintMove.to_state)
        .ext(distinct_on(ComplaintMove.complaint_id))
        .where(ComplaintMove.region_id == ctx.region.id)
        .order_by(ComplaintMove.complaint_id, ComplaintMove.at.desc(), ComplaintMove.id.desc())
        .subquery()
    )
    told = func.coalesce(last.c.to_state, "nothing").label("told")
    return (
        select(Complaint.id, Complaint.number, Complaint.state, told)
        .outerjoin(last, last.c.complaint_id == Complaint.id)
        .where(_here(ctx), told != Complaint.state)
    )


def _routing(ctx: Context) -> Executable:
    by_routing = select(ComplaintMove.id).where(_of_case(ComplaintMove), ComplaintMove.role == Role.ROUTING)
    decided = select(ComplaintRouting.id).where(_of_case(ComplaintRouting), ComplaintRouting.department.is_not(None))
    how = case((decided.exists(), "a decision of routing and no move"), else_="a move of routing and no decision").label("how")
    return select(Complaint.id, Complaint.number, how).where(_here(ctx), decided.exists() != by_routing.exists())


def _told(ctx: Context) -> Executable:
    """Count lines beside events, for cases so young that all of theirs are still there."""
    lines = (
        select(ComplaintMove.complaint_id.label("case"), func.count().label("times"))
        .where(ComplaintMove.region_id == ctx.region.id, ComplaintMove.move != "note")
        .group_by(ComplaintMove.complaint_id)
        .subquery()
    )
    submitted, moved = events_told(ctx, SUBMITTED), events_told(ctx, MOVED)
    first, moves = (
        select(each.c.subject.label("case"), func.count().label("times")).group_by(each.c.subject).subquery()
        for each in (submitted, moved)
    )
    in_lines, in_first, in_moves = (func.coalesce(each.c.times, 0) for each in (lines, first, moves))
    return (
        select(Complaint.id, Complaint.number, in_lines.label("lines"), in_first.label("first"), in_moves.label("moves"))
        .outerjoin(lines, lines.c.case == Complaint.id)
        .outerjoin(first, first.c.case == Complaint.id)
        .outerjoin(moves, moves.c.case == Complaint.id)
        .where(_here(ctx), Complaint.submitted_at > told_since(ctx), or_(in_first != 1, in_lines != in_first + in_moves))
    )


def _of_nothing(ctx: Context) -> Executable:
    told = events_told(ctx, SUBMITTED)
    there = select(Complaint.id).where(_here(ctx), Complaint.id == told.c.subject)
    return select(told.c.subject, told.c.id.label("event")).where(~there.exists())


def _support(ctx: Context) -> Executable:
    supports = (
        select(ComplaintSupport.complaint_id, func.count().label("times"))
        .where(ComplaintSupport.region_id == ctx.region.id)
        .group_by(ComplaintSupport.complaint_id)
        .subquery()
    )
    times = func.coalesce(supports.c.times, 0)
    return (
        select(Complaint.id, Complaint.number, Complaint.support_count, times.label("times"))
        .outerjoin(supports, supports.c.complaint_id == Complaint.id)
        .where(_here(ctx), Complaint.support_count != times)
    )


def _number(ctx: Context) -> Executable:
    given = serials_given(ctx)
    series = literal(f"{_ROOM}:") + func.split_part(Complaint.number, "-", 2)
    serial = cast(func.split_part(Complaint.number, "-", 3), BigInteger)
    following = func.coalesce(given.c.next, 0).label("following")
    return (
        select(Complaint.id, Complaint.number, following)
        .outerjoin(given, given.c.name == series)
        .where(_here(ctx), serial >= following)
    )


def _files(ctx: Context) -> Executable:
    held = files_held(ctx, _ROOM)
    own = select(ComplaintFile.id, ComplaintFile.complaint_id).where(ComplaintFile.region_id == ctx.region.id).subquery()
    return (
        select(func.coalesce(own.c.id, held.c.id).label("id"), own.c.complaint_id.label("own"), held.c.held_id.label("held"))
        .select_from(own.outerjoin(held, held.c.id == own.c.id, full=True))
        .where(own.c.complaint_id.is_distinct_from(held.c.held_id))
    )


CHECKS = (
    Check(kind="complaints.unrouted", find=rows_of(_unrouted, "{number} is not routed, and nothing is on its way to do it")),
    Check(kind="complaints.state", find=rows_of(_last_line, "{number} is {state}, and its last line says {told}")),
    Check(kind="complaints.routing", find=rows_of(_routing, "{number} has {how}")),
    Check(
        kind="complaints.untold",
        find=rows_of(_told, "{number} has {lines} lines, and was told of {first} times as submitted and {moves} times as moved"),
    ),
    Check(kind="complaints.of_nothing", find=rows_of(_of_nothing, "the event {event} tells of a report that is not there")),
    Check(kind="complaints.support_count", find=rows_of(_support, "{number} counts {support_count} supporters and has {times}")),
    Check(kind="complaints.number", find=rows_of(_number, "{number} was given, and the next of its month is {following}")),
    Check(kind="complaints.files", find=rows_of(_files, "the case says {own}, the file {held}")),
)
