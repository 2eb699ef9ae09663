"""What the engine house starts in this room."""

from collections.abc import Sequence

from backend.sdk.domain import Context
from backend.sdk.work import Event
from services.complaints.operations.recounting import recount_some
from services.complaints.operations.routing import route_complaint
from services.complaints.operations.tallying import tally_complaints


def route(ctx: Context, event: Event) -> None:
    """Route the complaint that was submitted."""
    route_complaint(ctx, event.subject)


def tally(ctx: Context, events: Sequence[Event]) -> None:
    """Count the complaints of these events as they are now."""
    tally_complaints(ctx, [event.subject for event in events])


def recount(ctx: Context, _event: Event) -> None:
    """Compare the next complaints with their history."""
    recount_some(ctx)
