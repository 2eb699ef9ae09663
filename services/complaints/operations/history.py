"""Writing down what happened to a case: its line, its files, its event, and the words to those it concerns."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from backend.sdk.data import Prepared, add_row, as_json
from backend.sdk.domain import Context, hold_files, new_id, request_notice
from backend.sdk.packs import unit_name
from services.complaints.domain.categories import Category
from services.complaints.events import MOVED
from services.complaints.models import NEVER, ComplaintFile, ComplaintMove
from services.complaints.queries.cases import CaseFile, CaseMove, state_label

ROOM = "complaints"
# Where a move leads, and which template says so; other states are told by the generic one.
_TOLD = {
    "accepted": "complaints.accepted",
    "in_progress": "complaints.in_progress",
    "needs_information": "complaints.needs_information",
    "resolved": "complaints.resolved",
    "closed": "complaints.closed",
    "rejected": "complaints.rejected",
}


_CHANGING = (
    *("state", "origins", "entered_at", "department", "custodian", "assignee_id", "published_at", "response_due_at", "due_at"),
    *("state_due_at", "paused_at", "next_due_at", "score", "score_comment", "under_appeal", "merged_into", "authority"),
    *("authority_number", "version"),
)
_SAVE = Prepared(
    f"UPDATE complaints c SET {', '.join(f'{name} = s.{name}' for name in _CHANGING)}"  # noqa: S608 - names of our own columns
    " FROM json_populate_recordset(NULL::complaints, %(complaints)s) s"
    " WHERE c.region_id = %(region)s AND c.id = s.id RETURNING true"
)


def save(ctx: Context, row: Any) -> None:
    """Write down what has changed of a complaint that is held locked."""
    _SAVE.first(
        ctx.session, region=ctx.region.id, complaints=as_json([{name: getattr(row, name) for name in ("id", *_CHANGING)}])
    )


def write_line(
    ctx: Context,
    row: Any,
    *,
    move: str,
    role: str,
    from_state: str | None,
    note: str | None = None,
    internal: bool = False,
    details: Mapping[str, Any] | None = None,
) -> CaseMove:
    """Add a line to the case's history."""
    line = CaseMove(
        id=new_id(),
        at=ctx.now(),
        move=move,
        from_state=from_state,
        to_state=row.state,
        role=role,
        actor_id=ctx.actor.account_id,
        note=note,
        internal=internal,
        details=dict(details or {}),
    )
    add_row(ctx.session, ComplaintMove, region_id=ctx.region.id, complaint_id=row.id, **vars(line))
    return line


def hold(ctx: Context, row: Any, line: CaseMove, file_ids: Sequence[UUID], *, kind: str) -> list[CaseFile]:
    """Let the case hold the actor's files. Raises DomainError (422) naming each that is not theirs to give."""
    hold_files(ctx, file_ids, room=ROOM, subject=row.id)
    files = [CaseFile(id=file_id, kind=kind, move_id=line.id) for file_id in file_ids]
    for file in files:
        add_row(ctx.session, ComplaintFile, region_id=ctx.region.id, complaint_id=row.id, **vars(file))
    return files


def is_sealed(row: Any) -> bool:
    """Whether only the custodian may know."""
    return bool(row.confidentiality == "sealed")


def publish_move(ctx: Context, row: Any, line: CaseMove) -> None:
    """Publish `complaints.moved`; of a sealed case no more than that it moved."""
    sealed = is_sealed(row)
    ctx.publish(
        MOVED,
        subject=row.id,
        number=row.number,
        move=line.move,
        from_state=line.from_state,
        to_state=line.to_state,
        role=line.role,
        department=None if sealed else row.department,
        sealed=sealed,
    )
    ctx.audit(
        f"complaints.{line.move}",
        subject=str(row.id),
        details={"from": line.from_state, "to": line.to_state, "role": line.role},
    )


def tell_reporter(ctx: Context, row: Any, template: str, category: Category) -> None:
    """Ask that the reporter be told; of a sealed case neutrally, and a guest asks by number."""
    if row.reporter_id is None:
        return
    request_notice(
        ctx,
        template="complaints.neutral_update" if is_sealed(row) else template,
        audience="citizen",
        recipient=str(row.reporter_id),
        subject=row.id,
        params=_params(ctx, row, category),
        link=(ROOM, row.id),
    )


def tell_department(ctx: Context, row: Any, category: Category) -> None:
    """Ask that the officers and heads of the department in charge be told; of a sealed case neutrally."""
    if row.department is None:
        return
    request_notice(
        ctx,
        template="complaints.neutral_update" if is_sealed(row) else "complaints.assigned_to_department",
        audience="department",
        recipient=row.department,
        subject=row.id,
        params=_params(ctx, row, category),
        link=(ROOM, row.id),
    )


def _params(ctx: Context, row: Any, category: Category) -> dict[str, Any]:
    params: dict[str, Any] = {"number": row.number}
    if not is_sealed(row):
        params |= {"category": category.name, "status": state_label(ctx, row.state)}
        if row.department is not None:
            params["department"] = unit_name(ctx, row.department)
        if row.next_due_at != NEVER:
            params["due"] = row.next_due_at.isoformat()
    return params


def template_for(state: str, *, move: str) -> str:
    """Return the template that says a case has come into `state`."""
    return "complaints.reopened" if move == "reopen" else _TOLD.get(state, "complaints.moved")
