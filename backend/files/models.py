"""Tables of files: what may be served, and apart from it what only evidence needs."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.personal import personal, plain, pseudonym, specific
from backend.data.db import Base, RegionScoped, within_region


class FileRow(RegionScoped, Base):
    """A picture as it is served: re-encoded, without metadata. Until a room holds it, it is its uploader's alone."""

    __tablename__ = "files"
    holds = (
        plain("content_type width height size has_thumbnail held_by held_id"),
        pseudonym("owner_id", "whose it is; the picture itself lies in the blob store, and goes with the row"),
    )
    kept = "a day, or as long as the case that holds it"

    owner_id: Mapped[UUID | None]
    content_type: Mapped[str]
    width: Mapped[int]
    height: Mapped[int]
    size: Mapped[int]  # bytes
    has_thumbnail: Mapped[bool] = mapped_column(default=False)
    held_by: Mapped[str | None]  # the room
    held_id: Mapped[UUID | None]  # what in that room
    created_at: Mapped[datetime]

    __table_args__ = (
        Index("ix_files_loose", "region_id", "created_at", postgresql_where=text("held_id IS NULL")),
        Index("ix_files_owner", "region_id", "owner_id"),
    )


class FileEvidence(RegionScoped, Base):
    """What evidence will need of the picture as it came in. Read for evidence alone; `id` is the file's."""

    __tablename__ = "file_evidence"
    holds = (
        personal("sha256 perceptual_hash", "finds the same picture again"),
        specific("capture_enc", "when and where the camera stood; encrypted for the row"),
    )
    kept = "as long as the picture"

    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    perceptual_hash: Mapped[str | None]  # made after the answer
    capture_enc: Mapped[bytes | None] = mapped_column(LargeBinary)  # time and place, encrypted: a place is a person's

    __table_args__ = (
        within_region("id", to="files", ondelete="CASCADE"),
        Index("ix_file_evidence_sha256", "region_id", "sha256"),
    )
