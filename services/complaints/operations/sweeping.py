"""What the clock does: a state whose timer has ended makes the move that the workflow says the system makes."""

from sqlalchemy import select

from backend.sdk.domain import Context, get_logger
from services.complaints.domain import actors
from services.complaints.domain.moves import MoveRefusedError
from services.complaints.domain.workflow import ESCALATE
from services.complaints.models import Complaint
from services.complaints.operations.moving import MoveRequest, move_by_system
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
            move_by_system(ctx, row.id, actors.SYSTEM, MoveRequest(move=ending[row.state]))
        except MoveRefusedError as error:
            _log.error("complaints.timer_refused", complaint=str(row.id), why=str(error))
