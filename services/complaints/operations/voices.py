"""What citizens and officers add to a case without moving it: support, a rating, an internal note."""

from uuid import UUID

from sqlalchemy import delete, update
from sqlalchemy.dialects.postgresql import insert

from backend.sdk.domain import Context, DomainError, Kind
from services.complaints.domain.moves import may_rate
from services.complaints.models import Complaint, ComplaintSupport
from services.complaints.operations.history import save, write_line
from services.complaints.queries.cases import Case, CaseMove, category_of, get_case, lock_cases, settings_of


def support(ctx: Context, complaint_id: UUID) -> Case:
    """Support somebody else's report, once however often it is said. Raises DomainError: 404, or 409 for one's own."""
    case = get_case(ctx, complaint_id)
    if case.actor.is_reporter:
        raise DomainError(Kind.CONFLICT, "complaints.own_complaint")
    added = ctx.session.execute(
        insert(ComplaintSupport)
        .values(region_id=ctx.region.id, complaint_id=complaint_id, account_id=ctx.actor.account_id, at=ctx.now())
        .on_conflict_do_nothing()
        .returning(ComplaintSupport.at)
    )
    return _counted(ctx, complaint_id, 1 if added.first() else 0)


def take_back_support(ctx: Context, complaint_id: UUID) -> Case:
    """Take one's support back; nothing happens where there is none. Raises DomainError (404)."""
    get_case(ctx, complaint_id)
    removed = ctx.session.execute(
        delete(ComplaintSupport)
        .where(
            ComplaintSupport.region_id == ctx.region.id,
            ComplaintSupport.complaint_id == complaint_id,
            ComplaintSupport.account_id == ctx.actor.account_id,
        )
        .returning(ComplaintSupport.at)
    )
    return _counted(ctx, complaint_id, -1 if removed.first() else 0)


def _counted(ctx: Context, complaint_id: UUID, change: int) -> Case:
    if change:
        ctx.session.execute(
            update(Complaint)
            .where(Complaint.region_id == ctx.region.id, Complaint.id == complaint_id)
            .values(support_count=Complaint.support_count + change)
        )
    return get_case(ctx, complaint_id)


def rate(ctx: Context, complaint_id: UUID, *, score: int, comment: str | None) -> Case:
    """Rate the work, once; it closes nothing. Raises DomainError: 404, 403 for others' reports, 409 when it is not the time."""
    lock_cases(ctx, complaint_id)
    case = get_case(ctx, complaint_id)
    if not case.actor.is_reporter:
        raise DomainError(Kind.FORBIDDEN, "complaints.not_your_complaint")
    if not may_rate(settings_of(ctx).workflow, case.facts(category_of(ctx, case.row)), case.actor):
        raise DomainError(Kind.CONFLICT, "complaints.cannot_rate")
    case.row.score, case.row.score_comment = score, comment
    case.row.version += 1
    save(ctx, case.row)
    ctx.audit("complaints.rate", subject=str(complaint_id), details={"score": score})
    return get_case(ctx, complaint_id)


def add_internal_note(ctx: Context, complaint_id: UUID, note: str) -> CaseMove:
    """Add a note that only those who work on the case read. Raises DomainError: 404, 403 where the actor does not."""
    case = get_case(ctx, complaint_id)
    if not case.sight.may_see_internal_notes:
        raise DomainError(Kind.FORBIDDEN, "complaints.not_your_move")
    of_case = {None, case.row.department, case.row.custodian}
    role = min(membership.role for membership in case.actor.memberships if membership.department in of_case)
    ctx.audit("complaints.note", subject=str(complaint_id))
    return write_line(ctx, case.row, move="note", role=role, from_state=case.row.state, note=note, internal=True)
