"""What the ground says must agree: events and deliveries, and the audit log with its chain."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import orjson
from sqlalchemy import TextClause, select, text
from sqlalchemy.sql.selectable import Subquery

from backend.data.audit import verify_chain
from backend.data.checks import SETTLED, Check, Difference, rows_of
from backend.data.context import Context
from backend.data.deliveries import KEPT
from backend.data.events import Delivery, EventRow, EventType
from backend.data.serials import SerialRow

STUCK = timedelta(minutes=10)  # far more than a lease and the longest backlog that was promised
_FORGETTING = timedelta(hours=1)  # what is about to be forgotten may be half gone
_FOLLOWING = timedelta(seconds=10)  # until every process has seen that a module was switched

# Who is to be told of what, once: from its first delivery in the region, while its module was not off.
_MISSING = """
    WITH told AS MATERIALIZED (
        SELECT t.*, (SELECT e.occurred_at FROM deliveries d JOIN events e ON e.region_id = d.region_id AND e.id = d.event_id
                     WHERE d.subscriber = t.subscriber AND d.region_id = :region ORDER BY d.seq LIMIT 1) AS first_at
        FROM jsonb_to_recordset(CAST(:told AS jsonb)) AS t(name text, version bigint, subscriber text, lane int, module text)),
    switches AS MATERIALIZED (
        SELECT subject AS module, at, (details ->> 'enabled')::boolean AS enabled,
               lag(at) OVER its AS before, lead(at) OVER its AS after
        FROM audit_entries WHERE region_id = :region AND action = 'modules.switched'
        WINDOW its AS (PARTITION BY subject ORDER BY at)),
    off AS MATERIALIZED (
        SELECT module, CASE WHEN enabled THEN '-infinity' ELSE at - :following END AS since,
               CASE WHEN enabled THEN at + :following ELSE coalesce(after, 'infinity') + :following END AS until
        FROM switches WHERE NOT enabled OR before IS NULL)
    SELECT e.id, e.name, e.subject, t.subscriber, t.lane FROM events e JOIN told t ON t.name = e.name AND t.version = e.version
    WHERE e.region_id = :region AND e.occurred_at > :kept AND e.occurred_at < :settled AND e.occurred_at >= t.first_at
      AND NOT EXISTS (SELECT 1 FROM off o WHERE o.module = t.module AND e.occurred_at BETWEEN o.since AND o.until)
      AND NOT EXISTS (SELECT 1 FROM deliveries d
                      WHERE d.event_id = e.id AND d.subscriber = t.subscriber AND d.region_id = e.region_id)"""
_RECREATE = f"""
    INSERT INTO deliveries (region_id, event_id, subscriber, subject, lane, attempts, next_at)
    SELECT :region, m.id, m.subscriber, m.subject, m.lane, 0, now() FROM ({_MISSING}) m RETURNING seq"""  # noqa: S608 - our own words
_NAMES = text("SELECT DISTINCT name, version FROM events WHERE region_id = :region")


def _told(ctx: Context, *, listening: Callable[[str], bool]) -> str:
    """Return as JSON who is told of each event there is, where its module is `listening`."""
    rows = [
        {"name": name, "version": version, "subscriber": subscriber, "lane": lane, "module": module}
        for name, version in ctx.session.execute(_NAMES, {"region": ctx.region.id})
        for subscriber, lane, module in ctx.ground.subscribers.subscribers_of(name, version)
        if listening(module)
    ]
    return orjson.dumps(rows).decode()


def _of_missing(ctx: Context, statement: str) -> TextClause:
    return text(statement).bindparams(
        region=ctx.region.id,
        told=_told(ctx, listening=ctx.region.enabled),
        following=_FOLLOWING,
        kept=ctx.now() - KEPT + _FORGETTING,
        settled=ctx.now() - SETTLED,
    )


def _recreate(ctx: Context) -> int:
    return len(ctx.session.execute(_of_missing(ctx, _RECREATE)).all())


def _unknown(ctx: Context) -> TextClause:
    return text("""
        SELECT d.seq AS id, d.subscriber, coalesce(e.name, 'an event that is not there') AS name
        FROM deliveries d LEFT JOIN events e ON e.region_id = d.region_id AND e.id = d.event_id
        WHERE d.region_id = :region AND d.done_at IS NULL AND NOT EXISTS (
            SELECT 1 FROM jsonb_to_recordset(CAST(:told AS jsonb)) AS t(name text, version bigint, subscriber text)
            WHERE t.name = e.name AND t.version = e.version AND t.subscriber = d.subscriber)""").bindparams(
        region=ctx.region.id, told=_told(ctx, listening=lambda _module: True)
    )


def _stuck(ctx: Context) -> TextClause:
    return text("""
        SELECT d.seq AS id, d.subscriber, round(extract(epoch FROM now() - d.next_at)) AS seconds, d.attempts FROM deliveries d
        WHERE d.region_id = :region AND d.done_at IS NULL AND d.dead_at IS NULL AND d.next_at < :stuck AND NOT EXISTS (
            SELECT 1 FROM deliveries e WHERE e.region_id = d.region_id AND e.subscriber = d.subscriber
              AND e.subject = d.subject AND e.seq < d.seq AND e.done_at IS NULL AND e.dead_at IS NULL)""").bindparams(
        region=ctx.region.id, stuck=ctx.now() - STUCK
    )


def _without_event(ctx: Context) -> TextClause:
    return text("""
        SELECT d.seq AS id, d.subscriber, d.event_id FROM deliveries d
        WHERE d.region_id = :region AND d.done_at IS NOT NULL
          AND NOT EXISTS (SELECT 1 FROM events e WHERE e.region_id = d.region_id AND e.id = d.event_id)""").bindparams(
        region=ctx.region.id
    )


def _unsealed(ctx: Context) -> TextClause:
    return text("""
        SELECT p.entry_id AS id, coalesce(e.at::text, 'no entry') AS at FROM audit_pending p
        LEFT JOIN audit_entries e ON e.region_id = p.region_id AND e.id = p.entry_id
        WHERE p.region_id = :region AND (e.id IS NULL OR e.at < :settled)""").bindparams(
        region=ctx.region.id, settled=ctx.now() - SETTLED
    )


def _chain(ctx: Context) -> Iterator[Difference]:
    for fault in verify_chain(ctx.session, ctx.region.id):
        name, _, how = fault.partition(": ")
        yield name, how or "so it was removed"


CHECKS = (
    Check(
        kind="deliveries.missing",
        find=rows_of(lambda ctx: _of_missing(ctx, _MISSING), "{name} has no delivery for {subscriber}"),
        repair=_recreate,
    ),
    Check(kind="deliveries.stuck", find=rows_of(_stuck, "due for {subscriber} since {seconds} s, after {attempts} attempts")),
    Check(kind="deliveries.unknown_subscriber", find=rows_of(_unknown, "{subscriber} is not told of {name}, and this is open")),
    Check(
        kind="deliveries.without_event", find=rows_of(_without_event, "done for {subscriber}, and its event {event_id} is gone")
    ),
    Check(kind="audit.unsealed", find=rows_of(_unsealed, "waits for its seal since {at}")),
    Check(kind="audit.chain", find=_chain),
)


# What a room asks of the ground's records in the checks of its own: selects of the region, to be joined.


def told_since(ctx: Context) -> datetime:
    """Return since when every event is still there."""
    return ctx.now() - KEPT + _FORGETTING


def events_told(ctx: Context, event: EventType) -> Subquery:
    """Return the events of that type: `id`, `subject`, `payload`, `occurred_at`."""
    return (
        select(EventRow.id, EventRow.subject, EventRow.payload, EventRow.occurred_at)
        .where(EventRow.region_id == ctx.region.id, EventRow.name == event.name, EventRow.version == event.version)
        .subquery()
    )


def open_deliveries(ctx: Context, subscriber: str) -> Subquery:
    """Return what is still to be told to a subscriber: `event_id`, `subject`."""
    return (
        select(Delivery.event_id, Delivery.subject)
        .where(
            Delivery.region_id == ctx.region.id,
            Delivery.subscriber == subscriber,
            Delivery.done_at.is_(None),
            Delivery.dead_at.is_(None),
        )
        .subquery()
    )


def serials_given(ctx: Context) -> Subquery:
    """Return the next number of each series: `name`, `next`."""
    return select(SerialRow.name, SerialRow.next).where(SerialRow.region_id == ctx.region.id).subquery()
