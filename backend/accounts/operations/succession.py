"""Memberships when a pack ends units: they follow to the unit that takes over, so that officers see their cases there."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from uuid import UUID

from sqlalchemy import delete, func, select

from backend.accounts.models import Membership
from backend.accounts.operations.staff import give, told
from backend.data.context import Context, Duty
from backend.modules.proposals import Effect, PackRules, Proposal
from backend.modules.succession import heirs_in


def _foresee(ctx: Context, proposal: Proposal) -> Iterator[Effect]:
    """Yield how many memberships go where, and how many would be left with a unit that has ended."""
    if proposal.before is None or not proposal.ended_units:
        return
    heirs = heirs_in(proposal)
    counted = (
        select(Membership.department_key, func.count())
        .where(Membership.region_id == ctx.region.id, Membership.department_key.in_(proposal.ended_units))
        .group_by(Membership.department_key)
    )
    counts = {row[0]: row[1] for row in ctx.session.execute(counted)}
    for key in proposal.ended_units:
        params = {"unit": proposal.before.units[key].name, "count": counts.get(key, 0)}
        if key not in counts:
            continue
        if key not in heirs:
            yield Effect(code="accounts.memberships_left", params=params)
        else:
            successor = proposal.after.units[heirs[key]].name
            yield Effect(code="accounts.memberships_follow", params={**params, "successor": successor})


def _follow(ctx: Context, proposal: Proposal) -> None:
    """Move the memberships of units that have ended to their successors; nobody has a duty twice for it."""
    heirs = heirs_in(proposal)
    if not heirs:
        return
    # Of those whom it concerns all duties are held, as a change of duties holds them.
    concerned = select(Membership.staff_id).where(Membership.region_id == ctx.region.id, Membership.department_key.in_(heirs))
    rows = ctx.session.scalars(
        select(Membership)
        .where(Membership.region_id == ctx.region.id, Membership.staff_id.in_(concerned))
        .order_by(Membership.staff_id, Membership.id)
        .with_for_update()
    )
    held: Mapping[UUID, dict[Duty, UUID]] = defaultdict(dict)
    for row in rows:
        held[row.staff_id][Duty(role=row.role, department_key=row.department_key, area_code=row.area_code)] = row.id
    gone: list[UUID] = []
    for staff_id, duties in held.items():
        after = {replace(duty, department_key=heirs.get(duty.department_key or "", duty.department_key)) for duty in duties}
        gone += [membership for duty, membership in duties.items() if duty not in after]
        give(ctx, staff_id, [duty for duty in after if duty not in duties])
        ctx.audit("accounts.duties_followed", subject=str(staff_id), details={"before": told(duties), "after": told(list(after))})
    ctx.session.execute(delete(Membership).where(Membership.region_id == ctx.region.id, Membership.id.in_(gone)))


RULES = PackRules(foresee=_foresee, follow=_follow)
