"""The outbox: what happened (`events`), and to whom it still has to be told (`deliveries`, the queue of record)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import BigInteger, Identity, Index, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from backend.core.ids import new_id
from backend.core.personal import plain, pseudonym
from backend.data.db import Base, Json, RegionScoped
from backend.data.statements import add_row

RINGS = "rings"
LANES = {"urgent": 0, "ordinary": 1, "bulk": 2}


@dataclass(frozen=True, kw_only=True)
class EventType:
    """An event others may rely on: past tense, versioned, documented. `fields` names every member of its payload."""

    name: str
    version: int = 1
    fields: tuple[str, ...] = ()
    doc: str


@dataclass(frozen=True, kw_only=True)
class Event:
    """One event as a handler receives it; `payload` holds ids and scalars only, never a person's words."""

    id: UUID
    name: str
    version: int
    subject: UUID
    payload: Mapping[str, Any]
    occurred_at: datetime
    request_id: str


class SubscriberBook(Protocol):
    """Knows who subscribes to what; the module registry is one."""

    def subscribers_of(self, name: str, version: int) -> Sequence[tuple[str, int, str]]:
        """Return (subscriber, lane, module) of each subscription to that event."""


class EventRow(RegionScoped, Base):
    """An event, written in the transaction that made it true."""

    __tablename__ = "events"
    holds = (
        plain("name version request_id"),
        pseudonym("subject payload", "what is to be told, by ids and scalars", erased="rows that name the person go"),
    )
    kept = "7 days after it was told to all"

    name: Mapped[str]
    version: Mapped[int]
    subject: Mapped[UUID]
    payload: Mapped[Json]
    occurred_at: Mapped[datetime]
    request_id: Mapped[str]

    __table_args__ = (Index("ix_events_age", "region_id", "occurred_at"),)


class Delivery(Base):
    """One (event, subscriber): due until done or dead. `next_at` is both the retry time and the lease of whoever holds it."""

    __tablename__ = "deliveries"
    platform = "ids only: the engine house looks for due rows of every region in one statement"
    holds = (
        plain("seq region_id event_id subscriber lane attempts fault"),
        pseudonym("subject", "whose deliveries keep their order", erased="rows whose event names the person go"),
    )
    kept = "7 days after it was done; one that is dead until it is replayed"

    seq: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    region_id: Mapped[int]
    event_id: Mapped[UUID]
    subscriber: Mapped[str]
    subject: Mapped[UUID]
    lane: Mapped[int]
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    dead_at: Mapped[datetime | None]
    fault: Mapped[str | None]  # class and place of the last error, never its message: messages may hold a person's words

    __table_args__ = (
        Index(
            "ix_deliveries_due",
            "subscriber",
            "lane",
            "next_at",
            postgresql_where=text("done_at IS NULL AND dead_at IS NULL"),
        ),
        Index(
            "ix_deliveries_fresh",
            "subscriber",
            "region_id",
            "lane",
            "next_at",
            "seq",
            postgresql_where=text("done_at IS NULL AND dead_at IS NULL AND attempts = 0"),
        ),
        Index(
            "ix_deliveries_failed",
            "subscriber",
            "region_id",
            "lane",
            "next_at",
            postgresql_where=text("done_at IS NULL AND dead_at IS NULL AND attempts > 0"),
        ),
        Index(
            "ix_deliveries_order",
            "subscriber",
            "subject",
            "seq",
            postgresql_where=text("done_at IS NULL AND dead_at IS NULL"),
        ),
        Index("ix_deliveries_dead", "dead_at", postgresql_where=text("dead_at IS NOT NULL")),
        Index("ix_deliveries_event", "event_id"),
        Index("ix_deliveries_done", "region_id", "done_at", postgresql_where=text("done_at IS NOT NULL")),
    )


def write_event(
    session: Session,
    subscribers: SubscriberBook,
    event: EventType,
    *,
    listening: Callable[[str], bool],
    region_id: int,
    subject: UUID,
    payload: Mapping[str, Any],
    occurred_at: datetime,
    request_id: str,
) -> None:
    """Add the event, and one delivery for each subscriber whose module is `listening`, to the session's transaction.

    Raises ValueError for a wrong payload.
    """
    if set(payload) != set(event.fields):
        raise ValueError(f"{event.name} has the fields {event.fields}, not {tuple(payload)}")
    event_id = new_id()
    add_row(
        session,
        EventRow,
        region_id=region_id,
        id=event_id,
        name=event.name,
        version=event.version,
        subject=subject,
        payload=payload,
        occurred_at=occurred_at,
        request_id=request_id,
    )
    for subscriber, lane, module in subscribers.subscribers_of(event.name, event.version):
        if listening(module):
            add_row(
                session,
                Delivery,
                region_id=region_id,
                event_id=event_id,
                subscriber=subscriber,
                subject=subject,
                lane=lane,
                attempts=0,
                next_at=occurred_at,
            )
            session.info.setdefault(RINGS, set()).add(subscriber)
