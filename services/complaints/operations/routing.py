"""A complaint is routed: the decision of the rules is stored with its trace, and becomes the move `assign`."""

from typing import Any
from uuid import UUID

from backend.sdk.data import add_row
from backend.sdk.domain import Context, department_book, new_id
from services.complaints.domain import actors
from services.complaints.domain.routing import (
    AreaLink,
    Decision,
    TraceStep,
    area_overlap,
    choose_department,
    nearest_area,
)
from services.complaints.events import ROUTED
from services.complaints.models import ComplaintRouting
from services.complaints.operations.history import is_sealed, save
from services.complaints.operations.moving import MoveRequest, carry_out
from services.complaints.queries.cases import category_of, find_case, lock_cases, settings_of
from services.complaints.queries.rulebooks import facts_of


def route_complaint(ctx: Context, complaint_id: UUID) -> Decision | None:
    """Route a complaint that has no department yet; publishes `complaints.routed`. None: somebody has been quicker."""
    lock_cases(ctx, complaint_id)
    case = find_case(ctx, complaint_id, anybody=True)
    if case is None or case.row.department is not None or case.row.state != settings_of(ctx).workflow.initial:
        return None
    row = case.row
    chain = ctx.ground.regions.chain(ctx.region.id, row.area_code) if row.area_code else ()
    decision = choose_department(
        category_of(ctx, row),
        tuple(AreaLink(area.code, area.kind) for area in chain),
        settings_of(ctx).rules,
        facts_of(department_book(ctx)),
        place=_found_place(ctx, row),
    )
    if is_sealed(row) and row.custodian is None:
        row.custodian = decision.department_key
        save(ctx, row)
    add_row(
        ctx.session,
        ComplaintRouting,
        region_id=ctx.region.id,
        id=new_id(),
        complaint_id=row.id,
        at=ctx.now(),
        department=decision.department_key,
        trace=[step.as_dict() for step in decision.trace],
        pack_version=ctx.region.pack_version,
    )
    if decision.department_key is not None:
        carry_out(ctx, case, actors.ROUTING, MoveRequest(move="assign", department=decision.department_key))
    sealed = is_sealed(row)
    ctx.publish(ROUTED, subject=row.id, number=row.number, department=None if sealed else decision.department_key, sealed=sealed)
    return decision


def _found_place(ctx: Context, row: Any) -> tuple[TraceStep, ...]:
    if row.lat is None or row.lng is None:
        return ()
    match = ctx.ground.regions.areas.find_area(ctx.region.id, row.lat, row.lng)
    if match is None or match.how == "inside":
        return ()
    if match.how == "nearest":
        return (nearest_area(match.code, round(match.distance_m)),)
    return (area_overlap(match.code, match.others),)
