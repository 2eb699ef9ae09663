"""What a citizen may ask of their own data in this room: a copy, and to be forgotten. The case stays, its reporter does not."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, update

from backend.sdk.domain import Context
from services.complaints.models import Complaint, ComplaintMove, ComplaintSupport

_COPIED = ("number", "category", "description", "lat", "lng", "landmark", "state", "submitted_at", "score", "score_comment")


def export_personal_data(ctx: Context, account_id: UUID) -> Mapping[str, Any]:
    """Return what the citizen reported and supported."""
    own = ctx.session.scalars(
        select(Complaint)
        .where(Complaint.region_id == ctx.region.id, Complaint.reporter_id == account_id)
        .order_by(Complaint.submitted_at)
    )
    supported = ctx.session.scalars(
        select(ComplaintSupport.complaint_id).where(
            ComplaintSupport.region_id == ctx.region.id, ComplaintSupport.account_id == account_id
        )
    )
    return {
        "complaints": [{name: getattr(row, name) for name in _COPIED} for row in own],
        "supports": [str(complaint_id) for complaint_id in supported],
    }


def erase_personal_data(ctx: Context, account_id: UUID) -> None:
    """Cut every tie between the citizen and what they reported; harmless when repeated."""
    region = ctx.region.id
    ctx.session.execute(
        update(Complaint).where(Complaint.region_id == region, Complaint.reporter_id == account_id).values(reporter_id=None)
    )
    ctx.session.execute(
        update(ComplaintMove).where(ComplaintMove.region_id == region, ComplaintMove.actor_id == account_id).values(actor_id=None)
    )
    ctx.session.execute(
        delete(ComplaintSupport).where(ComplaintSupport.region_id == region, ComplaintSupport.account_id == account_id)
    )
