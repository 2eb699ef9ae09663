"""What this room says has happened."""

from backend.sdk.data import EventType

QUEUED = EventType(
    name="notifications.queued",
    fields=("notification_id", "channel"),
    doc="A notification lies in its inbox and is to leave by one channel. The subject is the dispatch, so that"
    " no channel and no person waits for another.",
)
