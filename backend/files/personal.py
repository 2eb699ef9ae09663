"""What a person may ask of the files they uploaded: a list, and that nothing ties them to those a case still holds."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from backend.data.context import Context
from backend.files.models import FileEvidence, FileRow
from backend.files.operations import remove_files


def export_personal_data(ctx: Context, account_id: UUID) -> Mapping[str, Any]:
    """Return the files the person uploaded."""
    rows = ctx.session.scalars(_own(ctx, account_id)).all()
    return {"files": [{"id": str(row.id), "size": row.size, "created_at": row.created_at} for row in rows]}


def erase_personal_data(ctx: Context, account_id: UUID) -> None:
    """Remove the person's loose files; of those a case holds, forget whose they are and where the camera stood."""
    rows = ctx.session.scalars(_own(ctx, account_id)).all()
    remove_files(ctx, [row for row in rows if row.held_id is None])
    held = [row.id for row in rows if row.held_id is not None]
    mine = (FileRow.region_id == ctx.region.id, FileRow.id.in_(held))
    ctx.session.execute(update(FileRow).where(*mine).values(owner_id=None))
    ctx.session.execute(
        update(FileEvidence).where(FileEvidence.region_id == ctx.region.id, FileEvidence.id.in_(held)).values(capture_enc=None)
    )


def _own(ctx: Context, account_id: UUID) -> Any:
    return select(FileRow).where(FileRow.region_id == ctx.region.id, FileRow.owner_id == account_id)
