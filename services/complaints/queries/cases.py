"""One case: its row, its moves and its files in a single statement, with what the rules ask about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, exists, false, func, select, text

from backend.sdk.domain import Context, not_found
from services.complaints.config import Settings, work_calendar
from services.complaints.domain.actors import ActorFacts
from services.complaints.domain.cases import CaseFacts, Made
from services.complaints.domain.categories import Category, Confidentiality, FirstLine, Subject, VisibilityMode
from services.complaints.domain.clocks import WorkCalendar
from services.complaints.domain.visibility import Sight, sight
from services.complaints.models import Complaint, ComplaintFile, ComplaintMove, ComplaintRouting, ComplaintSupport
from services.complaints.queries.viewers import may_know, secrecy_of, viewer


@dataclass(frozen=True, kw_only=True)
class CaseFile:
    """A file of a case."""

    id: UUID
    kind: str
    move_id: UUID


@dataclass(frozen=True, kw_only=True)
class CaseMove:
    """A line of a case's history."""

    id: UUID
    at: datetime
    move: str
    from_state: str | None
    to_state: str
    role: str
    actor_id: UUID | None
    note: str | None
    internal: bool
    details: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Case:
    """A complaint with its history, as one actor sees it."""

    row: Complaint
    moves: Sequence[CaseMove]
    files: Sequence[CaseFile]
    supported: bool
    actor: ActorFacts
    sight: Sight
    own_sight: Sight  # without what was published

    def shows(self, line: CaseMove) -> bool:
        """Whether the actor may read the words and see the files of a line: published are those up to the publication."""
        published_at = self.row.published_at
        return self.own_sight.may_read_text or (self.sight.may_read_text and published_at is not None and line.at <= published_at)

    def facts(self, category: Category) -> CaseFacts:
        """Return what the rules of moves ask about the case."""
        secrecy = secrecy_of(self.row)
        return CaseFacts(
            state=self.row.state,
            entered_at=self.row.entered_at,
            origins=tuple(self.row.origins),
            department=self.row.department,
            sealed=secrecy.confidentiality is Confidentiality.SEALED,
            custodian=self.row.custodian,
            files_required=category.photo_required,
            publishable=secrecy.publishable,
            published=secrecy.published,
            rated=self.row.score is not None,
            history=tuple(Made(move=line.move, at=line.at, by=line.actor_id) for line in self.moves if not line.internal),
        )


def settings_of(ctx: Context) -> Settings:
    """Return the room's settings in the region."""
    settings: Settings = ctx.config("complaints")
    return settings


def calendar_of(ctx: Context) -> WorkCalendar:
    """Return the region's working calendar."""
    return work_calendar(ctx.region.timezone, ctx.region.calendar)


def category_of(ctx: Context, row: Complaint) -> Category:
    """Return a complaint's category; one that has left the pack goes on under its code, by the complaint's own secrecy."""
    known = settings_of(ctx).categories.get(row.category)
    if known is not None:
        return known
    confidentiality = Confidentiality(row.confidentiality)
    return Category(
        code=row.category,
        group="",
        name={"id": row.category},
        departments=(),
        first_line=FirstLine.DEPARTMENT,
        response=None,
        completion=None,
        photo_required=False,
        location_required=False,
        visibility=VisibilityMode.PRIVATE if confidentiality is Confidentiality.OPEN else VisibilityMode.ALWAYS_PRIVATE,
        subject=Subject.THING,
        confidentiality=confidentiality,
    )


def _json(model: type[Any], names: Sequence[str]) -> Any:
    return func.json_build_object(*(part for name in names for part in (text(f"'{name}'"), getattr(model, name))))


_HISTORY = (
    select(
        func.json_agg(_json(ComplaintMove, list(CaseMove.__dataclass_fields__))).aggregate_order_by(
            ComplaintMove.at, ComplaintMove.id
        )
    )
    .where(ComplaintMove.region_id == Complaint.region_id, ComplaintMove.complaint_id == Complaint.id)
    .correlate(Complaint)
    .scalar_subquery()
)
_FILES = (
    select(func.json_agg(_json(ComplaintFile, list(CaseFile.__dataclass_fields__))).aggregate_order_by(ComplaintFile.id))
    .where(ComplaintFile.region_id == Complaint.region_id, ComplaintFile.complaint_id == Complaint.id)
    .correlate(Complaint)
    .scalar_subquery()
)


def _supported(ctx: Context) -> ColumnElement[bool]:
    if ctx.actor.account_id is None:
        return false()
    return exists().where(
        ComplaintSupport.region_id == Complaint.region_id,
        ComplaintSupport.complaint_id == Complaint.id,
        ComplaintSupport.account_id == ctx.actor.account_id,
    )


def lock_cases(ctx: Context, *complaint_ids: UUID | None) -> None:
    """Let nobody else move the complaints before this transaction ends; in one order, so that nobody waits for each other."""
    ctx.session.execute(
        select(Complaint.id)
        .where(Complaint.region_id == ctx.region.id, Complaint.id.in_([name for name in complaint_ids if name]))
        .order_by(Complaint.id)
        .with_for_update()
    )


def find_case(ctx: Context, *conditions: ColumnElement[bool], anybody: bool = False, as_reporter: bool = False) -> Case | None:
    """Return the complaint that meets `conditions` and of which the actor may know, in one statement.

    `anybody` asks no reach: for the system's own work, and for those who have just moved it out of theirs. `as_reporter`
    is for those who have brought the code that its reporter was given.
    """
    reach = () if anybody or as_reporter else (may_know(ctx),)
    found = ctx.session.execute(
        select(Complaint, _HISTORY.label("history"), _FILES.label("files"), _supported(ctx).label("supported"))
        .where(Complaint.region_id == ctx.region.id, *conditions, *reach)
        .execution_options(populate_existing=True)
    ).first()
    if found is None:
        return None
    row: Complaint = found[0]
    actor = ActorFacts(is_reporter=True) if as_reporter else viewer(ctx, reporter_id=row.reporter_id)
    return Case(
        row=row,
        moves=[_line(line) for line in found.history or ()],
        files=[CaseFile(id=UUID(f["id"]), kind=f["kind"], move_id=UUID(f["move_id"])) for f in found.files or ()],
        supported=found.supported,
        actor=actor,
        sight=sight(secrecy_of(row), actor),
        own_sight=sight(replace(secrecy_of(row), published=False), actor),
    )


def get_case(ctx: Context, complaint_id: UUID) -> Case:
    """Return the complaint of that id. Raises DomainError (404) when there is none of which the actor may know."""
    found = find_case(ctx, Complaint.id == complaint_id)
    if found is None:
        raise not_found()
    return found


def _line(line: dict[str, Any]) -> CaseMove:
    actor_id = line["actor_id"]
    return CaseMove(
        **line
        | {"id": UUID(line["id"]), "at": datetime.fromisoformat(line["at"]), "actor_id": UUID(actor_id) if actor_id else None}
    )


def list_routings(ctx: Context, complaint_id: UUID) -> Sequence[ComplaintRouting]:
    """Return the decisions of routing on a complaint, newest first."""
    return ctx.session.scalars(
        select(ComplaintRouting)
        .where(ComplaintRouting.region_id == ctx.region.id, ComplaintRouting.complaint_id == complaint_id)
        .order_by(ComplaintRouting.at.desc())
    ).all()
