"""What follows once a picture has come or gone: its thumbnail and hash, and its bytes. No transaction waits for the storage."""

from dataclasses import dataclass
from uuid import UUID

from backend.data.blobs import BlobStore, blob_key
from backend.data.context import Context
from backend.data.events import Event
from backend.files.models import FileRow
from backend.files.operations import REMOVED, THUMBNAIL, finish_picture
from backend.files.pictures import make_thumbnail, perceptual_hash


@dataclass(frozen=True, kw_only=True)
class Bytes:
    """Where the bytes of one file are kept."""

    blobs: BlobStore
    picture: str
    thumbnail: str


def _bytes(ctx: Context, file_id: UUID) -> Bytes:
    key = ctx.region.key
    return Bytes(blobs=ctx.ground.blobs, picture=blob_key(key, file_id), thumbnail=blob_key(key, file_id, THUMBNAIL))


class Finishing:
    """Makes the thumbnail and the perceptual hash of a picture."""

    def prepare(self, ctx: Context, event: Event) -> Bytes | None:
        """Return where its bytes are, None when it is gone or finished."""
        row = ctx.session.get(FileRow, (ctx.region.id, event.subject))
        if row is None:  # an earlier attempt may have died between the thumbnail and the record of it
            ctx.publish(REMOVED, subject=event.subject)
        return None if row is None or row.has_thumbnail else _bytes(ctx, event.subject)

    def call(self, prepared: Bytes, *, key: str) -> str:  # noqa: ARG002 - the storage knows the file by its own key
        """Keep the thumbnail and return the hash. Raises DomainError when the storage is away."""
        content = prepared.blobs.get(prepared.picture)
        prepared.blobs.put(prepared.thumbnail, make_thumbnail(content), "image/jpeg")
        return perceptual_hash(content)

    def record(self, ctx: Context, event: Event, _prepared: Bytes, answer: str) -> None:
        """Write down that it is finished."""
        finish_picture(ctx, event.subject, answer)


class Removing:
    """Removes the bytes of a file whose row is gone."""

    def prepare(self, ctx: Context, event: Event) -> Bytes:
        """Return where its bytes are."""
        return _bytes(ctx, event.subject)

    def call(self, prepared: Bytes, *, key: str) -> None:  # noqa: ARG002 - as above
        """Remove them. Raises DomainError when the storage is away."""
        prepared.blobs.delete(prepared.picture)
        prepared.blobs.delete(prepared.thumbnail)

    def record(self, ctx: Context, event: Event, prepared: Bytes, answer: None) -> None:
        """Write nothing: the row is gone already."""
