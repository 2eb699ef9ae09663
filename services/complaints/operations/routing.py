"""A complaint is routed: the decision of the rules is stored with its trace, and becomes the move `assign`."""

from uuid import UUID

from sqlalchemy import select

from backend.sdk.domain import Context, department_book, new_id
from services.complaints.domain import actors
from services.complaints.domain.routing import (
    AreaLink,
    Decision,
    RegionFacts,
    TraceStep,
    area_overlap,
    choose_department,
    nearest_area,
)
from services.complaints.events import ROUTED
from services.complaints.models import Complaint, ComplaintRouting
from services.complaints.operations.history import is_sealed
from services.complaints.operations.moving import MoveRequest, move_by_system
from services.complaints.queries.cases import category_of, settings_of


def route_complaint(ctx: Context, complaint_id: UUID) -> Decision | None:
    """Route a complaint that has no department yet; publishes `complaints.routed`. None: somebody has been quicker."""
    row = ctx.session.scalar(
        select(Complaint).where(Complaint.region_id == ctx.region.id, Complaint.id == complaint_id).with_for_update()
    )
    if row is None or row.department is not None or row.state != settings_of(ctx).workflow.initial:
        return None
    chain = ctx.ground.regions.chain(ctx.region.id, row.area_code) if row.area_code else ()
    units = department_book(ctx)
    decision = choose_department(
        category_of(ctx, row),
        tuple(AreaLink(area.code, area.kind) for area in chain),
        settings_of(ctx).rules,
        RegionFacts(departments=units.by_type, area_offices=units.area_offices),
        place=_found_place(ctx, row),
    )
    if is_sealed(row) and row.custodian is None:
        row.custodian = decision.department_key
    ctx.session.add(
        ComplaintRouting(
            region_id=ctx.region.id,
            id=new_id(),
            complaint_id=row.id,
            at=ctx.now(),
            department=decision.department_key,
            trace=[step.as_dict() for step in decision.trace],
            pack_version=ctx.region.pack_version,
        )
    )
    if decision.department_key is not None:
        move_by_system(ctx, row.id, actors.ROUTING, MoveRequest(move="assign", department=decision.department_key))
    sealed = is_sealed(row)
    ctx.publish(ROUTED, subject=row.id, number=row.number, department=None if sealed else decision.department_key, sealed=sealed)
    return decision


def _found_place(ctx: Context, row: Complaint) -> tuple[TraceStep, ...]:
    if row.lat is None or row.lng is None:
        return ()
    match = ctx.ground.regions.areas.find_area(ctx.region.id, row.lat, row.lng)
    if match is None or match.how == "inside":
        return ()
    if match.how == "nearest":
        return (nearest_area(match.code, round(match.distance_m)),)
    return (area_overlap(match.code, match.others),)
