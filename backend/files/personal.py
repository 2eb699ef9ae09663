"""What a person may ask of the pictures they uploaded: a copy, and that they are gone, also those that a case still holds."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import select

from backend.data.blobs import blob_key
from backend.data.context import Context
from backend.data.personal import KeptFile
from backend.files.models import FileEvidence, FileRow
from backend.files.operations import capture_place, remove_files


def export_personal_data(ctx: Context, account_id: UUID) -> Mapping[str, Any]:
    """Return the pictures the person uploaded, and when and where the camera stood."""
    own = (
        select(FileRow.id, FileRow.size, FileRow.created_at, FileEvidence.capture_enc)
        .join(FileEvidence, (FileEvidence.region_id == FileRow.region_id) & (FileEvidence.id == FileRow.id), isouter=True)
        .where(FileRow.region_id == ctx.region.id, FileRow.owner_id == account_id)
        .order_by(FileRow.id)
    )
    return {
        "files": [
            {
                "id": row.id,
                "created_at": row.created_at,
                "captured": _opened(ctx, row.id, row.capture_enc),
                "picture": KeptFile(name=f"pictures/{row.id}.jpg", blob=blob_key(ctx.region.key, row.id), size=row.size),
            }
            for row in ctx.session.execute(own)
        ]
    }


def _opened(ctx: Context, file_id: UUID, sealed: bytes | None) -> Any:
    return None if sealed is None else orjson.loads(ctx.ground.keyring.decrypt(sealed, bound_to=capture_place(file_id)))


def erase_personal_data(ctx: Context, account_id: UUID) -> Mapping[str, int]:
    """Remove the person's pictures; publishes `files.removed` for each. Evidence that an office uploaded stays."""
    return remove_files(ctx, FileRow.owner_id == account_id)
