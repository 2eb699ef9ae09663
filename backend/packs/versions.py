"""The versions of a region's pack: kept with all their files, so that each can be read, compared, exported and taken back."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend.core.errors import not_found
from backend.core.ids import new_id
from backend.data.context import Context
from backend.packs.folder import Files
from backend.packs.models import PackFile, PackVersion


def checksum_of(content: bytes) -> str:
    """Return what a file is known by."""
    return hashlib.sha256(content).hexdigest()


def keep_version(
    ctx: Context,
    files: Files,
    *,
    version: int,
    kind: str,
    why: str,
    checksum: str,
    changes: Sequence[Mapping[str, Any]],
    signed_by: str | None,
) -> None:
    """Write a version with its files; those the region had before are not written again."""
    sums = {path: checksum_of(content) for path, content in files.items()}
    rows = {checksum_of(content): {"region_id": ctx.region.id, "id": new_id(), "content": content} for content in files.values()}
    new = [row | {"checksum": found} for found, row in rows.items()]
    ctx.session.execute(insert(PackFile).on_conflict_do_nothing(), new)
    ctx.session.add(
        PackVersion(
            region_id=ctx.region.id,
            version=version,
            kind=kind,
            at=ctx.now(),
            by_account=ctx.actor.account_id,
            why=why,
            checksum=checksum,
            files=sums,
            changes=list(changes),
            signed_by=signed_by,
        )
    )
    ctx.session.flush()


def get_version(session: Session, region_id: int, version: int) -> PackVersion:
    """Return a version of the region's pack. Raises DomainError (404)."""
    row = session.scalar(select(PackVersion).where(PackVersion.region_id == region_id, PackVersion.version == version))
    if row is None:
        raise not_found("regions.no_version")
    return row


def files_of(session: Session, region_id: int, version: int) -> dict[str, bytes]:
    """Return the files of a version. Raises DomainError (404)."""
    sums = get_version(session, region_id, version).files
    found = select(PackFile.checksum, PackFile.content).where(
        PackFile.region_id == region_id, PackFile.checksum.in_(set(sums.values()))
    )
    contents = {row.checksum: row.content for row in session.execute(found)}
    return {path: contents[checksum] for path, checksum in sums.items()}


def had_before(session: Session, region_id: int, content: bytes) -> bool:
    """Tell whether the region's pack has had this very file, now or earlier."""
    found = select(PackFile.id).where(PackFile.region_id == region_id, PackFile.checksum == checksum_of(content))
    return session.scalar(found) is not None


def list_versions(session: Session, region_id: int, *, limit: int, before: int | None = None) -> list[PackVersion]:
    """Return the newest versions, those before `before` where it is given."""
    older = [PackVersion.version < before] if before is not None else []
    query = select(PackVersion).where(PackVersion.region_id == region_id, *older)
    return list(session.scalars(query.order_by(PackVersion.version.desc()).limit(limit)))
