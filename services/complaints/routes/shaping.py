"""Complaints as an answer shows them: nothing the actor may not see, and labels in their language."""

from collections.abc import Set as AbstractSet
from typing import Any
from uuid import UUID

from backend.sdk.domain import Context, department_book, in_language, shown_files
from services.complaints.domain.categories import Category
from services.complaints.domain.moves import allowed_moves
from services.complaints.operations.submitting import tracking_code
from services.complaints.queries.cases import Case, CaseMove, calendar_of, category_of, settings_of
from services.complaints.queries.viewers import sight_of


def shape_summary(ctx: Context, row: Any) -> dict[str, Any]:
    """Return a row of a list."""
    return _outline(ctx, row, reads_text=sight_of(ctx, row).may_read_text)


def _outline(ctx: Context, row: Any, *, reads_text: bool) -> dict[str, Any]:
    settings = settings_of(ctx)
    state = settings.workflow.state_by_key.get(row.state)
    category = settings.categories.get(row.category)
    return {
        "id": str(row.id),
        "number": row.number,
        "status": row.state,
        "status_label": in_language(state.label, ctx.locale) if state else row.state,
        "category": row.category,
        "category_name": in_language(category.name, ctx.locale) if category else row.category,
        "description": row.description if reads_text else None,
        "location": None if row.lat is None else {"lat": row.lat, "lng": row.lng},
        "landmark": row.landmark if reads_text else None,
        "area": _area(ctx, row.area_code),
        "department": _department(ctx, row.department),
        "visibility": row.visibility,
        "published": row.published_at is not None,
        "submitted_at": row.submitted_at.isoformat(),
        "response_due_at": _instant(row.response_due_at),
        "due_at": _instant(row.due_at),
        "support_count": row.support_count,
        "under_appeal": row.under_appeal,
    }


def _instant(at: Any) -> str | None:
    return None if at is None else str(at.isoformat())


def _area(ctx: Context, code: str | None) -> dict[str, Any] | None:
    chain = ctx.ground.regions.chain(ctx.region.id, code) if code else ()
    if not chain:
        return {"code": code, "name": code, "parents": []} if code else None
    return {"code": code, "name": chain[0].name, "parents": [area.code for area in chain[1:]]}


def _department(ctx: Context, key: str | None) -> dict[str, str] | None:
    if key is None:
        return None
    unit = department_book(ctx).by_key.get(key)
    return {"key": key, "name": unit.name if unit else key}


def shape_case(ctx: Context, case: Case) -> dict[str, Any]:
    """Return a complaint whole, with what the actor may do next."""
    row, category = case.row, category_of(ctx, case.row)
    shown = {line.id for line in case.moves if case.shows(line)}
    files = [file for file in case.files if file.move_id in shown]
    whole = _outline(ctx, row, reads_text=case.sight.may_read_text) | {
        "emergency_notice": emergency_notice(ctx, category),
        "files": shown_files(ctx, [(file.id, file.kind) for file in files]),
        "receipt": None,
        "rating": row.score,
        "supported": case.supported,
        "merged_into": str(row.merged_into) if row.merged_into and _is_insider(case) else None,
        "authority": row.authority,
        "version": row.version,
        "moves": [
            {"move": move.key, "label": in_language(move.label, ctx.locale), "needs": list(move.needs)}
            for move in allowed_moves(
                settings_of(ctx).workflow, case.facts(category), case.actor, now=ctx.now(), calendar=calendar_of(ctx)
            )
        ],
    }
    if case.actor.is_reporter:
        whole["tracking_code"] = tracking_code(ctx, row.id)
    if case.sight.may_see_internal_notes:
        whole["assignee"] = str(row.assignee_id) if row.assignee_id else None
    return whole


def emergency_notice(ctx: Context, category: Category) -> str | None:
    """Return the word that an app says before it sends: nobody is dispatched by a report."""
    if not category.emergency:
        return None
    return ctx.ground.catalogue.text("complaints.emergency_notice", ctx.locale)


def shape_timeline(ctx: Context, case: Case) -> list[dict[str, Any]]:
    """Return the case's history as the actor may see it: words and files with the text, internal lines with the notes."""
    by_move: dict[UUID, list[tuple[UUID, str]]] = {}
    for file in case.files:
        by_move.setdefault(file.move_id, []).append((file.id, file.kind))
    works_on_it = case.sight.may_see_internal_notes
    told = _TOLD_TO_ALL | ({"cluster"} if _is_insider(case) else set()) | ({"assignee"} if works_on_it else set())
    return [
        _line(line, shown_files(ctx, by_move.get(line.id, ())), reads=case.shows(line), told=told)
        for line in case.moves
        if not line.internal or works_on_it
    ]


def _is_insider(case: Case) -> bool:
    """Whether the actor reported the case or works on it: others learn of no second case from it."""
    return case.actor.is_reporter or case.sight.may_see_internal_notes


_TOLD_TO_ALL = frozenset({"department", "reason", "authority", "number"})  # an assignee is a person, a cluster another case


def _line(line: CaseMove, files: list[dict[str, Any]], *, reads: bool, told: AbstractSet[str]) -> dict[str, Any]:
    return {
        "at": line.at.isoformat(),
        "move": line.move,
        "from": line.from_state,
        "to": line.to_state,
        "by": line.role,
        "note": line.note if reads else None,
        "internal": line.internal,
        "details": {key: value for key, value in line.details.items() if key in told},
        "files": files if reads else [],
    }
