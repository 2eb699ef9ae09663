"""What wakes this room: a notice that was asked for, and a notification that is to leave."""

from dataclasses import dataclass
from uuid import UUID

from backend.sdk.domain import Context, Message
from backend.sdk.work import Channel, ChannelError, Event
from services.notifications.operations import find_outgoing, record_dispatch, take_notice


def take(ctx: Context, event: Event) -> None:
    """Lay the notice into the inboxes it is for."""
    take_notice(ctx, event.id, event.payload)


@dataclass(frozen=True, kw_only=True)
class Departure:
    """A message at its channel."""

    channel: Channel
    message: Message


class Send:
    """Sends one notification by one channel; its delivery's key keeps a repeated call from being a second message."""

    def prepare(self, ctx: Context, event: Event) -> Departure | None:
        """Return what is to be said, and by what; None when there is nobody or no address any more."""
        payload = event.payload
        message = find_outgoing(ctx, event.subject, UUID(payload["notification_id"]), payload["channel"])
        return Departure(channel=ctx.ground.channels[message.channel], message=message) if message else None

    def call(self, prepared: Departure, *, key: str) -> str | None:
        """Send it and return what the other side calls it, None when it refuses for good. Raises ChannelError: try later."""
        try:
            return prepared.channel.send(prepared.message, key=key)
        except ChannelError as error:
            if not error.permanent:
                raise
            return None

    def record(self, ctx: Context, event: Event, _prepared: Departure, answer: str | None) -> None:
        """Write down what came of it."""
        payload = event.payload
        record_dispatch(ctx, event.subject, UUID(payload["notification_id"]), channel=payload["channel"], provider_id=answer)
