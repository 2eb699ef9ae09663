"""Carrying deliveries: claiming due rows, marking them done or failed, and what the operator sees and replays.

`next_at` is lease and retry time in one: a claim moves it ahead, so a row whose holder dies comes back by itself, and the
number of attempts, raised by the claim and committed before the handler runs, is the fence that lets only the last holder
mark it done.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import text, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from backend.core.personal import plain
from backend.data.context import Context
from backend.data.db import Base
from backend.data.events import Delivery, Event
from backend.data.statements import Prepared

LEASE = timedelta(seconds=16)
KEPT = timedelta(days=7)
_RETRY_SECONDS = (1, 5, 30, 120, 600, 1800, 3600)


class ScheduleSlot(Base):
    """The newest slot of each schedule that was told in each region."""

    __tablename__ = "schedule_slots"
    platform = "names and numbers only: the clock's own notebook"
    holds = (plain("name region_id slot"),)

    name: Mapped[str] = mapped_column(primary_key=True)
    region_id: Mapped[int] = mapped_column(primary_key=True)
    slot: Mapped[int]


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A delivery in hand: `attempt` is this one's number."""

    seq: int
    region_id: int
    event_id: UUID
    attempt: int


# A row is due unless an earlier one of its subscriber and subject is still open.
_DUE = """
    d.done_at IS NULL AND d.dead_at IS NULL AND d.next_at <= now() AND NOT EXISTS (
        SELECT FROM deliveries e
        WHERE e.subscriber = d.subscriber AND e.subject = d.subject AND e.region_id = d.region_id
            AND e.seq < d.seq AND e.done_at IS NULL AND e.dead_at IS NULL)"""
# The regions come in random order and give some rows each, so that none waits behind another's backlog.
_CLAIM = """
    WITH due AS (
        SELECT d.seq FROM (SELECT id FROM regions ORDER BY random()) r CROSS JOIN LATERAL (
            SELECT d.seq FROM deliveries d
            WHERE d.subscriber = %(subscriber)s AND d.region_id = r.id AND {which} AND {due}
            ORDER BY d.lane, d.next_at, {then} LIMIT %(of_one_region)s FOR UPDATE SKIP LOCKED) d
        LIMIT %(most)s)
    UPDATE deliveries d SET attempts = d.attempts + 1, next_at = now() + %(lease)s FROM due WHERE d.seq = due.seq
    RETURNING d.seq, d.region_id, d.event_id, d.attempts"""
# Each goes by an index of its own rows and order, so that of a backlog no more is read than is taken. Rows that failed before are
# taken one at a time, so that one that kills its process takes no neighbour with it a second time. Those that one holder's
# death has set free are due at one instant: the last first, for the one that it died of is the first of them.
_FRESH = Prepared(_CLAIM.format(which="d.attempts = 0", due=_DUE, then="d.seq"))
_FAILED = Prepared(_CLAIM.format(which="d.attempts > 0", due=_DUE, then="d.attempts, d.seq DESC"))


def claim(session: Session, subscriber: str, *, most: int, failed_first: bool = False) -> list[Claim]:
    """Take up to `most` due rows of `subscriber`, by region, oldest first: fresh ones together, or one that has failed before.

    Whoever claims again and again alternates `failed_first`, so that neither kind waits behind the other for ever.
    """
    kinds = ((_FRESH, most), (_FAILED, 1))
    for statement, number in reversed(kinds) if failed_first else kinds:
        asked = {"subscriber": subscriber, "most": number, "of_one_region": -(-number // 2), "lease": LEASE}
        rows = statement.all(session, **asked)
        if rows:
            held = (Claim(seq=row.seq, region_id=row.region_id, event_id=row.event_id, attempt=row.attempts) for row in rows)
            return sorted(held, key=lambda row: (row.region_id, row.seq))
    return []


def give_back(session: Session, held: Iterable[Claim]) -> None:
    """Let go of fresh rows for which no time was left: they are due as when they were taken, and nothing was tried."""
    session.execute(
        update(Delivery)
        .where(Delivery.seq.in_([row.seq for row in held]), Delivery.attempts == 1)
        .values(attempts=0, next_at=Delivery.next_at - LEASE)
    )


_HELD = """
    JOIN unnest(%(seqs)s::bigint[], %(attempts)s::bigint[]) AS held (seq, attempt)
    ON d.seq = held.seq AND d.attempts = held.attempt AND d.done_at IS NULL AND d.dead_at IS NULL"""
_TAKE = Prepared(f"""
    SELECT d.seq, e.id, e.name, e.version, e.subject, e.payload, e.occurred_at, e.request_id
    FROM deliveries d {_HELD} JOIN events e ON e.region_id = d.region_id AND e.id = d.event_id
    WHERE e.region_id = %(region)s ORDER BY d.seq FOR UPDATE OF d SKIP LOCKED""")  # noqa: S608 - both parts are ours
_DONE = Prepared(f"""
    UPDATE deliveries SET done_at = now() WHERE seq IN (SELECT d.seq FROM deliveries d {_HELD} FOR UPDATE OF d) RETURNING seq""")  # noqa: S608 - as above


def _named(held: Iterable[Claim]) -> dict[str, list[int]]:
    return {"seqs": [row.seq for row in held], "attempts": [row.attempt for row in held]}


def take_in_hand(session: Session, region_id: int, held: Sequence[Claim]) -> dict[Claim, Event]:
    """Lock those rows of the region for this transaction that are still this holder's, and return their events, in order."""
    mine = {row.seq: row for row in held}
    return {
        mine[row.seq]: Event(
            id=row.id,
            name=row.name,
            version=row.version,
            subject=row.subject,
            payload=row.payload,
            occurred_at=row.occurred_at,
            request_id=row.request_id,
        )
        for row in _TAKE.all(session, **_named(held), region=region_id)
    }


def mark_done(session: Session, held: Sequence[Claim]) -> bool:
    """Mark the rows done; False when one is no longer this holder's."""
    return not held or len(_DONE.all(session, **_named(held))) == len(held)


def mark_failed(session: Session, held: Claim, *, fault: str, max_attempts: int) -> bool:
    """Note the failure: a later try, or dead after `max_attempts`; return whether it is dead."""
    if held.attempt >= max_attempts:
        return _settle(session, held, dead_at=text("now()"), fault=fault)
    wait = _RETRY_SECONDS[min(held.attempt, len(_RETRY_SECONDS)) - 1]
    # A fifth of jitter, from the row's own number: retries of one outage spread out.
    seconds = wait * (1 + held.seq % 5 / 20)
    _settle(session, held, next_at=text(f"now() + interval '{seconds:.2f} seconds'"), fault=fault)
    return False


def _settle(session: Session, held: Claim, **values: object) -> bool:
    still_mine = (Delivery.attempts == held.attempt, Delivery.done_at.is_(None), Delivery.dead_at.is_(None))
    changed = session.execute(
        update(Delivery).where(Delivery.seq == held.seq, *still_mine).values(**values).returning(Delivery.seq)
    )
    return changed.first() is not None


_WHO_IS_DUE = Prepared(f"""
    SELECT s.name FROM unnest(%(subscribers)s::text[]) AS s (name) CROSS JOIN LATERAL (
        SELECT d.lane, d.next_at FROM deliveries d WHERE d.subscriber = s.name AND {_DUE} ORDER BY d.lane, d.next_at LIMIT 1) d
    ORDER BY d.next_at + d.lane * interval '10 seconds'""")  # noqa: S608 - as above


def due_subscribers(session: Session, subscribers: Iterable[str]) -> list[str]:
    """Return those that have due rows, the most urgent first: a lane is ahead of the next by ten seconds, no more."""
    return [row.name for row in _WHO_IS_DUE.all(session, subscribers=list(subscribers))]


def forget_done(ctx: Context) -> None:
    """Remove the region's deliveries that were done long ago, and the events that no delivery needs any more."""
    before = {"region": ctx.region.id, "before": ctx.now() - KEPT}
    ctx.session.execute(text("DELETE FROM deliveries WHERE region_id = :region AND done_at < :before"), before)
    ctx.session.execute(
        text(
            "DELETE FROM events e WHERE e.region_id = :region AND e.occurred_at < :before"
            " AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.event_id = e.id)"
        ),
        before,
    )


def take_slot(session: Session, *, name: str, region_id: int, slot: int) -> bool:
    """Take a schedule's slot in a region; False when it was taken: two clocks are harmless."""
    taken = session.execute(
        text(
            "INSERT INTO schedule_slots (name, region_id, slot) VALUES (:name, :region, :slot)"
            " ON CONFLICT (name, region_id) DO UPDATE SET slot = excluded.slot WHERE schedule_slots.slot < excluded.slot"
            " RETURNING slot"
        ),
        {"name": name, "region": region_id, "slot": slot},
    )
    return taken.first() is not None


def replay(session: Session, seqs: Sequence[int] | None, *, subscriber: str | None = None) -> int:
    """Give dead rows (those named, or all of a subscriber, or all) a fresh start; return how many."""
    statement = update(Delivery).where(Delivery.dead_at.is_not(None))
    if seqs is not None:
        statement = statement.where(Delivery.seq.in_(seqs))
    if subscriber is not None:
        statement = statement.where(Delivery.subscriber == subscriber)
    changed = session.execute(statement.values(dead_at=None, attempts=0, next_at=text("now()")).returning(Delivery.seq))
    return len(changed.all())
