"""What the engine house starts in this room."""

from backend.sdk.domain import Context
from backend.sdk.work import Event
from services.complaints.operations.routing import route_complaint


def route(ctx: Context, event: Event) -> None:
    """Route the complaint that was submitted."""
    route_complaint(ctx, event.subject)
