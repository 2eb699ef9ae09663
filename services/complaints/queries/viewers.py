"""The actor as the rules of this room see them, and the SQL that keeps from every query what they may not know."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

from backend.sdk.domain import Actor, Context
from backend.sdk.packs import EndedUnits, ended_units
from services.complaints.domain import actors
from services.complaints.domain.actors import ActorFacts, Membership
from services.complaints.domain.categories import Confidentiality
from services.complaints.domain.visibility import CaseSecrecy, Sight, Visibility, reach, sight

OPEN = f"confidentiality = '{Confidentiality.OPEN}' AND visibility = '{Visibility.PUBLIC}'"
_SEALED = f"confidentiality = '{Confidentiality.SEALED}'"
_OWN = "reporter_id = %(me)s"


def viewer(ctx: Context, *, reporter_id: UUID | None = None) -> ActorFacts:
    """Return the actor before a case reported by `reporter_id`: of a unit, and of those whose work it has taken over."""
    is_reporter = ctx.actor.kind == "citizen" and reporter_id is not None and ctx.actor.account_id == reporter_id
    return _facts(ctx.actor, ended_units(ctx) if ctx.actor.departments() else None, is_reporter=is_reporter)


@lru_cache(maxsize=1024)  # the same two for every row of a page
def _facts(actor: Actor, ended: EndedUnits | None, *, is_reporter: bool) -> ActorFacts:
    if actor.kind == "system":
        return actors.SYSTEM
    return ActorFacts(
        account_id=actor.account_id,
        is_reporter=is_reporter,
        memberships=frozenset(
            Membership(duty.role, key)
            for duty in actor.duties
            for key in (duty.department_key, *(ended.forerunners.get(duty.department_key or "", ()) if ended else ()))
        ),
    )


def may_know(ctx: Context) -> str:
    """Return the condition under which the actor may know of a complaint at all; its parameters are `reach_of`'s."""
    known = reach(viewer(ctx))
    ways = [OPEN]
    if ctx.actor.kind == "citizen":
        ways.append(_OWN)
    if known.unsealed:
        ways.append(f"NOT {_SEALED}")
    elif known.departments:
        ways.append(f"NOT {_SEALED} AND department = ANY(%(units)s)")
    if known.custodians:
        ways.append(f"{_SEALED} AND custodian = ANY(%(custodies)s)")
    return one_of(ways)


def may_read_text(ctx: Context) -> str:
    """Return the condition under which the actor may search in a complaint's words; its parameters are `reach_of`'s."""
    known = reach(viewer(ctx))
    ways = [f"{OPEN} AND published_at IS NOT NULL"]
    if ctx.actor.kind == "citizen":
        ways.append(_OWN)
    if viewer(ctx).has(actors.Role.TRIAGE) or viewer(ctx).has(actors.Role.VALIDATOR):
        ways.append(f"NOT {_SEALED}")
    elif known.departments:
        ways.append(f"NOT {_SEALED} AND department = ANY(%(units)s)")
    return one_of(ways)


def reach_of(ctx: Context) -> dict[str, Any]:
    """Return the parameters of the conditions above: the region, the actor, their units and custodies."""
    known = reach(viewer(ctx))
    return {
        "region": ctx.region.id,
        "me": ctx.actor.account_id,
        "units": list(known.departments),
        "custodies": list(known.custodians),
    }


def one_of(ways: Sequence[str]) -> str:
    """Return the condition that one of `ways` holds."""
    return f"({' OR '.join(f'({way})' for way in ways)})" if ways else "false"


def secrecy_of(row: Any) -> CaseSecrecy:
    """Return what of a complaint (a row or its columns) decides who sees it."""
    return CaseSecrecy(
        confidentiality=Confidentiality(row.confidentiality),
        visibility=Visibility(row.visibility),
        published=row.published_at is not None,
        department=row.department,
        custodian=row.custodian,
    )


def sights(ctx: Context) -> Callable[[Any], Sight]:
    """Return what says of a complaint what the actor may see of it: made once for all rows of an answer."""
    other, own = viewer(ctx), viewer(ctx, reporter_id=ctx.actor.account_id)
    me, units = ctx.actor.account_id, other.departments()
    seen: dict[tuple[Any, ...], Sight] = {}

    def sight_of(row: Any) -> Sight:
        mine = row.reporter_id == me
        # Departments that are none of the actor's are all alike to them.
        whose = (row.department if row.department in units else None, row.custodian if row.custodian in units else None)
        key = (row.confidentiality, row.visibility, row.published_at is None, mine, *whose)
        if key not in seen:
            seen[key] = sight(secrecy_of(row), own if mine else other)
        return seen[key]

    return sight_of
