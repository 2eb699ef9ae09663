"""Questions about files."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.sql.selectable import Subquery

from backend.data.context import Context
from backend.files.links import file_url
from backend.files.models import FileRow


def shown_files(ctx: Context, held: Sequence[tuple[UUID, str]]) -> list[dict[str, Any]]:
    """Return files as a room's answers show them, from (id, kind): no statement is needed, links are signed."""
    return [
        {
            "id": str(file_id),
            "kind": kind,
            "url": file_url(ctx, file_id),
            "thumbnail_url": file_url(ctx, file_id, "thumbnail"),
        }
        for file_id, kind in held
    ]


def files_held(ctx: Context, room: str) -> Subquery:
    """Return the files that a room holds, to be joined by a check of its own: `id`, `held_id`."""
    held = (FileRow.region_id == ctx.region.id, FileRow.held_by == room)
    return select(FileRow.id, FileRow.held_id).where(*held).subquery()
