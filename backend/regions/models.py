"""Tables of regions, areas and module state. All are platform tables: they hold no citizen's data and route every request."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Identity, LargeBinary
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, deferred, mapped_column

from backend.core.personal import plain
from backend.data.db import Base, Json


class RegionRow(Base):
    """A region. `revision` moves with every change that a process must see."""

    __tablename__ = "regions"
    platform = "resolved once at the edge of every request, before any region is known"
    holds = (
        plain("id key code name timezone languages identity calendar pack_version pack_checksum revision"),
        plain("version areas_checksum"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    code: Mapped[str]
    name: Mapped[str]
    timezone: Mapped[str]
    languages: Mapped[list[str]] = mapped_column(JSONB)
    identity: Mapped[Json]
    calendar: Mapped[Json]
    pack_version: Mapped[str]
    pack_checksum: Mapped[str]
    areas_checksum: Mapped[str]  # of areas and boundaries alone: what a process need not read again
    version: Mapped[int] = mapped_column(BigInteger, default=0)  # of the pack's versions in `pack_versions`
    revision: Mapped[int] = mapped_column(BigInteger, default=1)
    applied_at: Mapped[datetime]


class AreaRow(Base):
    """An administrative area by its Kemendagri (or national) code; parents are read from the code's row, never from geometry."""

    __tablename__ = "areas"
    platform = "area geometry: finds which region holds a point"
    holds = (plain("region_id code name kind parent_code lowest boundary west south east north ended_at successors"),)

    region_id: Mapped[int] = mapped_column(ForeignKey("regions.id"), primary_key=True)
    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    kind: Mapped[str]
    parent_code: Mapped[str | None]
    lowest: Mapped[bool]
    boundary: Mapped[bytes | None] = deferred(mapped_column(LargeBinary))  # WKB, WGS84
    west: Mapped[float | None]  # the boundary's box
    south: Mapped[float | None]
    east: Mapped[float | None]
    north: Mapped[float | None]
    ended_at: Mapped[datetime | None]  # no longer in the pack; kept for what happened in it
    successors: Mapped[list[str]] = mapped_column(JSONB, default=list)


class RegionModuleRow(Base):
    """One module in one region: on or off, and its settings."""

    __tablename__ = "region_modules"
    platform = "module state: read by every process when a region's revision moves"
    holds = (plain("region_id module enabled settings version"),)

    region_id: Mapped[int] = mapped_column(ForeignKey("regions.id"), primary_key=True)
    module: Mapped[str] = mapped_column(primary_key=True)
    enabled: Mapped[bool]
    settings: Mapped[dict[str, Any]] = mapped_column(JSONB)
    version: Mapped[int] = mapped_column(BigInteger, default=1)
