"""What the clock does: a state whose timer has ended makes the system's move, and what nobody holds is routed again."""

from sqlalchemy import select

from backend.sdk.data import Prepared, savepoint
from backend.sdk.domain import Context, DomainError, get_logger
from services.complaints.domain import actors
from services.complaints.domain.categories import Confidentiality
from services.complaints.domain.workflow import ESCALATE
from services.complaints.models import Complaint
from services.complaints.operations.moving import MoveRequest, carry_out
from services.complaints.operations.routing import route_complaint
from services.complaints.queries.cases import find_case, settings_of

_AT_ONCE = 200
_DUE = Prepared(
    "SELECT id FROM complaints WHERE region_id = %(region)s AND state = ANY(%(states)s) AND state_due_at <= %(now)s"
    " ORDER BY state_due_at LIMIT %(most)s FOR UPDATE SKIP LOCKED"
)
_STOP_TIMER = Prepared("UPDATE complaints SET state_due_at = NULL WHERE region_id = %(region)s AND id = %(id)s RETURNING true")
_log = get_logger(__name__)


def sweep_timers(ctx: Context) -> None:
    """Make the moves of timers that have ended, oldest first, at most `_AT_ONCE`; the next sweep takes the rest."""
    workflow = settings_of(ctx).workflow
    ending = {state.key: state.at_end for state in workflow.states if state.at_end and state.at_end != ESCALATE}
    for due in _DUE.all(ctx.session, region=ctx.region.id, states=list(ending), now=ctx.now(), most=_AT_ONCE):
        case = find_case(ctx, due.id, anybody=True)
        if case is None:
            continue
        try:
            with savepoint(ctx.session):
                carry_out(ctx, case, actors.SYSTEM, MoveRequest(move=ending[case.row.state]))
        except DomainError as error:
            # The region's workflow does not let the clock make its move: the case waits for a person, and blocks no other.
            _log.error("complaints.timer_refused", complaint=str(due.id), code=error.code)
            _STOP_TIMER.first(ctx.session, region=ctx.region.id, id=due.id)


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
