"""What the clock does: a state whose timer has ended makes the system's move, and what nobody holds is routed again."""

from sqlalchemy import select

from backend.sdk.domain import Context, DomainError, get_logger
from services.complaints.domain import actors
from services.complaints.domain.categories import Confidentiality
from services.complaints.domain.workflow import ESCALATE
from services.complaints.models import Complaint
from services.complaints.operations.moving import MoveRequest, move_by_system
from services.complaints.operations.routing import route_complaint
from services.complaints.queries.cases import settings_of

_AT_ONCE = 200
_log = get_logger(__name__)


def sweep_timers(ctx: Context) -> None:
    """Make the moves of timers that have ended, oldest first, at most `_AT_ONCE`; the next sweep takes the rest."""
    workflow = settings_of(ctx).workflow
    ending = {state.key: state.at_end for state in workflow.states if state.at_end and state.at_end != ESCALATE}
    due = ctx.session.scalars(
        select(Complaint)
        .where(Complaint.region_id == ctx.region.id, Complaint.state.in_(ending), Complaint.state_due_at <= ctx.now())
        .order_by(Complaint.state_due_at)
        .limit(_AT_ONCE)
        .with_for_update(skip_locked=True)
    ).all()
    for row in due:
        try:
            with ctx.session.begin_nested():
                move_by_system(ctx, row.id, actors.SYSTEM, MoveRequest(move=ending[row.state]))
        except DomainError as error:
            # The region's workflow does not let the clock make its move: the case waits for a person, and blocks no other.
            _log.error("complaints.timer_refused", complaint=str(row.id), code=error.code)
            row.state_due_at = None


def route_what_nobody_holds(ctx: Context) -> None:
    """Route again the sealed cases whose custodian was bound to no unit when they came: nobody else may see them."""
    waiting = select(Complaint.id).where(
        Complaint.region_id == ctx.region.id,
        Complaint.confidentiality == Confidentiality.SEALED.value,
        Complaint.custodian.is_(None),
        Complaint.state == settings_of(ctx).workflow.initial,
    )
    for complaint_id in ctx.session.scalars(waiting.limit(_AT_ONCE)).all():
        route_complaint(ctx, complaint_id)
