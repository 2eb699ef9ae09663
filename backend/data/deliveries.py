"""Carrying deliveries: claiming due rows, marking them done or failed, and what the operator sees and replays.

`next_at` is lease and retry time in one: a claim moves it ahead, so a row whose holder dies comes back by itself, and the
number of attempts, raised by the claim and committed before the handler runs, is the fence that lets only the last holder
mark it done.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, select, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from backend.data.context import Context
from backend.data.db import Base
from backend.data.events import Delivery, Event, EventRow

LEASE = timedelta(seconds=20)
KEPT = timedelta(days=7)
_RETRY_SECONDS = (1, 5, 30, 120, 600, 1800, 3600)


class ScheduleSlot(Base):
    """The newest slot of each schedule that was told in each region."""

    __tablename__ = "schedule_slots"
    platform = "names and numbers only: the clock's own notebook"

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


# A row waits while an earlier one of its subscriber and subject is still open. Rows that failed before are taken one at a
# time, so that one that kills its process takes no neighbour with it a second time.
_CLAIM = text("""
    WITH due AS (
        SELECT d.seq FROM deliveries d
        WHERE d.subscriber = :subscriber AND d.done_at IS NULL AND d.dead_at IS NULL AND d.next_at <= now()
          AND (d.attempts > 0) = :again
          AND NOT EXISTS (
            SELECT 1 FROM deliveries e
            WHERE e.subscriber = d.subscriber AND e.subject = d.subject AND e.region_id = d.region_id
              AND e.seq < d.seq AND e.done_at IS NULL AND e.dead_at IS NULL)
        ORDER BY d.lane, d.next_at LIMIT :most FOR UPDATE SKIP LOCKED)
    UPDATE deliveries d SET attempts = d.attempts + 1, next_at = now() + :lease FROM due WHERE d.seq = due.seq
    RETURNING d.seq, d.region_id, d.event_id, d.attempts""")


def claim(session: Session, subscriber: str, *, most: int, failed_first: bool = False) -> list[Claim]:
    """Take up to `most` due rows of `subscriber`, oldest first: fresh ones together, or one that has failed before.

    Whoever claims again and again alternates `failed_first`, so that neither kind waits behind the other for ever.
    """
    kinds = ((False, most), (True, 1))
    for again, number in reversed(kinds) if failed_first else kinds:
        rows = session.execute(_CLAIM, {"subscriber": subscriber, "again": again, "most": number, "lease": LEASE}).all()
        if rows:
            return [
                Claim(seq=row.seq, region_id=row.region_id, event_id=row.event_id, attempt=row.attempts) for row in sorted(rows)
            ]
    return []


def give_back(session: Session, held: Sequence[Claim]) -> None:
    """Let go of fresh rows for which no time was left: they are due again at once, and nothing was tried."""
    session.execute(
        update(Delivery)
        .where(Delivery.seq.in_([row.seq for row in held]), Delivery.attempts == 1)
        .values(attempts=0, next_at=text("now()"))
    )


def _still_mine(held: Claim) -> tuple[ColumnElement[bool], ...]:
    return (
        Delivery.seq == held.seq,
        Delivery.attempts == held.attempt,
        Delivery.done_at.is_(None),
        Delivery.dead_at.is_(None),
    )


def take_in_hand(session: Session, held: Claim) -> Event | None:
    """Lock the row for this transaction and return its event; None when somebody else has it by now."""
    row = session.execute(
        select(EventRow)
        .join(Delivery, (Delivery.event_id == EventRow.id) & (Delivery.region_id == EventRow.region_id))
        .where(EventRow.region_id == held.region_id, *_still_mine(held))
        .with_for_update(of=Delivery, skip_locked=True)
    ).scalar_one_or_none()
    if row is None:
        return None
    return Event(
        id=row.id,
        name=row.name,
        version=row.version,
        subject=row.subject,
        payload=row.payload,
        occurred_at=row.occurred_at,
        request_id=row.request_id,
    )


def mark_done(session: Session, held: Claim) -> bool:
    """Mark the row done; False when it is no longer this holder's."""
    return _settle(session, held, done_at=text("now()"))


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
    changed = session.execute(update(Delivery).where(*_still_mine(held)).values(**values).returning(Delivery.seq))
    return changed.first() is not None


def due_subscribers(session: Session) -> list[str]:
    """Return the subscribers that have due rows, the most urgent first."""
    rows = session.execute(
        text(
            "SELECT subscriber FROM deliveries d WHERE done_at IS NULL AND dead_at IS NULL AND next_at <= now()"
            " AND NOT EXISTS (SELECT 1 FROM deliveries e WHERE e.subscriber = d.subscriber AND e.subject = d.subject"
            "   AND e.region_id = d.region_id AND e.seq < d.seq AND e.done_at IS NULL AND e.dead_at IS NULL)"
            " GROUP BY subscriber ORDER BY min(lane), min(next_at)"
        )
    )
    return list(rows.scalars())


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
