"""Tables of complaints: the case, its moves, its files, its supporters, why it went where it went; former words; figures."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Computed, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from backend.sdk.data import Base, Json, RegionScoped, personal, plain, pseudonym, specific, within_region

NEVER = datetime(9999, 1, 1, tzinfo=UTC)
CASE = "as the region's rules on archives say"
OFFICE = "an officer's stays: it is the office's record"
TILES = (9, 6, 4, 2)  # of the map, finest first: tiles of 1/2**n degree, about 220 m, 1.7 km, 7 km and 28 km

# Signs by which PostgreSQL would read file names, hosts, negative numbers: here they only part words.
SIGNS = "-/.:@_&?=#%+~"
_WORDS = f"translate(number || ' ' || description || ' ' || coalesce(landmark, ''), '{SIGNS}', '{' ' * len(SIGNS)}')"
# Times by which the search goes back, three days each and a region's own, so that no word has many complaints in one.
SLICED_FROM, SLICE = datetime(2020, 1, 1, tzinfo=UTC), timedelta(seconds=2**18)
SLICES = 1_000_000  # of a region
_SLICE = f"floor(extract(epoch FROM submitted_at - '{SLICED_FROM}'::timestamptz) / {2**18})::bigint"


def _tile(level: int) -> Any:
    """Return the column with the number of the map's tile that holds the place; `queries.pins.tile` counts alike."""
    by_place = f"floor((lat + 90) * {2**level})::bigint * 1048576 + floor((lng + 180) * {2**level})::bigint"
    return mapped_column(Computed(by_place, persisted=True), deferred=True)


def _newest_open(column: str) -> Index:
    shown = text("confidentiality = 'open' AND visibility = 'public'")
    return Index(f"ix_complaints_open_{column}", "region_id", column, text("submitted_at DESC"), postgresql_where=shown)


class Complaint(RegionScoped, Base):
    """A complaint (Open311 service request). Departments are keys, areas codes: history outlives both.

    `confidentiality` and `custodian` are the category's at submission: a later pack does not open what was sealed.
    `next_due_at` is the clock the present state is held to.
    """

    __tablename__ = "complaints"
    holds = (
        plain("number category area_code visibility confidentiality custodian state origins department"),
        plain("support_count score under_appeal merged_into authority authority_number version slice"),
        pseudonym("reporter_id", "who is told, and may answer", erased="emptied"),
        pseudonym("assignee_id", "which officer has it", erased=OFFICE),
        specific("description landmark score_comment words", "what the reporter says; `words` finds it", erased="emptied"),
        personal(
            "lat lng tile_9 tile_6 tile_4 tile_2",
            "where it is",
            erased="stays where everybody could see it (a public thing's place), else emptied; the area stays",
        ),
    )
    kept = CASE

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
    # The database keeps these itself: row-level security lets an index be used for a column, not for an expression.
    slice: Mapped[int] = mapped_column(Computed(f"region_id * {SLICES} + {_SLICE}", persisted=True), deferred=True)
    words: Mapped[str] = mapped_column(TSVECTOR, Computed(f"to_tsvector('indonesian', {_WORDS})", persisted=True), deferred=True)
    tile_9: Mapped[int | None] = _tile(9)
    tile_6: Mapped[int | None] = _tile(6)
    tile_4: Mapped[int | None] = _tile(4)
    tile_2: Mapped[int | None] = _tile(2)

    __table_args__ = (
        UniqueConstraint("region_id", "number"),
        within_region("merged_into", to="complaints"),
        Index("ix_complaints_newest", "region_id", text("submitted_at DESC"), text("id DESC")),
        Index("ix_complaints_mine", "region_id", "reporter_id", text("submitted_at DESC"), text("id DESC")),
        Index(
            "ix_complaints_unit",
            "region_id",
            "department",
            "state",
            "next_due_at",
            "id",
            postgresql_include=["assignee_id"],
            postgresql_where=text("NOT confidentiality = 'sealed' AND NOT under_appeal"),
        ),
        Index(
            "ix_complaints_custody",
            "region_id",
            "custodian",
            "state",
            "next_due_at",
            "id",
            postgresql_where=text("confidentiality = 'sealed'"),
        ),
        Index("ix_complaints_appeals", "region_id", "state", "next_due_at", "id", postgresql_where=text("under_appeal")),
        Index("ix_complaints_state", "region_id", "state", "next_due_at", "id"),
        Index(
            "ix_complaints_assignee", "region_id", "assignee_id", "next_due_at", postgresql_where=text("assignee_id IS NOT NULL")
        ),
        Index("ix_complaints_area", "region_id", "area_code", text("submitted_at DESC")),
        Index("ix_complaints_place", "region_id", "lat", "lng"),
        Index("ix_complaints_timers", "region_id", "state_due_at", postgresql_where=text("state_due_at IS NOT NULL")),
        Index("ix_complaints_words", "slice", "words", postgresql_using="gin", postgresql_with={"gin_pending_list_limit": 256}),
        *map(_newest_open, ("category", "state", *(f"tile_{level}" for level in TILES))),
    )


class ComplaintMove(RegionScoped, Base):
    """One line of a case's history. `role` is the one it was made in; an internal line is for staff of the case alone."""

    __tablename__ = "complaints_moves"
    holds = (
        plain("complaint_id move from_state to_state role internal details"),
        pseudonym("actor_id", "who made it", erased=f"emptied; {OFFICE}"),
        specific("note", "what was said with it", erased=f"the reporter's are emptied; {OFFICE}"),
    )
    kept = CASE

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
    holds = (plain("complaint_id move_id kind"),)  # the reporter's go with their pictures

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
    holds = (plain("region_id complaint_id"), pseudonym("account_id", "who supports it, once"))
    kept = CASE

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
    holds = (plain("complaint_id department trace pack_version"),)

    complaint_id: Mapped[UUID]
    at: Mapped[datetime]
    department: Mapped[str | None]
    trace: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    pack_version: Mapped[str]

    __table_args__ = (
        within_region("complaint_id", to="complaints", ondelete="CASCADE"),
        Index("ix_complaints_routings_case", "region_id", "complaint_id", "at"),
    )


class FormerWord(Base):
    """A category or state that a pack no longer has, as the last one said it: for the complaints that still speak of it."""

    __tablename__ = "complaints_former"
    holds = (plain("region_id kind key said"),)

    region_id: Mapped[int] = mapped_column(ForeignKey("regions.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)  # category or state
    key: Mapped[str] = mapped_column(primary_key=True)
    said: Mapped[Json]
    ended_at: Mapped[datetime]


class CountedComplaint(Base):
    """What the figures last counted of a complaint; none of a sealed one. Days are the region's; a minute is a whole one.

    `due_at` is the end of the clock that the office is held to now. What is not there (department, area) is empty.
    """

    __tablename__ = "complaints_counted"
    holds = (
        plain("region_id complaint_id department area_code category state open responded_in_time completed_in_time"),
        plain("minutes reopened received_on responded_on resolved_on first_resolved_on"),
    )

    region_id: Mapped[int] = mapped_column(ForeignKey("regions.id"), primary_key=True)
    complaint_id: Mapped[UUID] = mapped_column(primary_key=True)
    department: Mapped[str]
    area_code: Mapped[str]
    category: Mapped[str]
    state: Mapped[str]
    open: Mapped[bool]
    due_at: Mapped[datetime | None]
    received_on: Mapped[date]
    responded_on: Mapped[date | None]
    responded_in_time: Mapped[bool | None]
    resolved_on: Mapped[date | None]
    completed_in_time: Mapped[bool | None]
    minutes: Mapped[int | None]
    first_resolved_on: Mapped[date | None]
    reopened: Mapped[bool]

    __table_args__ = (
        Index(
            "ix_complaints_counted_due",
            "region_id",
            "due_at",
            postgresql_include=["department", "area_code", "category"],
            postgresql_where=text("due_at IS NOT NULL"),
        ),
    )


class Tally(Base):
    """A sum of the figures: what it is on a day is all of its rows up to that day, the past being one row (`ALWAYS`).

    The dimension `day` is apart: each row is a day's own.
    """

    __tablename__ = "complaints_tallies"
    holds = (plain("region_id dimension measure from_day key value n"),)

    region_id: Mapped[int] = mapped_column(ForeignKey("regions.id"), primary_key=True)
    dimension: Mapped[str] = mapped_column(primary_key=True)
    measure: Mapped[str] = mapped_column(primary_key=True)
    from_day: Mapped[date] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[int]
    n: Mapped[int]


class Recount(Base):
    """How far the comparison of a region's figures with its history is, and what was found to be off; all of it was mended.

    `reached` is the last complaint that was compared, None where no comparison is under way. `finished_at` is the end of the last
    one; without it the figures are not complete yet.
    """

    __tablename__ = "complaints_recounts"
    holds = (plain("region_id reached found off"),)

    region_id: Mapped[int] = mapped_column(ForeignKey("regions.id"), primary_key=True)
    began_at: Mapped[datetime]
    reached: Mapped[UUID | None]
    finished_at: Mapped[datetime | None]
    found: Mapped[int]  # how much was off
    off: Mapped[list[str]] = mapped_column(JSONB)  # the first of it, by name
