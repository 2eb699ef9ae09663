"""Complaints are counted: the figures follow what is written, by the difference to what was counted before."""

from collections.abc import Sequence
from uuid import UUID

from backend.sdk.data import Prepared
from backend.sdk.domain import Context
from services.complaints.queries.figures import TALLY, asked_of

# Whoever changes the sums of a region does so alone, a transaction of milliseconds in a worker; who reads them never waits.
_ALONE = Prepared("SELECT pg_advisory_xact_lock(hashtextextended('complaints.tallies:' || %(region)s, 0))")


def tally_alone(ctx: Context) -> None:
    """Let nobody else change the region's sums before this transaction ends."""
    _ALONE.first(ctx.session, region=ctx.region.id)


def tally_complaints(ctx: Context, ids: Sequence[UUID]) -> list[UUID]:
    """Count complaints as they are now, in two statements however many; return those that were counted otherwise.

    Harmless when repeated, and in any order.
    """
    tally_alone(ctx)
    return [row.complaint_id for row in TALLY.all(ctx.session, **asked_of(ctx), ids=list(ids))]
