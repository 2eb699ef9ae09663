"""Questions about files."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from backend.data.context import Context
from backend.files.links import file_url


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
