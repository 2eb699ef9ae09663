"""The figures are compared with the history, each night and in steps; what is off is named and mended.

The first comparison of a region finds nothing counted: it is how an installation that had complaints before gets its figures.
"""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from backend.sdk.checks import Check
from backend.sdk.data import Prepared
from backend.sdk.domain import Context, get_logger
from services.complaints.domain.figures import recount_is_due
from services.complaints.events import RECOUNTING
from services.complaints.models import Recount
from services.complaints.operations.tallying import tally_alone, tally_complaints
from services.complaints.queries.figures import FOLD, SET_RIGHT, asked_of, facts_off, find_recount, not_under_way, sums_off

AT_ONCE = 2000
_FIRST = UUID(int=0)  # before every complaint
_NAMED = 20  # of what is off: enough to see what it is
_NEXT = Prepared("""
    SELECT id FROM (
        (SELECT id FROM complaints WHERE region_id = %(region)s AND id > %(after)s ORDER BY id LIMIT %(most)s) UNION
        (SELECT complaint_id FROM complaints_counted WHERE region_id = %(region)s AND complaint_id > %(after)s
            ORDER BY complaint_id LIMIT %(most)s)) ids
    ORDER BY id LIMIT %(most)s""")
_log = get_logger(__name__)


def keep_figures(ctx: Context) -> None:
    """Make one row of the days that have passed, and begin a recount when it is time for one."""
    tally_alone(ctx)
    _fold(ctx)
    recount = find_recount(ctx)
    if recount_is_due(ctx.now().astimezone(ctx.region.zone), recount.began_at if recount else None):
        begin_recount(ctx)


def begin_recount(ctx: Context, *, by_other_rules: bool = False) -> None:
    """Begin to compare with the history; publishes `complaints.recounting`.

    `by_other_rules`: what was counted means something else now, so the figures are not complete before the end.
    """
    recount = find_recount(ctx) or Recount(region_id=ctx.region.id)
    recount.began_at, recount.reached, recount.found, recount.off = ctx.now(), _FIRST, 0, []
    if by_other_rules:
        recount.finished_at = None
    ctx.session.add(recount)
    _go_on(ctx)


def recount_some(ctx: Context) -> None:
    """Compare the next complaints; after the last of them, the sums. Publishes `complaints.recounting` while there are more."""
    recount = find_recount(ctx)
    if recount is None or recount.reached is None:
        return
    ids = _next_after(ctx, recount.reached)
    changed = tally_complaints(ctx, ids)
    if recount.finished_at is not None:
        _name(recount, [f"the report {each}" for each in not_under_way(ctx, changed)])
    if len(ids) == AT_ONCE:
        recount.reached = ids[-1]
        _go_on(ctx)
        return
    _fold(ctx)
    off = sums_off(ctx)
    _name(recount, off)
    if off:
        SET_RIGHT.all(ctx.session, **asked_of(ctx))
    recount.reached, recount.finished_at = None, ctx.now()
    if recount.found:
        _log.error("complaints.figures_drifted", region=ctx.region.key, found=recount.found, off=recount.off)


def _next_after(ctx: Context, last: UUID) -> list[UUID]:
    return [row.id for row in _NEXT.all(ctx.session, region=ctx.region.id, after=last, most=AT_ONCE)]


def _go_on(ctx: Context) -> None:
    ctx.publish(RECOUNTING, subject=UUID(int=ctx.region.id))


def _name(recount: Recount, off: list[str]) -> None:
    recount.found += len(off)
    recount.off = [*recount.off, *off][:_NAMED]


def _fold(ctx: Context) -> None:
    asked = asked_of(ctx)
    FOLD.all(ctx.session, region=asked["region"], today=asked["today"])


def _complete(ctx: Context) -> bool:
    recount = find_recount(ctx)
    return recount is not None and recount.finished_at is not None


def _facts_differ(ctx: Context) -> Iterator[tuple[Any, str]]:
    if _complete(ctx):
        yield from ((each, "the figures have counted it otherwise than its history says") for each in facts_off(ctx))


def _sums_differ(ctx: Context) -> Iterator[tuple[Any, str]]:
    if _complete(ctx):
        for name in sums_off(ctx):
            sum_, _, how = name.partition(": ")
            yield sum_, how


def _count_again(ctx: Context) -> int:
    mended, ids = 0, _next_after(ctx, _FIRST) if _complete(ctx) else []
    while ids:
        mended += len(tally_complaints(ctx, ids))
        ids = _next_after(ctx, ids[-1])
    return mended


def _sum_again(ctx: Context) -> int:
    tally_alone(ctx)
    _fold(ctx)
    return len(SET_RIGHT.all(ctx.session, **asked_of(ctx))) if _complete(ctx) else 0


FIGURE_CHECKS = (
    Check(kind="complaints.counted", find=_facts_differ, repair=_count_again),
    Check(kind="complaints.tallies", find=_sums_differ, repair=_sum_again),
)
