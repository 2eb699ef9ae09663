"""A complaint is moved along its region's workflow, by whoever may, with what the move needs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from backend.sdk.domain import Context, DomainError, FieldError, Kind, department_book, invalid, not_found
from backend.sdk.packs import ended_units
from services.complaints.domain.actors import ActorFacts, Role
from services.complaints.domain.cases import APPEAL, JUDGEMENTS, PUBLISH, UNPUBLISH
from services.complaints.domain.categories import Category
from services.complaints.domain.deadlines import Deadlines, next_deadlines
from services.complaints.domain.moves import (
    IllegalMoveError,
    MissingNeedsError,
    NotYoursError,
    Outcome,
    UnwantedNeedsError,
    decide_move,
)
from services.complaints.domain.workflow import alternatives
from services.complaints.models import NEVER
from services.complaints.operations.history import (
    hold,
    publish_move,
    save,
    tell_department,
    tell_reporter,
    template_for,
    write_line,
)
from services.complaints.queries.cases import Case, calendar_of, category_of, find_case, get_case, lock_cases, settings_of

_SILENT = frozenset({PUBLISH, UNPUBLISH})
_FIELDS = {"files": "file_ids"}


@dataclass(frozen=True, kw_only=True)
class MoveRequest:
    """A move and what it brings. `version` is the one the actor has seen, where they say so."""

    move: str
    note: str | None = None
    department: str | None = None
    assignee: UUID | None = None
    reason: str | None = None
    cluster: UUID | None = None
    authority: str | None = None
    number: str | None = None
    file_ids: Sequence[UUID] = ()
    version: int | None = None

    def supplied(self) -> set[str]:
        """Return the words of what is brought."""
        brought = {name for name in ("note", "assignee", "reason", "cluster", "authority") if getattr(self, name) is not None}
        return brought | ({"files"} if self.file_ids else set())


def make_move(ctx: Context, complaint_id: UUID, asked: MoveRequest) -> Case:
    """Make a move; publishes `complaints.moved` and asks that those concerned be told. Returns the case after it.

    Raises DomainError: 404 for a case the actor may not know, 403 for a move that is never theirs, 409 with `allowed` for one
    that is not allowed now, 412 for a version that has passed, 422 naming what is missing or does not fit.
    """
    lock_cases(ctx, complaint_id, asked.cluster)
    case = get_case(ctx, complaint_id)
    if asked.version is not None and asked.version != case.row.version:
        raise DomainError(Kind.STALE, "request.stale")
    carry_out(ctx, case, case.actor, asked)
    return _after(find_case(ctx, complaint_id, anybody=True))  # a head may have handed it out of sight


def make_move_by_code(ctx: Context, complaint_id: UUID, asked: MoveRequest) -> Case:
    """Make a reporter's move for whoever has brought the code that the reporter was given: guests have no account.

    Raises DomainError as `make_move` does.
    """
    lock_cases(ctx, complaint_id)
    case = _after(find_case(ctx, complaint_id, as_reporter=True))
    carry_out(ctx, case, case.actor, asked)
    return _after(find_case(ctx, complaint_id, as_reporter=True))


def _after(case: Case | None) -> Case:
    if case is None:
        raise not_found()
    return case


def carry_out(ctx: Context, case: Case, actor: ActorFacts, asked: MoveRequest) -> None:
    """Make a move on a case that is held locked: a person's above, and those of routing and of the clock."""
    row, category = case.row, category_of(ctx, case.row)
    outcome = _decide(ctx, case, category, actor, asked)
    details = _fit(ctx, row, asked, department=asked.department or row.department)
    from_state = row.state
    _change(ctx, row, category, outcome, asked)
    save(ctx, row)
    line = write_line(ctx, row, move=asked.move, role=outcome.role, from_state=from_state, note=asked.note, details=details)
    if asked.file_ids:
        kind = "answer" if outcome.role == Role.REPORTER else "evidence"
        hold(ctx, row, line, asked.file_ids, kind=kind)
    publish_move(ctx, row, line)
    if asked.move not in _SILENT:
        template = "complaints.routed" if asked.department and not outcome.entered else template_for(row.state, move=asked.move)
        tell_reporter(ctx, row, template, category)
    if outcome.department_changed:
        tell_department(ctx, row, category)


def _decide(ctx: Context, case: Case, category: Category, actor: ActorFacts, asked: MoveRequest) -> Outcome:
    try:
        return decide_move(
            settings_of(ctx).workflow,
            case.facts(category),
            actor,
            asked.move,
            asked.supplied(),
            now=ctx.now(),
            calendar=calendar_of(ctx),
            department=asked.department,
        )
    except NotYoursError:
        raise DomainError(Kind.FORBIDDEN, "complaints.not_your_move") from None
    except IllegalMoveError as error:
        raise DomainError(Kind.CONFLICT, "complaints.illegal_move", extra={"allowed": list(error.allowed)}) from None
    except MissingNeedsError as error:
        raise _fields(error.needs, "request.required") from None
    except UnwantedNeedsError as error:
        raise _fields(error.needs, "complaints.not_taken") from None


def _fields(needs: Sequence[str], code: str) -> DomainError:
    names = [_FIELDS.get(word, word) for need in needs for word in sorted(alternatives(need))]
    return DomainError(Kind.INVALID, "request.invalid", errors=[FieldError(field=name, code=code) for name in names])


def _fit(ctx: Context, row: Any, asked: MoveRequest, *, department: str | None) -> dict[str, Any]:
    """Return what the line tells besides the note. Raises DomainError (422) for what is not there or does not fit."""
    if asked.department is not None and asked.department not in department_book(ctx).by_key:
        raise invalid("department", "complaints.unknown_department")
    in_charge = ended_units(ctx).heirs.get(department or "") or department or ""
    if asked.assignee is not None and asked.assignee not in ctx.ground.people.members_of_department(ctx, in_charge):
        raise invalid("assignee", "complaints.not_of_department")
    if asked.reason is not None and asked.reason not in settings_of(ctx).reasons:
        raise invalid("reason", "request.not_one_of", choices=", ".join(settings_of(ctx).reasons))
    if asked.cluster is not None:
        _fit_cluster(ctx, row, asked.cluster)
    if asked.number is not None and asked.authority is None:
        raise invalid("number", "complaints.not_taken")
    told = {
        "department": asked.department,
        "assignee": asked.assignee,
        "reason": asked.reason,
        "cluster": asked.cluster,
        "authority": asked.authority,
        "number": asked.number,
    }
    return {name: value if isinstance(value, str) else str(value) for name, value in told.items() if value is not None}


def _fit_cluster(ctx: Context, row: Any, cluster: UUID) -> None:
    try:
        other = get_case(ctx, cluster).row
    except DomainError:
        raise invalid("cluster", "complaints.unknown_complaint") from None
    state = settings_of(ctx).workflow.state_by_key.get(other.state)
    if other.id == row.id or other.confidentiality == "sealed" or state is None or state.final:
        raise invalid("cluster", "complaints.cannot_merge")


def _change(ctx: Context, row: Any, category: Category, outcome: Outcome, asked: MoveRequest) -> None:
    now = ctx.now()
    before = Deadlines(
        response_due_at=row.response_due_at, due_at=row.due_at, state_due_at=row.state_due_at, paused_at=row.paused_at
    )
    after = next_deadlines(before, outcome, category, now=now, calendar=calendar_of(ctx))
    row.response_due_at, row.due_at = after.response_due_at, after.due_at
    row.state_due_at, row.paused_at = after.state_due_at, after.paused_at
    state = settings_of(ctx).workflow.state_by_key[outcome.state]
    row.next_due_at = after.current(state) or NEVER
    row.state, row.origins = outcome.state, list(outcome.origins)
    if outcome.entered:
        row.entered_at = now
    if asked.department is not None:
        row.department = asked.department
    if outcome.department_changed:
        row.assignee_id = None
    if asked.assignee is not None:
        row.assignee_id = asked.assignee
    elif asked.move == "accept" and ctx.actor.kind == "staff":
        row.assignee_id = ctx.actor.account_id
    if asked.move in _SILENT:
        row.published_at = now if asked.move == PUBLISH else None
    if "cluster" in outcome.move.takes or asked.move == "unmerge":
        row.merged_into = asked.cluster
    if "authority" in outcome.move.takes or asked.move == "take_back":
        row.authority, row.authority_number = asked.authority, asked.number
    if asked.move == APPEAL or asked.move in JUDGEMENTS:
        row.under_appeal = asked.move == APPEAL
    row.version += 1
