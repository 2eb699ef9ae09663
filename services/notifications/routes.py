"""The inbox of whoever asks: a citizen, or a staff account in this region."""

from typing import Any
from uuid import UUID

from flask import Response
from sqlalchemy import RowMapping

from backend.sdk.data import decode_cursor, encode_cursor
from backend.sdk.domain import Context
from backend.sdk.web import RoomBlueprint, answer
from services.notifications.operations import ROOM, mark_all_read, mark_read
from services.notifications.queries import count_unread, list_notifications
from services.notifications.schemas import InboxQuery, MarkedReadOut, NotificationInboxOut, NotificationOut, UnreadCountOut

READ = "notifications.read"
_SHOWN = ("id", "template", "title", "body", "created_at", "read_at")

blueprint = RoomBlueprint(ROOM, doc="The inbox of the person who asks")


def _shown(row: RowMapping) -> dict[str, Any]:
    link = {"module": row["link_module"], "id": row["link_id"]} if row["link_module"] else None
    return {name: row[name] for name in _SHOWN} | {"link": link}


@blueprint.endpoint("GET", "", permission=READ, query=InboxQuery, out=NotificationInboxOut)
def list_inbox(ctx: Context, query: dict[str, Any]) -> Response:
    """List my notifications, newest first, with the number of unread ones."""
    before = decode_cursor(query["cursor"], UUID)[0] if query["cursor"] else None
    limit = query["limit"]
    unread_count, rows = list_notifications(ctx, unread=query["unread"], limit=limit + 1, before=before)
    return answer(
        {
            "items": [_shown(row) for row in rows[:limit]],
            "next_cursor": encode_cursor(rows[limit - 1]["id"]) if len(rows) > limit else None,
            "unread_count": unread_count,
        }
    )


@blueprint.endpoint("GET", "/unread-count", permission=READ, out=UnreadCountOut)
def get_unread_count(ctx: Context) -> dict[str, int]:
    """Say how many of my notifications are unread."""
    return {"unread_count": count_unread(ctx)}


@blueprint.endpoint("POST", "/<uuid:notification_id>/read", permission=READ, out=NotificationOut, limit="write")
def read_one(ctx: Context, notification_id: UUID) -> dict[str, Any]:
    """Mark one of my notifications read; once more changes nothing."""
    return _shown(mark_read(ctx, notification_id))


@blueprint.endpoint("POST", "/read-all", permission=READ, out=MarkedReadOut, limit="write")
def read_all(ctx: Context) -> dict[str, int]:
    """Mark all my notifications read."""
    return {"marked": mark_all_read(ctx)}
