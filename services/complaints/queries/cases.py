"""One case: its row, its moves and its files in a single statement, with what the rules ask about it."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from sqlalchemy import select

from backend.sdk.data import Prepared
from backend.sdk.domain import Context, not_found
from services.complaints.config import Settings, work_calendar
from services.complaints.domain.actors import ActorFacts
from services.complaints.domain.cases import CaseFacts, Made
from services.complaints.domain.categories import Category, Confidentiality, FirstLine, Subject, VisibilityMode
from services.complaints.domain.clocks import WorkCalendar
from services.complaints.domain.visibility import Sight, sight
from services.complaints.models import Complaint, ComplaintRouting
from services.complaints.queries.former import former_words
from services.complaints.queries.viewers import secrecy_of, viewer


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

    @property
    def succeeds(self) -> str | None:
        """The unit that a pack has ended, where this line says who took the case over from it: nobody's move."""
        return self.details.get("succeeds")


@dataclass(frozen=True, kw_only=True)
class Case:
    """A complaint with its history, as one actor sees it."""

    row: Any  # the complaint's columns by name
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
            history=tuple(
                Made(move=line.move, at=line.at, by=line.actor_id)
                for line in self.moves
                if not line.internal and not line.succeeds
            ),
        )


def settings_of(ctx: Context) -> Settings:
    """Return the room's settings in the region."""
    settings: Settings = ctx.config("complaints")
    return settings


def calendar_of(ctx: Context) -> WorkCalendar:
    """Return the region's working calendar."""
    return work_calendar(ctx.region.timezone, ctx.region.calendar)


def category_of(ctx: Context, row: Any) -> Category:
    """Return a complaint's category; one that has left the pack as it last was, else by its code and the complaint's secrecy."""
    known = settings_of(ctx).categories.get(row.category) or former_words(ctx).categories.get(row.category)
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


def state_label(ctx: Context, key: str) -> Mapping[str, str]:
    """Return what a state is called; one that has left the pack as it was last called."""
    state = settings_of(ctx).workflow.state_by_key.get(key)
    return state.label if state else former_words(ctx).states.get(key, {"id": key})


def _as_it_is(value: str) -> Any:
    return value


_READ: Mapping[type[Any], Callable[[str], Any]] = {datetime: datetime.fromisoformat, UUID: UUID}
COLUMNS = {c.name: _READ.get(c.type.python_type, _as_it_is) for c in Complaint.__table__.columns if c.computed is None}
_CASE = """
    SELECT to_json(r)::text FROM (
        SELECT {columns},
            (SELECT json_agg(h) FROM (
                SELECT id, at, move, from_state, to_state, role, actor_id, note, internal, details FROM complaints_moves m
                WHERE m.region_id = c.region_id AND m.complaint_id = c.id ORDER BY at, id) h) AS history,
            (SELECT json_agg(f) FROM (
                SELECT id, kind, move_id FROM complaints_files f
                WHERE f.region_id = c.region_id AND f.complaint_id = c.id ORDER BY id) f) AS files,
            EXISTS (SELECT FROM complaints_supports s WHERE s.region_id = c.region_id AND s.complaint_id = c.id
                AND s.account_id = %(me)s) AS supported
        FROM complaints c WHERE c.region_id = %(region)s AND {known}) r"""
_BY_ID, _BY_NUMBER = (
    Prepared(_CASE.format(columns=", ".join(COLUMNS), known=known)) for known in ("c.id = %(id)s", "c.number = ANY(%(numbers)s)")
)


_LOCK = Prepared("SELECT id FROM complaints WHERE region_id = %(region)s AND id = ANY(%(ids)s) ORDER BY id FOR UPDATE")


def lock_cases(ctx: Context, *complaint_ids: UUID | None) -> None:
    """Let nobody else move the complaints before this transaction ends; in one order, so that nobody waits for each other."""
    _LOCK.all(ctx.session, region=ctx.region.id, ids=[name for name in complaint_ids if name])


def find_case(
    ctx: Context,
    complaint_id: UUID | None = None,
    *,
    numbers: Collection[str] = (),
    anybody: bool = False,
    as_reporter: bool = False,
) -> Case | None:
    """Return the complaint of that id, or of one of these numbers, of which the actor may know, in one statement.

    `anybody` asks no reach: for the system's own work, and for those who have just moved it out of theirs. `as_reporter`
    is for those who have brought the code that its reporter was given.
    """
    asked = {"region": ctx.region.id, "me": ctx.actor.account_id}
    if numbers:
        found = _BY_NUMBER.json(ctx.session, **asked, numbers=list(numbers))
    else:
        found = _BY_ID.json(ctx.session, **asked, id=complaint_id)
    if found is None:
        return None
    case = case_of(
        ctx,
        SimpleNamespace(**{name: found[name] and read(found[name]) for name, read in COLUMNS.items()}),
        moves=[_line(line) for line in found["history"] or ()],
        files=[CaseFile(id=UUID(f["id"]), kind=f["kind"], move_id=UUID(f["move_id"])) for f in found["files"] or ()],
        supported=found["supported"],
        actor=ActorFacts(is_reporter=True) if as_reporter else None,
    )
    return case if anybody or as_reporter or case.sight.may_know else None


def case_of(
    ctx: Context,
    row: Any,
    *,
    moves: Sequence[CaseMove],
    files: Sequence[CaseFile],
    supported: bool = False,
    actor: ActorFacts | None = None,
) -> Case:
    """Return a complaint with its history as `actor`, or else the actor of the context, sees it."""
    actor = actor or viewer(ctx, reporter_id=row.reporter_id)
    secrecy = secrecy_of(row)
    return Case(
        row=row,
        moves=moves,
        files=files,
        supported=supported,
        actor=actor,
        sight=sight(secrecy, actor),
        own_sight=sight(replace(secrecy, published=False), actor),
    )


def get_case(ctx: Context, complaint_id: UUID) -> Case:
    """Return the complaint of that id. Raises DomainError (404) when there is none of which the actor may know."""
    found = find_case(ctx, complaint_id)
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
