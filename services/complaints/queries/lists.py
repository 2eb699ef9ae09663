"""Lists of complaints, each in one statement whatever the page: the public list and map, a citizen's own, an officer's inbox."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from backend.sdk.data import Prepared, decode_cursor, encode_cursor
from backend.sdk.domain import Context
from backend.sdk.packs import ended_units
from services.complaints.domain.actors import CUSTODIANS, UNIT_ROLES, Role
from services.complaints.domain.categories import Confidentiality
from services.complaints.domain.visibility import reach
from services.complaints.domain.workflow import Clock
from services.complaints.models import TILES
from services.complaints.queries.cases import settings_of
from services.complaints.queries.pins import read_box, seen_in, tiles
from services.complaints.queries.search import matches, newest_matching
from services.complaints.queries.viewers import OPEN, may_know, one_of, reach_of, viewer

_COLUMNS = """
    id, number, category, description, lat, lng, landmark, area_code, visibility, confidentiality, custodian, published_at,
    state, department, reporter_id, submitted_at, response_due_at, due_at, next_due_at, support_count, under_appeal,
    assignee_id"""
_NEWEST, _FIRST_DUE = "submitted_at DESC, id DESC", "next_due_at, id"
_SEALED = f"confidentiality = '{Confidentiality.SEALED}'"
_ONCE = "(SELECT) AS once"
FEW_TILES = 16  # of each a page is read; a box of more is so large a part of the region that its newest are soon found
COUNTED = 500  # whoever has more waiting in one state than that knows enough

Way = tuple[str, str]  # values that an index leads by, one after the other, and what holds of the complaints under each
_FILTERS = {"status": "state", "category": "category"}


class Desk(StrEnum):
    """Why something waits for somebody: at their unit, at a desk, or as what they keep sealed."""

    UNIT = "unit"
    TRIAGE = "triage"
    VALIDATION = "validation"
    APPEALS = "appeals"
    CUSTODY = "custody"
    PUBLICATION = "publication"  # text and photos to be looked at: beside the work, and so in no list of all that waits


AT_WORK = tuple(desk for desk in Desk if desk is not Desk.PUBLICATION)


@dataclass(frozen=True, kw_only=True)
class Page:
    """Rows of one page and the cursor of the next."""

    rows: Sequence[Any]
    next_cursor: str | None


def _ordered(conditions: Sequence[str], order: str, *, columns: str = _COLUMNS) -> str:
    """Return the statement that reads in that order; conditions and orders are ours, what is asked for goes beside them."""
    held = " AND ".join(conditions)
    return f"SELECT {columns} FROM complaints WHERE region_id = %(region)s AND {held} ORDER BY {order}"  # noqa: S608 - see above


def _merged(
    ways: Sequence[Way], conditions: Sequence[str], order: str, *, columns: str = _COLUMNS, most: str = "%(most)s"
) -> str:
    """Return the statement that reads what comes on one of the ways: of each the first in that order, all of them in none."""
    pieces = [
        f"SELECT found.* FROM {over}, LATERAL ({_ordered([held, *conditions], order, columns=columns)} LIMIT {most}) found"  # noqa: S608 - ours
        for over, held in ways
    ]
    if not pieces:
        return f"SELECT {columns} FROM complaints WHERE false"  # noqa: S608 - ours
    return f"SELECT * FROM ({' UNION ALL '.join(pieces)}) merged"  # noqa: S608 - ours


def _page(ctx: Context, query: Mapping[str, Any], statement: str, asked: dict[str, Any], order: str) -> Page:
    limited = Prepared(f"{statement} LIMIT %(most)s")
    found = limited.all(ctx.session, **reach_of(ctx) | asked, most=query["limit"] + 1)
    rows = found[: query["limit"]]
    if len(found) <= query["limit"]:
        return Page(rows=rows, next_cursor=None)
    at = getattr(rows[-1], order.split(maxsplit=1)[0].rstrip(","))
    return Page(rows=rows, next_cursor=encode_cursor(at, rows[-1].id))


def _filters(ctx: Context, query: Mapping[str, Any]) -> tuple[list[str], dict[str, Any]]:
    """Return the conditions that the query asks for, and their parameters. Raises DomainError (422) for a bad box."""
    asked = {name: query[name] for name in _FILTERS if query.get(name)}
    conditions = [f"{_FILTERS[name]} = %({name})s" for name in asked]
    if query.get("department"):
        conditions.append("department = ANY(%(departments)s)")
        asked["departments"] = [query["department"], *ended_units(ctx).forerunners.get(query["department"], ())]
    if query.get("area"):
        conditions.append("area_code = ANY(%(areas)s)")
        asked["areas"] = list(ctx.ground.regions.lowest_below(ctx.region.id, query["area"]))
    if query.get("bbox"):
        conditions.append("lat BETWEEN %(south)s AND %(north)s AND lng BETWEEN %(west)s AND %(east)s")
        asked |= read_box(query["bbox"])._asdict()
    if query.get("since"):
        conditions.append("submitted_at >= %(since)s")
        asked["since"] = query["since"]
    if query.get("q"):
        condition, words = matches(ctx, query["q"])
        conditions.append(condition)
        asked |= words
    return conditions, asked


def list_complaints(ctx: Context, query: Mapping[str, Any]) -> Page:
    """Return complaints of which the actor may know, newest first. Raises DomainError (422) for a bad box or cursor."""
    conditions, asked = _filters(ctx, query)
    if query["cursor"]:
        conditions.append("(submitted_at, id) < (%(last_at)s, %(last)s)")
        asked["last_at"], asked["last"] = decode_cursor(query["cursor"], datetime, UUID)
    if "words" in asked:
        held = [*conditions, "reporter_id = %(me)s" if query.get("mine") else may_know(ctx)]
        statement, more = newest_matching(ctx, _COLUMNS, " AND ".join(held), before=asked.get("last_at", ctx.now()))
        return _page(ctx, query, statement, asked | more, _NEWEST)
    ways, more = [(_ONCE, "reporter_id = %(me)s")], {}
    if not query.get("mine"):
        ways, more = _known(ctx, query)
    return _page(ctx, query, f"{_merged(ways, conditions, _NEWEST)} ORDER BY {_NEWEST}", asked | more, _NEWEST)


def _known(ctx: Context, query: Mapping[str, Any]) -> tuple[list[Way], dict[str, Any]]:
    """Return the ways to what the actor may know of, by area and place where the query names one, and their parameters.

    Nearly everybody may know of what is open, which has indexes of its own, and of what they reported themselves.
    """
    known = reach(viewer(ctx))
    works_here = known.unsealed or known.departments or known.custodians
    ways, more = [(_ONCE, may_know(ctx) if works_here else OPEN)], {}
    if query.get("area"):
        ways = [("unnest(%(areas)s::text[]) AS area", f"area_code = area AND {held}") for _, held in ways]
    elif query.get("bbox") and not works_here:
        seen = seen_in(ctx, read_box(query["bbox"]))
        level, covering = tiles(seen, most=FEW_TILES) if seen else (TILES[0], [])
        if len(covering) <= FEW_TILES:
            more["tiles"] = covering
            ways = [("unnest(%(tiles)s::bigint[]) AS tile", f"tile_{level} = tile AND {OPEN}")]
    if ctx.actor.kind == "citizen":
        ways.append((_ONCE, f"reporter_id = %(me)s AND NOT ({OPEN})"))
    return ways, more


def waiting_for(ctx: Context) -> tuple[Mapping[Desk, list[Way]], dict[str, Any]]:
    """Return the ways to what waits for the actor: their unit's, the desks', a custodian's; never what waits for a citizen.

    The triage desk also has what was reopened of a unit that has ended without a successor.

    Nothing comes on two of them, but for what waits to be published.
    """
    me = viewer(ctx)
    states = settings_of(ctx).workflow.states
    asked = {
        "at_work": [state.key for state in states if state.clock in {Clock.RESPONSE, Clock.COMPLETION}],
        "judged": [state.key for state in states if state.clock is Clock.VALIDATION],
        "own_units": list(me.departments(UNIT_ROLES)),
        "own_custodies": list(me.departments(CUSTODIANS)),
        "any_units": list(me.departments()),
    }
    at_work, judged = "unnest(%(at_work)s::text[]) AS waits", "unnest(%(judged)s::text[]) AS waits"
    works = f"state = waits AND NOT {_SEALED} AND NOT under_appeal"
    anothers = f"state = waits AND NOT {_SEALED} AND NOT coalesce(department = ANY(%(any_units)s), false)"
    ways: dict[Desk, list[Way]] = {}
    if asked["own_units"]:
        ways[Desk.UNIT] = [(f"unnest(%(own_units)s::text[]) AS unit, {at_work}", f"department = unit AND {works}")]
    if me.has(Role.TRIAGE):
        ways[Desk.TRIAGE] = [(at_work, f"department IS NULL AND {works}")]
        ways[Desk.PUBLICATION] = [(at_work, f"state = waits AND {OPEN} AND published_at IS NULL")]
        if without_heir := ended_units(ctx).without_heir:
            asked["nobodys_units"] = list(without_heir)
            ways[Desk.TRIAGE].append((f"unnest(%(nobodys_units)s::text[]) AS unit, {at_work}", f"department = unit AND {works}"))
    if me.has(Role.VALIDATOR):
        ways[Desk.VALIDATION] = [(judged, anothers)]
        ways[Desk.APPEALS] = [(at_work, f"{anothers} AND under_appeal")]
    if asked["own_custodies"]:
        kept = "unnest(%(own_custodies)s::text[]) AS keeper, unnest(%(at_work)s::text[] || %(judged)s::text[]) AS waits"
        ways[Desk.CUSTODY] = [(kept, f"custodian = keeper AND state = waits AND {_SEALED}")]
    return ways, asked


def list_inbox(ctx: Context, query: Mapping[str, Any]) -> Page:
    """Return what waits for the actor, at all their desks or at the one that is asked for, by due date; without a clock last."""
    conditions, asked = _filters(ctx, query)
    by_desk, whose = waiting_for(ctx)
    ways = [way for desk in ([Desk(query["desk"])] if query.get("desk") else AT_WORK) for way in by_desk.get(desk, ())]
    if query["cursor"]:
        conditions.append("(next_due_at, id) > (%(last_at)s, %(last)s)")
        asked["last_at"], asked["last"] = decode_cursor(query["cursor"], datetime, UUID)
    if query.get("mine"):
        waits = one_of([f"EXISTS (SELECT FROM {over} WHERE {held})" for over, held in ways])
        statement = _ordered([*conditions, waits, "assignee_id = %(me)s"], _FIRST_DUE)
    else:
        statement = f"{_merged(ways, conditions, _FIRST_DUE)} ORDER BY {_FIRST_DUE}"
    return _page(ctx, query, statement, asked | whose, _FIRST_DUE)


def count_desks(ctx: Context, desks: Collection[Desk] = tuple(Desk)) -> Sequence[Any]:
    """Return how many wait at these desks by `desk` and `state`: `all`, `mine`, `late`; `COUNTED` at most of a unit and state."""
    by_desk, whose = waiting_for(ctx)
    columns = "state, assignee_id, next_due_at"
    waiting = " UNION ALL ".join(
        _merged(ways, ["true"], "next_due_at", columns=f"'{desk}' AS desk, {columns}", most=str(COUNTED))
        for desk, ways in by_desk.items()
        if desk in desks
    )
    if not waiting:
        return []
    statement = f"""
        SELECT desk, state, count(*) AS all, count(*) FILTER (WHERE assignee_id = %(me)s) AS mine,
            count(*) FILTER (WHERE next_due_at < %(now)s) AS late
        FROM ({waiting}) waiting GROUP BY desk, state"""  # noqa: S608 - as above
    return Prepared(statement).all(ctx.session, **reach_of(ctx) | whose, now=ctx.now())


def count_inbox(ctx: Context, rows: Sequence[Any] | None = None) -> Mapping[str, int]:
    """Return how many wait: all, mine, late, and by state; `rows` are those of `count_desks`, where it has been asked."""
    counted = [row for row in (count_desks(ctx, AT_WORK) if rows is None else rows) if row.desk in AT_WORK]
    counts = {name: sum(getattr(row, name) for row in counted) for name in ("all", "mine", "late")}
    for row in counted:
        counts[row.state] = counts.get(row.state, 0) + row.all
    return counts
