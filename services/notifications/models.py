"""Tables: what lies in people's inboxes, and what came of each message that left."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.sdk.data import Base, RegionScoped, personal, plain, pseudonym, within_region


class Notification(RegionScoped, Base):
    """One message to one person, in their language. One event tells a person once."""

    __tablename__ = "notifications_inbox"
    holds = (
        plain("account_kind template event_id"),
        pseudonym("account_id link_module link_id", "whom it tells, and of what"),
        personal("title body", "what it says"),
    )
    kept = "until its reader is erased"

    account_kind: Mapped[str]
    account_id: Mapped[UUID]
    template: Mapped[str]
    title: Mapped[str]
    body: Mapped[str]
    link_module: Mapped[str | None]
    link_id: Mapped[UUID | None]
    created_at: Mapped[datetime]
    read_at: Mapped[datetime | None]
    event_id: Mapped[UUID]

    __table_args__ = (
        UniqueConstraint("region_id", "event_id", "account_id"),
        Index("ix_notifications_inbox_mine", "region_id", "account_id", text("id DESC")),
        Index(
            "ix_notifications_inbox_unread",
            "region_id",
            "account_id",
            text("id DESC"),
            postgresql_where=text("read_at IS NULL"),
        ),
    )


class Dispatch(RegionScoped, Base):
    """What came of one message on one channel: `sent`, or `failed` for good. Its id is the subject of `notifications.queued`."""

    __tablename__ = "notifications_dispatches"
    holds = (
        plain("channel state"),
        pseudonym("notification_id provider_id", "what came of it, and what the other side calls it"),
    )
    kept = "as long as the notification"

    notification_id: Mapped[UUID]
    channel: Mapped[str]
    state: Mapped[str]
    provider_id: Mapped[str | None] = mapped_column(default=None)  # what the other side calls it
    at: Mapped[datetime]

    __table_args__ = (
        within_region("notification_id", to="notifications_inbox", ondelete="CASCADE"),
        Index("ix_notifications_dispatches_notification", "region_id", "notification_id"),
    )
