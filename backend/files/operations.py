"""What is done with files: taken in, held by a room, thumbnailed after the answer, thrown away when nobody holds them."""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from uuid import UUID

import orjson
from sqlalchemy import ColumnElement, delete, select, update

from backend.core.errors import DomainError, FieldError, Kind
from backend.core.ids import new_id
from backend.data.blobs import blob_key
from backend.data.context import Context
from backend.data.events import EventType
from backend.data.unit_of_work import undo_with
from backend.files.models import FileEvidence, FileRow
from backend.files.pictures import take_picture

LOOSE_FOR = timedelta(hours=24)
THUMBNAIL = "thumb.jpg"

UPLOADED = EventType(name="files.uploaded", doc="A picture was taken in; its thumbnail and perceptual hash are still to be made")
REMOVED = EventType(name="files.removed", doc="A file (the subject) is gone from its table; its bytes are still to follow")


def capture_place(file_id: UUID) -> str:
    """Return where the encrypted capture of a file is kept."""
    return f"file_evidence:{file_id}"


def keep_picture(ctx: Context, content: bytes) -> FileRow:
    """Take a picture in; publishes `files.uploaded`. Raises DomainError (422 on `file`) for what is none."""
    picture = take_picture(content)
    evidence = picture.evidence
    file_id = new_id()
    key = blob_key(ctx.region.key, file_id)
    undo_with(ctx.session, lambda: ctx.ground.blobs.delete(key))
    ctx.ground.blobs.put(key, picture.content, picture.content_type)
    row = FileRow(
        region_id=ctx.region.id,
        id=file_id,
        owner_id=ctx.actor.account_id,
        content_type=picture.content_type,
        width=picture.width,
        height=picture.height,
        size=len(picture.content),
        created_at=ctx.now(),
    )
    capture = {"at": evidence.captured_at, "lat": evidence.lat, "lng": evidence.lng}
    ctx.session.add(row)
    ctx.session.flush()
    ctx.session.add(
        FileEvidence(
            region_id=ctx.region.id,
            id=file_id,
            sha256=bytes.fromhex(evidence.sha256),
            capture_enc=ctx.ground.keyring.encrypt(orjson.dumps(capture).decode(), bound_to=capture_place(file_id))
            if any(value is not None for value in capture.values())
            else None,
        )
    )
    ctx.publish(UPLOADED, subject=file_id)
    return row


def hold_files(ctx: Context, file_ids: Sequence[UUID], *, room: str, subject: UUID, field: str = "file_ids") -> None:
    """Let `room` hold the actor's own loose files for `subject`.

    Raises DomainError (422) naming each that is not one, or is there twice.
    """
    if not file_ids:
        return
    held = set(
        ctx.session.scalars(
            update(FileRow)
            .where(
                FileRow.region_id == ctx.region.id,
                FileRow.id.in_(file_ids),
                FileRow.owner_id == ctx.actor.account_id,
                FileRow.held_id.is_(None),
            )
            .values(held_by=room, held_id=subject)
            .returning(FileRow.id)
        )
    )
    faults = [
        FieldError(field=f"{field}.{place}", code="files.unknown")
        for place, name in enumerate(file_ids)
        if name not in held or name in file_ids[:place]
    ]
    if faults:
        raise DomainError(Kind.INVALID, "request.invalid", errors=faults)


def finish_picture(ctx: Context, file_id: UUID, perceptual_hash: str) -> None:
    """Write down that the thumbnail is kept, and the hash. Of a file that was removed meanwhile the thumbnail follows."""
    row = ctx.session.get(FileRow, (ctx.region.id, file_id), with_for_update=True)
    if row is None:
        ctx.publish(REMOVED, subject=file_id)
        return
    row.has_thumbnail = True
    evidence = ctx.session.get(FileEvidence, (ctx.region.id, file_id))
    if evidence is not None:
        evidence.perceptual_hash = perceptual_hash


def remove_files(ctx: Context, *which: ColumnElement[bool]) -> Mapping[str, int]:
    """Remove files of the region with all that was made of them; return the rows by table. Publishes `files.removed`.

    The bytes follow after the commit, however often a process dies on the way.
    """
    removed = ctx.session.scalars(delete(FileRow).where(FileRow.region_id == ctx.region.id, *which).returning(FileRow.id)).all()
    for file_id in removed:
        ctx.publish(REMOVED, subject=file_id)
    return {FileRow.__tablename__: len(removed)}


def drop_files(ctx: Context, file_ids: Collection[UUID], *, room: str, subject: UUID) -> None:
    """Remove files that `room` holds for `subject`; publishes `files.removed` for each."""
    remove_files(ctx, FileRow.id.in_(file_ids), FileRow.held_by == room, FileRow.held_id == subject)


def purge_loose_files(ctx: Context) -> None:
    """Remove files that nobody has held for a day."""
    loose = (
        select(FileRow.id)
        .where(FileRow.region_id == ctx.region.id, FileRow.held_id.is_(None), FileRow.created_at < ctx.now() - LOOSE_FOR)
        .limit(500)
        .with_for_update(skip_locked=True)
    )
    remove_files(ctx, FileRow.id.in_(ctx.session.scalars(loose).all()))
