"""What a citizen may ask of their own data in this room: a copy, and to be forgotten. The case stays, its reporter does not."""

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, case, delete, null, select, update

from backend.sdk.domain import Context, erase_rows, forget_answers, in_language
from services.complaints.domain.actors import Role
from services.complaints.domain.categories import Confidentiality
from services.complaints.domain.visibility import Visibility
from services.complaints.models import Complaint, ComplaintFile, ComplaintMove, ComplaintSupport
from services.complaints.queries.cases import category_of, state_label

_COPIED = (
    *("id", "number", "category", "description", "lat", "lng", "landmark", "visibility", "confidentiality", "state"),
    *("submitted_at", "score", "score_comment"),
)


def export_personal_data(ctx: Context, account_id: UUID) -> Mapping[str, Any]:
    """Return what the citizen reported, said about it and supported."""
    own = (Complaint.region_id == ctx.region.id, Complaint.reporter_id == account_id)
    reported = ctx.session.execute(
        select(*(getattr(Complaint, name) for name in _COPIED)).where(*own).order_by(Complaint.submitted_at)
    )
    said = ctx.session.execute(
        select(ComplaintMove.complaint_id, ComplaintMove.at, ComplaintMove.move, ComplaintMove.note)
        .where(*_said(ctx, ctx.session.scalars(select(Complaint.id).where(*own)).all()))
        .order_by(ComplaintMove.at)
    )
    supported = ctx.session.execute(
        select(ComplaintSupport.complaint_id, ComplaintSupport.at)
        .where(ComplaintSupport.region_id == ctx.region.id, ComplaintSupport.account_id == account_id)
        .order_by(ComplaintSupport.at)
    )
    found = {"complaints": reported, "moves": said, "supports": supported}
    copied = {name: [dict(row) for row in rows.mappings()] for name, rows in found.items()}
    for complaint in copied["complaints"]:
        complaint["category_name"] = in_language(category_of(ctx, SimpleNamespace(**complaint)).name, ctx.locale)
        complaint["status_label"] = in_language(state_label(ctx, complaint["state"]), ctx.locale)
    return copied


def erase_personal_data(ctx: Context, account_id: UUID) -> Mapping[str, int]:
    """Empty what the citizen said, forget who it was; harmless when repeated.

    Category, area, times and the office's own lines stay: they are the record of public work. So does the place where
    everybody could see it.
    """
    region = ctx.region.id
    # Locked, as a move locks its case: whoever was quicker has written their line, whoever comes later is no reporter.
    mine = (Complaint.region_id == region, Complaint.reporter_id == account_id)
    own = ctx.session.scalars(select(Complaint.id).where(*mine).order_by(Complaint.id).with_for_update()).all()
    said = _said(ctx, own)
    supported = (ComplaintSupport.region_id == region, ComplaintSupport.account_id == account_id)
    seen = (Complaint.confidentiality == Confidentiality.OPEN.value) & (Complaint.visibility == Visibility.PUBLIC.value)
    return forget_answers(ctx, own) + erase_rows(
        ctx,
        delete(ComplaintFile).where(
            ComplaintFile.region_id == region, ComplaintFile.move_id.in_(select(ComplaintMove.id).where(*said))
        ),
        update(ComplaintMove).where(*said).values(actor_id=None, note=None),
        update(Complaint)
        .where(Complaint.region_id == region, Complaint.id.in_(select(ComplaintSupport.complaint_id).where(*supported)))
        .values(support_count=Complaint.support_count - 1),
        delete(ComplaintSupport).where(*supported),
        update(Complaint)
        .where(*mine)
        .values(
            reporter_id=None,
            description="",
            landmark=None,
            score_comment=None,
            lat=case((seen, Complaint.lat), else_=null()),
            lng=case((seen, Complaint.lng), else_=null()),
            version=Complaint.version + 1,
        ),
    )


def _said(ctx: Context, own: Sequence[UUID]) -> tuple[ColumnElement[bool], ...]:
    """Return the condition of the reporter's lines on these cases, by token or by the code that they were given."""
    line = ComplaintMove
    return (line.region_id == ctx.region.id, line.complaint_id.in_(own), line.role == Role.REPORTER.value)
