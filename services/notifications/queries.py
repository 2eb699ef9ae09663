"""Reading an inbox, always the actor's own; and what this room says must agree."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, Executable, RowMapping, String, Uuid, and_, cast, func, or_, select, true

from backend.sdk.checks import SETTLED, Check, events_told, open_deliveries, reachable_people, rows_of, told_since
from backend.sdk.domain import Context
from backend.sdk.module import NOTICE_REQUESTED
from services.notifications.events import QUEUED
from services.notifications.models import Dispatch, Notification

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


def _unlaid(ctx: Context) -> Executable:
    """Select the notices to one person that were taken and lie in no inbox, though the person can be reached."""
    told, people, taking = events_told(ctx, NOTICE_REQUESTED), reachable_people(ctx), open_deliveries(ctx, "notifications.take")
    laid = select(Notification.id).where(Notification.region_id == ctx.region.id, Notification.event_id == told.c.id)
    return (
        select(told.c.id, told.c.payload["template"].astext.label("template"))
        .join(
            people,
            and_(
                people.c.kind == told.c.payload["audience"].astext,
                cast(people.c.id, String) == told.c.payload["recipient"].astext,
            ),
        )
        .where(told.c.occurred_at.between(told_since(ctx), ctx.now() - SETTLED), ~laid.exists())
        .where(~select(taking.c.event_id).where(taking.c.event_id == told.c.id).exists())
    )


def _unsent(ctx: Context) -> Executable:
    told, people, sending = events_told(ctx, QUEUED), reachable_people(ctx), open_deliveries(ctx, "notifications.send")
    channel = told.c.payload["channel"].astext
    left = select(Dispatch.id).where(Dispatch.region_id == ctx.region.id, Dispatch.id == told.c.subject)
    return (
        select(told.c.subject, channel.label("channel"), Notification.id.label("notification"))
        .join(Notification, Notification.id == cast(told.c.payload["notification_id"].astext, Uuid))
        .join(people, and_(people.c.kind == Notification.account_kind, people.c.id == Notification.account_id))
        .where(Notification.region_id == ctx.region.id, or_(channel != "email", people.c.has_email))
        .where(or_(channel == "email", people.c.kind == "citizen"))  # of staff no number is known
        .where(told.c.occurred_at.between(told_since(ctx), ctx.now() - SETTLED), ~left.exists())
        .where(~select(sending.c.subject).where(sending.c.subject == told.c.subject).exists())
    )


def _sent_twice(ctx: Context) -> Executable:
    return (
        select(Dispatch.notification_id, Dispatch.channel, func.count().label("times"))
        .where(Dispatch.region_id == ctx.region.id)
        .group_by(Dispatch.notification_id, Dispatch.channel)
        .having(func.count() > 1)
    )


CHECKS = (
    Check(kind="notifications.unlaid", find=rows_of(_unlaid, "{template} was taken and lies in no inbox")),
    Check(kind="notifications.unsent", find=rows_of(_unsent, "{notification} was to leave by {channel}, and did not")),
    Check(kind="notifications.sent_twice", find=rows_of(_sent_twice, "left {times} times by {channel}")),
)
