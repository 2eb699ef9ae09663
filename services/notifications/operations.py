"""Telling people: a notice becomes a notification in each inbox it is for, and a message for each channel beside it."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, delete, func, select, update

from backend.sdk.data import Prepared, add_row, as_json, filling
from backend.sdk.domain import Context, Message, erase_rows, fill, get_logger, in_language, new_id, not_found
from services.notifications.domain import UNSAID, VARIABLES, NotificationSettings, one_line, say_instant, words_for
from services.notifications.events import QUEUED
from services.notifications.models import Dispatch, Notification
from services.notifications.queries import COLUMNS, inbox_of, own

ROOM = "notifications"
_log = get_logger(__name__)


def _settings(ctx: Context) -> NotificationSettings:
    settings: NotificationSettings = ctx.config(ROOM)
    return settings


def _words(ctx: Context, params: Mapping[str, Any], languages: Sequence[str]) -> dict[str, str]:
    words = dict.fromkeys(VARIABLES, UNSAID)
    for name, value in params.items():
        words[name] = in_language(value, *languages) if isinstance(value, Mapping) else str(value)
    words["due"] = say_instant(words["due"], ctx.region.zone, *languages)
    words["region"] = ctx.region.name
    words["app_name"] = str(ctx.region.identity.get("app_name", ctx.region.name))
    return words


def say(ctx: Context, key: str, params: Mapping[str, Any], locale: str) -> str | None:
    """Return the body of the region's template `key` in the reader's language; None where the region has none."""
    template = _settings(ctx).templates.get(key) if ctx.region.enabled(ROOM) else None
    languages = (locale, *ctx.region.languages)
    return fill(in_language(template.body, *languages), _words(ctx, params, languages)) if template else None


def render(ctx: Context, key: str, params: Mapping[str, Any], locale: str) -> tuple[str, str]:
    """Return title and body in the reader's language; a key without a template has the neutral text of the house."""
    languages = (locale, *ctx.region.languages)
    words = _words(ctx, params, languages)
    template = _settings(ctx).templates.get(key)
    if template is None:
        _log.warning("notifications.no_template", region=ctx.region.key, template=key)
        texts = ctx.ground.catalogue
        title, body = (texts.text(f"notifications.neutral_{part}", locale, words) for part in ("title", "body"))
    else:
        title, body = (fill(in_language(texts, *languages), words) for texts in (template.title, template.body))
    return one_line(title), body


def _to_be_told(ctx: Context, audience: str, recipient: str) -> Sequence[tuple[str, UUID, str]]:
    """Return kind, account and language of each person a notice is for."""
    people = ctx.ground.people
    if audience == "department":
        return [("staff", person.account_id, person.locale) for person in people.staff_of_department(ctx, recipient)]
    contact = people.contact_of(ctx, audience, UUID(recipient))
    return [(audience, UUID(recipient), contact.locale)] if contact else []


_GIVEN = (
    *("region_id", "id", "account_kind", "account_id", "template", "title", "body", "link_module", "link_id", "created_at"),
    "event_id",
)
_LAY = Prepared(f"{filling('notifications_inbox', _GIVEN)} ON CONFLICT (region_id, event_id, account_id) DO NOTHING RETURNING id")
_OUTGOING = Prepared(
    "SELECT n.account_kind, n.account_id, n.title, n.body, d.state FROM notifications_inbox n"
    " LEFT JOIN notifications_dispatches d ON d.region_id = n.region_id AND d.id = %(dispatch)s"
    " WHERE n.region_id = %(region)s AND n.id = %(id)s"
)


def take_notice(ctx: Context, event_id: UUID, notice: Mapping[str, Any]) -> None:
    """Lay a notice into the inboxes it is for, once a person however often it comes; publishes `notifications.queued`."""
    if not ctx.region.enabled(ROOM):
        return
    audience = notice["audience"]
    told = _to_be_told(ctx, audience, notice["recipient"])
    if not told:
        _log.warning("notifications.nobody_to_tell", region=ctx.region.key, audience=audience, template=notice["template"])
        return
    texts = {locale: render(ctx, notice["template"], notice["params"], locale) for _, _, locale in told}
    rows = [
        {
            "region_id": ctx.region.id,
            "id": new_id(),
            "account_kind": kind,
            "account_id": account_id,
            "template": notice["template"],
            "title": texts[locale][0],
            "body": texts[locale][1],
            "link_module": notice["link_module"],
            "link_id": notice["link_id"],
            "created_at": ctx.now(),
            "event_id": event_id,
        }
        for kind, account_id, locale in told
    ]
    laid = [row.id for row in _LAY.all(ctx.session, notifications_inbox=as_json(rows))]
    for notification_id in laid:
        for channel in _settings(ctx).channels[audience]:
            ctx.publish(QUEUED, subject=new_id(), notification_id=notification_id, channel=channel)


def find_outgoing(ctx: Context, dispatch_id: UUID, notification_id: UUID, channel: str) -> Message | None:
    """Return the message of a dispatch; None when it has left before, or there is nobody or no address any more."""
    row = _OUTGOING.first(ctx.session, region=ctx.region.id, dispatch=dispatch_id, id=notification_id)
    if row is None or row.state is not None:
        return None
    contact = ctx.ground.people.contact_of(ctx, row.account_kind, row.account_id)
    to = contact and (contact.email if channel == "email" else contact.phone)
    if not to:
        return None
    subject, text = words_for(channel, row.title, row.body)
    return Message(channel=channel, to=to, subject=subject, text=text)


def record_dispatch(ctx: Context, dispatch_id: UUID, notification_id: UUID, *, channel: str, provider_id: str | None) -> None:
    """Write down what came of a message: `sent` with the other side's id for it, without one `failed` for good."""
    add_row(
        ctx.session,
        Dispatch,
        region_id=ctx.region.id,
        id=dispatch_id,
        notification_id=notification_id,
        channel=channel,
        state="sent" if provider_id else "failed",
        provider_id=provider_id,
        at=ctx.now(),
    )


def mark_read(ctx: Context, notification_id: UUID) -> RowMapping:
    """Mark one of the actor's notifications read; the first time counts. Raises the 404 for somebody else's."""
    row = (
        ctx.session.execute(
            update(Notification)
            .where(*own(ctx), Notification.id == notification_id)
            .values(read_at=func.coalesce(Notification.read_at, ctx.now()))
            .returning(*COLUMNS)
        )
        .mappings()
        .first()
    )
    if row is None:
        raise not_found()
    return row


def mark_all_read(ctx: Context) -> int:
    """Mark the actor's notifications read; return how many were not."""
    marked = ctx.session.scalars(
        update(Notification).where(*own(ctx), Notification.read_at.is_(None)).values(read_at=ctx.now()).returning(Notification.id)
    )
    return len(marked.all())


def export_inbox(ctx: Context, account_id: UUID) -> dict[str, Any]:
    """Return a citizen's notifications, oldest first."""
    rows = ctx.session.execute(select(*COLUMNS).where(*inbox_of(ctx, "citizen", account_id)).order_by(Notification.id)).mappings()
    return {"notifications": [dict(row) for row in rows]}


def erase_inbox(ctx: Context, account_id: UUID) -> Mapping[str, int]:
    """Remove a citizen's notifications, and with them what is known of their dispatches."""
    return erase_rows(ctx, delete(Notification).where(*inbox_of(ctx, "citizen", account_id)))
