"""Tables of packs: every version a region has had, the files they are made of, and plans that wait to be applied."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import LargeBinary, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.personal import plain, pseudonym
from backend.data.db import Base, RegionScoped


class PackFile(RegionScoped, Base):
    """One file of a pack; kept once, however many versions have it."""

    __tablename__ = "pack_files"
    holds = (plain("checksum content"),)

    checksum: Mapped[str]  # SHA-256
    content: Mapped[bytes] = mapped_column(LargeBinary)

    __table_args__ = (UniqueConstraint("region_id", "checksum"),)


class PackVersion(RegionScoped, Base):
    """One version of a region's pack. Neither changed nor removed: what is taken back is a version more."""

    __tablename__ = "pack_versions"
    holds = (
        plain("version kind why checksum files changes signed_by"),
        pseudonym("by_account", "which admin changed the region", erased="stays: it is the office's record"),
    )
    kept = "for good: it is what the region was"

    version: Mapped[int]
    kind: Mapped[str]  # applied, rolled_back, settings, switched or table
    at: Mapped[datetime]
    by_account: Mapped[UUID | None]  # none: the command line
    why: Mapped[str]
    checksum: Mapped[str]
    files: Mapped[dict[str, str]] = mapped_column(JSONB)  # checksums of `pack_files` by path
    changes: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    signed_by: Mapped[str | None]  # fingerprint of the key, where the pack was signed by one that is trusted

    __table_args__ = (UniqueConstraint("region_id", "version"),)


class PackPlan(RegionScoped, Base):
    """A pack that was planned and may be applied while the region still has the version it was planned for."""

    __tablename__ = "pack_plans"
    holds = (plain("at version signed_by content"),)

    at: Mapped[datetime]
    version: Mapped[int]
    signed_by: Mapped[str | None]
    content: Mapped[bytes] = mapped_column(LargeBinary)  # an archive
