"""An inbox over the wire."""

from marshmallow import fields

from backend.sdk.web import ListQuery, Schema, page_of


class InboxQuery(ListQuery):
    """Which of my notifications."""

    unread = fields.Boolean(load_default=False, metadata={"examples": [True]})


class NotificationLinkOut(Schema):
    """What to open."""

    module = fields.String(required=True, metadata={"examples": ["complaints"]})
    id = fields.UUID(required=True)


class NotificationOut(Schema):
    """One notification, in its reader's language."""

    id = fields.UUID(required=True)
    template = fields.String(required=True, metadata={"examples": ["complaints.moved"]})
    title = fields.String(required=True, metadata={"examples": ["Laporan BNA-2611-000042-7: Diproses"]})
    body = fields.String(required=True, metadata={"examples": ["Laporan Anda sedang diproses oleh Dinas PUPR."]})
    link = fields.Nested(NotificationLinkOut, required=True, allow_none=True)
    created_at = fields.AwareDateTime(required=True)
    read_at = fields.AwareDateTime(required=True, allow_none=True)


class UnreadCountOut(Schema):
    """How many are unread."""

    unread_count = fields.Integer(required=True, metadata={"examples": [3]})


class MarkedReadOut(Schema):
    """How many were marked read."""

    marked = fields.Integer(required=True, metadata={"examples": [3]})


class NotificationInboxOut(page_of(NotificationOut), UnreadCountOut):  # type: ignore[misc] # the page's schema is made by a function
    """A page of my inbox."""
