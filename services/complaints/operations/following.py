"""What follows when a pack has been applied: cases of a unit that has ended go to its successor, no word is forgotten.

Where states mean something else than before, the figures are counted again.
"""

from collections import defaultdict
from types import SimpleNamespace
from typing import Any

import orjson

from backend.sdk.data import Prepared, as_json, filling
from backend.sdk.domain import Context, new_id, request_notice
from backend.sdk.packs import Proposal, heirs_in, unit_name
from services.complaints.domain.actors import Role
from services.complaints.domain.figures import rules_of
from services.complaints.operations.history import publish_move, write_line
from services.complaints.operations.recounting import begin_recount
from services.complaints.queries.rulebooks import rulebook

_FORMER = ("region_id", "kind", "key", "said", "ended_at")
_KEEP = Prepared(
    f"{filling('complaints_former', _FORMER)} ON CONFLICT (region_id, kind, key)"
    " DO UPDATE SET said = excluded.said, ended_at = excluded.ended_at RETURNING true"
)
# Locked in the order of ids, as moves lock theirs.
_HAND_OVER = Prepared("""
    WITH heirs AS (SELECT * FROM jsonb_each_text(%(heirs)s::jsonb) AS h (unit, heir)),
    held AS (
        SELECT id, department, custodian FROM complaints
        WHERE region_id = %(region)s AND state = ANY(%(states)s) AND (department = ANY(%(units)s) OR custodian = ANY(%(units)s))
        ORDER BY id FOR UPDATE)
    UPDATE complaints c SET
        department = coalesce((SELECT heir FROM heirs WHERE unit = held.department), held.department),
        custodian = coalesce((SELECT heir FROM heirs WHERE unit = held.custodian), held.custodian),
        version = c.version + 1
    FROM held WHERE c.region_id = %(region)s AND c.id = held.id
    RETURNING c.id, c.number, c.state, c.confidentiality, c.department, c.custodian,
        coalesce(held.department, held.custodian) AS succeeded""")


def follow(ctx: Context, proposal: Proposal) -> None:
    """Keep the words that have left the pack, and hand over what was open; publishes `complaints.moved` of each case.

    State, clocks and officer stay as they are. Each successor is told once; reporters read it in the timeline.
    """
    if proposal.before is not None:
        _keep_words(ctx, proposal)
        _hand_over(ctx, proposal)
        _count_by_its_rules(ctx, proposal)


def _count_by_its_rules(ctx: Context, proposal: Proposal) -> None:
    before, after = rulebook(proposal.before), rulebook(proposal.after)
    if before is None or after is None:
        return
    said = [(rules_of(book.settings.workflow, {}), book.side.region.timezone) for book in (before, after)]
    if said[0] != said[1]:
        begin_recount(ctx, by_other_rules=True)


def _keep_words(ctx: Context, proposal: Proposal) -> None:
    before, after = rulebook(proposal.before), rulebook(proposal.after)
    if before is None:
        return
    said = before.side.region.modules["complaints"].settings
    now = (after.settings.categories, after.settings.workflow.state_by_key) if after else ({}, {})
    gone = [("category", item["code"], item) for item in said["categories"] if item["code"] not in now[0]]
    gone += [("state", item["key"], item) for item in said["workflow"]["states"] if item["key"] not in now[1]]
    rows = [dict(zip(_FORMER, (ctx.region.id, *word, ctx.now()), strict=True)) for word in gone]
    if rows:
        _KEEP.all(ctx.session, complaints_former=as_json(rows))


def _hand_over(ctx: Context, proposal: Proposal) -> None:
    book = rulebook(proposal.after) or rulebook(proposal.before)
    heirs = heirs_in(proposal)
    if not heirs or book is None:
        return
    asked: dict[str, Any] = {"units": list(heirs), "heirs": orjson.dumps(heirs).decode(), "states": list(book.open_states)}
    told: dict[str, set[str]] = defaultdict(set)
    for row in _HAND_OVER.all(ctx.session, region=ctx.region.id, **asked):
        details = {"department": row.department or row.custodian, "succeeds": row.succeeded}
        case = SimpleNamespace(**row._mapping)  # noqa: SLF001 - the row's columns by name
        line = write_line(ctx, case, move="reassign", role=Role.SYSTEM, from_state=row.state, details=details)
        publish_move(ctx, case, line)
        told[details["department"]].add(row.succeeded)
    for heir, units in sorted(told.items()):
        request_notice(
            ctx,
            template="complaints.taken_over",
            audience="department",
            recipient=heir,
            subject=new_id(),
            params={"department": ", ".join(unit_name(ctx, unit) for unit in sorted(units))},
            link=None,
        )
