"""Tables of complaints: the case, its moves, its files, who supports it, and why it went where it went."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from backend.sdk.data import Base, Json, RegionScoped, within_region

NEVER = datetime(9999, 1, 1, tzinfo=UTC)


class Complaint(RegionScoped, Base):
    """A complaint (Open311 service request). Departments are keys, areas codes: history outlives both.

    `confidentiality` and `custodian` are the category's at submission: a later pack does not open what was sealed.
    `next_due_at` is the clock the present state is held to.
    """

    __tablename__ = "complaints"

    number: Mapped[str]
    category: Mapped[str]
    description: Mapped[str]
    lat: Mapped[float | None]
    lng: Mapped[float | None]
    landmark: Mapped[str | None]
    area_code: Mapped[str | None]
    visibility: Mapped[str]
    confidentiality: Mapped[str]
    custodian: Mapped[str | None]
    published_at: Mapped[datetime | None]  # what has come since is not published with it
    state: Mapped[str]
    origins: Mapped[list[str]] = mapped_column(JSONB, default=list)
    entered_at: Mapped[datetime]
    department: Mapped[str | None]
    assignee_id: Mapped[UUID | None]
    reporter_id: Mapped[UUID | None]  # none: a guest, who has a receipt code
    submitted_at: Mapped[datetime]
    response_due_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    state_due_at: Mapped[datetime | None]
    paused_at: Mapped[datetime | None]
    next_due_at: Mapped[datetime]  # `NEVER` without a clock: an inbox sorts by it
    support_count: Mapped[int] = mapped_column(default=0)
    score: Mapped[int | None]
    score_comment: Mapped[str | None]
    under_appeal: Mapped[bool] = mapped_column(default=False)
    merged_into: Mapped[UUID | None]
    authority: Mapped[str | None]  # to which it was transferred
    authority_number: Mapped[str | None]
    version: Mapped[int] = mapped_column(default=1)

    __table_args__ = (
        UniqueConstraint("region_id", "number"),
        within_region("merged_into", to="complaints"),
        Index("ix_complaints_newest", "region_id", text("submitted_at DESC"), text("id DESC")),
        Index("ix_complaints_mine", "region_id", "reporter_id", text("submitted_at DESC"), text("id DESC")),
        Index("ix_complaints_unit", "region_id", "department", "next_due_at", "id"),
        Index("ix_complaints_state", "region_id", "state", "next_due_at", "id"),
        Index(
            "ix_complaints_assignee", "region_id", "assignee_id", "next_due_at", postgresql_where=text("assignee_id IS NOT NULL")
        ),
        Index("ix_complaints_area", "region_id", "area_code", text("submitted_at DESC")),
        Index("ix_complaints_place", "region_id", "lat", "lng"),
        Index("ix_complaints_timers", "region_id", "state_due_at", postgresql_where=text("state_due_at IS NOT NULL")),
    )


class ComplaintMove(RegionScoped, Base):
    """One line of a case's history. `role` is the one it was made in; an internal line is for staff of the case alone."""

    __tablename__ = "complaints_moves"

    complaint_id: Mapped[UUID]
    at: Mapped[datetime]
    move: Mapped[str]
    from_state: Mapped[str | None]
    to_state: Mapped[str]
    role: Mapped[str]
    actor_id: Mapped[UUID | None]
    note: Mapped[str | None]
    internal: Mapped[bool] = mapped_column(default=False)
    details: Mapped[Json] = mapped_column(default=dict)

    __table_args__ = (
        within_region("complaint_id", to="complaints", ondelete="CASCADE"),
        Index("ix_complaints_moves_case", "region_id", "complaint_id", "at", "id"),
    )


class ComplaintFile(RegionScoped, Base):
    """A file of a case; `id` is the file's. `kind` says what it shows: report, answer or evidence."""

    __tablename__ = "complaints_files"

    complaint_id: Mapped[UUID]
    move_id: Mapped[UUID]
    kind: Mapped[str]

    __table_args__ = (
        within_region("complaint_id", to="complaints", ondelete="CASCADE"),
        within_region("move_id", to="complaints_moves", ondelete="CASCADE"),
        Index("ix_complaints_files_case", "region_id", "complaint_id"),
    )


class ComplaintSupport(Base):
    """One citizen's support of another's report."""

    __tablename__ = "complaints_supports"

    region_id: Mapped[int] = mapped_column(primary_key=True)
    complaint_id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime]

    __table_args__ = (
        within_region("complaint_id", to="complaints", ondelete="CASCADE"),
        Index("ix_complaints_supports_account", "region_id", "account_id"),
    )


class ComplaintRouting(RegionScoped, Base):
    """One decision of routing with its trace: what was read, what held, where the pack says so."""

    __tablename__ = "complaints_routings"

    complaint_id: Mapped[UUID]
    at: Mapped[datetime]
    department: Mapped[str | None]
    trace: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    pack_version: Mapped[str]

    __table_args__ = (
        within_region("complaint_id", to="complaints", ondelete="CASCADE"),
        Index("ix_complaints_routings_case", "region_id", "complaint_id", "at"),
    )
