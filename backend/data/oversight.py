"""What a region's operator looks at: deliveries that are due or dead, entries without a seal, and up to when all was told."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from backend.data.context import Context
from backend.data.statements import Prepared

# Each goes by an index of the rows it is about, so that done deliveries cost nothing.
_DUE = Prepared(
    "SELECT count(*) AS due FROM deliveries"
    " WHERE region_id = %(region)s AND done_at IS NULL AND dead_at IS NULL AND next_at <= now()"
)
_DEAD = Prepared(
    "SELECT subscriber, count(*) AS dead, max(dead_at) AS newest_at FROM deliveries"
    " WHERE region_id = %(region)s AND dead_at IS NOT NULL GROUP BY subscriber ORDER BY 3 DESC"
)
_UNSEALED = Prepared(
    "SELECT e.at FROM audit_pending p JOIN audit_entries e ON e.region_id = p.region_id AND e.id = p.entry_id"
    " WHERE p.region_id = %(region)s ORDER BY p.entry_id LIMIT 1"
)
# The oldest of what is fresh, and of the few that are in hand or have failed.
_OLDEST = Prepared("""
    SELECT min(e.occurred_at) AS at FROM unnest(%(subscribers)s::text[]) AS s (name) CROSS JOIN LATERAL (
        (SELECT event_id FROM deliveries WHERE subscriber = s.name AND region_id = %(region)s
            AND done_at IS NULL AND dead_at IS NULL AND attempts = 0 ORDER BY lane, next_at, seq LIMIT 1) UNION ALL
        (SELECT event_id FROM deliveries WHERE subscriber = s.name AND region_id = %(region)s
            AND done_at IS NULL AND dead_at IS NULL AND attempts > 0 ORDER BY lane, next_at LIMIT 100)) d
    JOIN events e ON e.region_id = %(region)s AND e.id = d.event_id""")


def told_up_to(ctx: Context, subscribers: Sequence[str]) -> datetime:
    """Return the instant up to which these subscribers of the region have been told of everything; dead deliveries aside."""
    row = _OLDEST.first(ctx.session, region=ctx.region.id, subscribers=list(subscribers))
    return row.at if row is not None and row.at is not None else ctx.now()


def count_due(ctx: Context) -> int:
    """Return how many deliveries of the region are due now."""
    row = _DUE.first(ctx.session, region=ctx.region.id)
    return int(row.due) if row else 0


def list_dead(ctx: Context) -> Sequence[Any]:
    """Return by subscriber how many deliveries of the region are dead: `subscriber`, `dead`, `newest_at`, the newest first."""
    return _DEAD.all(ctx.session, region=ctx.region.id)


def oldest_unsealed_at(ctx: Context) -> datetime | None:
    """Return since when the region's audit log waits for a seal; None when it does not."""
    row = _UNSEALED.first(ctx.session, region=ctx.region.id)
    return row.at if row else None
