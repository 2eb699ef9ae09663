"""Reading an inbox: always the actor's own."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, RowMapping, func, select, true

from backend.sdk.domain import Context
from services.notifications.models import Notification

COLUMNS = (
    Notification.id,
    Notification.template,
    Notification.title,
    Notification.body,
    Notification.link_module,
    Notification.link_id,
    Notification.created_at,
    Notification.read_at,
)


def own(ctx: Context) -> tuple[ColumnElement[bool], ...]:
    """Return the condition that a notification is the actor's."""
    return inbox_of(ctx, ctx.actor.kind, ctx.actor.account_id)


def inbox_of(ctx: Context, kind: str, account_id: UUID | None) -> tuple[ColumnElement[bool], ...]:
    """Return the condition that a notification lies in an account's inbox in this region."""
    return (
        Notification.region_id == ctx.region.id,
        Notification.account_id == account_id,
        Notification.account_kind == kind,
    )


def count_unread(ctx: Context) -> int:
    """Return how many of the actor's notifications are unread."""
    return ctx.session.scalar(select(func.count()).where(*own(ctx), Notification.read_at.is_(None))) or 0


def list_notifications(ctx: Context, *, unread: bool, limit: int, before: UUID | None) -> tuple[int, Sequence[RowMapping]]:
    """Return the number of unread ones and up to `limit` notifications of the actor, newest first: one statement."""
    wanted = select(*COLUMNS).where(*own(ctx)).order_by(Notification.id.desc()).limit(limit)
    if unread:
        wanted = wanted.where(Notification.read_at.is_(None))
    if before is not None:
        wanted = wanted.where(Notification.id < before)
    page = wanted.subquery()
    count = select(func.count().label("unread_count")).where(*own(ctx), Notification.read_at.is_(None)).subquery()
    # The count comes with every row, and with a row of its own when the page is empty.
    shown = select(page, count).select_from(count.outerjoin(page, true())).order_by(page.c.id.desc())
    rows = ctx.session.execute(shown).mappings().all()
    return rows[0]["unread_count"], [row for row in rows if row["id"]]
