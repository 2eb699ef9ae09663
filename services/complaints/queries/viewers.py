"""The actor as the rules of this room see them, and the condition that keeps from every query what they may not know."""

from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_

from backend.sdk.domain import Actor, Context
from services.complaints.domain import actors
from services.complaints.domain.actors import ActorFacts, Membership
from services.complaints.domain.categories import Confidentiality
from services.complaints.domain.visibility import CaseSecrecy, Sight, Visibility, reach, sight
from services.complaints.models import Complaint

_OPEN = and_(Complaint.confidentiality == Confidentiality.OPEN.value, Complaint.visibility == Visibility.PUBLIC.value)
_SEALED = Complaint.confidentiality == Confidentiality.SEALED.value


def viewer(ctx: Context, *, reporter_id: UUID | None = None) -> ActorFacts:
    """Return the actor before a case reported by `reporter_id`."""
    is_reporter = ctx.actor.kind == "citizen" and reporter_id is not None and ctx.actor.account_id == reporter_id
    return _facts(ctx.actor, is_reporter=is_reporter)


@lru_cache(maxsize=1024)  # the same two for every row of a page
def _facts(actor: Actor, *, is_reporter: bool) -> ActorFacts:
    if actor.kind == "system":
        return actors.SYSTEM
    return ActorFacts(
        account_id=actor.account_id,
        is_reporter=is_reporter,
        memberships=frozenset(Membership(duty.role, duty.department_key) for duty in actor.duties),
    )


def may_know(ctx: Context) -> ColumnElement[bool]:
    """Return the condition under which the actor may know of a complaint at all."""
    known = reach(viewer(ctx))
    ways: list[ColumnElement[bool]] = [_OPEN]
    if ctx.actor.kind == "citizen":
        ways.append(Complaint.reporter_id == known.account_id)
    if known.unsealed:
        ways.append(~_SEALED)
    elif known.departments:
        ways.append(and_(~_SEALED, Complaint.department.in_(known.departments)))
    if known.custodians:
        ways.append(and_(_SEALED, Complaint.custodian.in_(known.custodians)))
    return or_(*ways)


def may_read_text(ctx: Context) -> ColumnElement[bool]:
    """Return the condition under which the actor may search in a complaint's words."""
    known = reach(viewer(ctx))
    ways: list[ColumnElement[bool]] = [and_(_OPEN, Complaint.published_at.is_not(None))]
    if ctx.actor.kind == "citizen":
        ways.append(Complaint.reporter_id == known.account_id)
    if viewer(ctx).has(actors.Role.TRIAGE) or viewer(ctx).has(actors.Role.VALIDATOR):
        ways.append(~_SEALED)
    elif known.departments:
        ways.append(and_(~_SEALED, Complaint.department.in_(known.departments)))
    return or_(*ways)


def secrecy_of(row: Any) -> CaseSecrecy:
    """Return what of a complaint (a row or its columns) decides who sees it."""
    return CaseSecrecy(
        confidentiality=Confidentiality(row.confidentiality),
        visibility=Visibility(row.visibility),
        published=row.published_at is not None,
        department=row.department,
        custodian=row.custodian,
    )


def sight_of(ctx: Context, row: Any) -> Sight:
    """Return what the actor may see of a complaint."""
    return sight(secrecy_of(row), viewer(ctx, reporter_id=row.reporter_id))
