"""Complaints as an answer shows them: nothing the actor may not see, and labels in their language."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache
from typing import Any
from uuid import UUID

from backend.sdk.domain import Context, DomainError, Kind, department_book, in_language, shown_files
from backend.sdk.packs import ended_units, unit_name
from services.complaints.domain.categories import Category
from services.complaints.domain.moves import allowed_moves
from services.complaints.domain.workflow import Move
from services.complaints.queries.cases import Case, CaseMove, calendar_of, category_of, list_routings, settings_of
from services.complaints.queries.codes import tracking_code
from services.complaints.queries.former import former_words
from services.complaints.queries.viewers import sights

_AREAS = 4096  # that were shown last, with their names and parents
_VOCABULARIES = 64  # of states or of categories: one a base pack and language
OTHER_LINES = ("submit", "note")  # of a history, beside the moves of a workflow


def shape_page(ctx: Context, rows: Sequence[Any]) -> list[dict[str, Any]]:
    """Return the rows of a list."""
    labels, sight_of = labels_of(ctx), sights(ctx)
    return [_outline(labels, row, reads_text=sight_of(row).may_read_text) for row in rows]


class Labels:
    """What keys and codes are called in one language, as an answer shows it: kept while the region's snapshot stands.

    What has left the pack is called as it was last. What regions call alike, which is nearly all, is held once.
    """

    def __init__(self, ctx: Context) -> None:
        settings, former = settings_of(ctx), former_words(ctx)
        states = {**former.states, **{key: state.label for key, state in settings.workflow.state_by_key.items()}}
        categories = {**former.categories, **settings.categories}
        self.states = _held_once(tuple((key, in_language(label, ctx.locale)) for key, label in states.items()))
        self.categories = _held_once(tuple((key, in_language(each.name, ctx.locale)) for key, each in categories.items()))
        lines = {line: ctx.ground.catalogue.text(f"complaints.line_{line}", ctx.locale) for line in OTHER_LINES}
        moves = {key: in_language(move.label, ctx.locale) for key, move in settings.workflow.move_by_key.items()}
        self.moves = _held_once(tuple({**lines, **moves}.items()))
        self._units, self._ended = department_book(ctx).by_key, ended_units(ctx).names
        self._regions, self._region_id = ctx.ground.regions, ctx.region.id

    def department(self, key: str | None) -> dict[str, str] | None:
        """Return a department as an answer shows it."""
        if key is None:
            return None
        unit = self._units.get(key)
        return {"key": key, "name": unit.name if unit else self._ended.get(key, key)}

    def area(self, code: str | None) -> Mapping[str, Any] | None:
        """Return an area with the codes above it."""
        return None if code is None else self._area(code)

    @lru_cache(_AREAS)  # noqa: B019 - of all regions together, and what no longer stands is forgotten soon
    def _area(self, code: str) -> Mapping[str, Any]:
        chain = self._regions.chain(self._region_id, code)
        name, parents = (chain[0].name, [area.code for area in chain[1:]]) if chain else (code, [])
        return {"code": code, "name": name, "parents": parents}


@lru_cache(_VOCABULARIES)
def _held_once(texts: tuple[tuple[str, str], ...]) -> Mapping[str, str]:
    return dict(texts)


def labels_of(ctx: Context) -> Labels:
    """Return the labels of the region in the reader's language."""
    key = f"complaints.labels.{ctx.locale}"
    labels: Labels | None = ctx.region.kept.get(key)
    if labels is None:
        labels = ctx.region.kept[key] = Labels(ctx)
    return labels


def _outline(labels: Labels, row: Any, *, reads_text: bool) -> dict[str, Any]:
    return {
        "id": row.id,
        "number": row.number,
        "status": row.state,
        "status_label": labels.states.get(row.state, row.state),
        "category": row.category,
        "category_name": labels.categories.get(row.category, row.category),
        "description": row.description if reads_text else None,
        "location": None if row.lat is None else {"lat": row.lat, "lng": row.lng},
        "landmark": row.landmark if reads_text else None,
        "area": labels.area(row.area_code),
        "department": labels.department(row.department),
        "visibility": row.visibility,
        "published": row.published_at is not None,
        "submitted_at": row.submitted_at,
        "response_due_at": row.response_due_at,
        "due_at": row.due_at,
        "support_count": row.support_count,
        "under_appeal": row.under_appeal,
    }


def shape_case(ctx: Context, case: Case) -> dict[str, Any]:
    """Return a complaint whole, with what the actor may do next."""
    row, category = case.row, category_of(ctx, case.row)
    shown = {line.id for line in case.moves if case.shows(line)}
    files = [file for file in case.files if file.move_id in shown]
    whole = _outline(labels_of(ctx), row, reads_text=case.sight.may_read_text) | {
        "emergency_notice": emergency_notice(ctx, category),
        "files": shown_files(ctx, [(file.id, file.kind) for file in files]),
        "receipt": None,
        "rating": row.score,
        "supported": case.supported,
        "merged_into": row.merged_into if _is_insider(case) else None,
        "authority": row.authority,
        "version": row.version,
        "moves": [
            {"move": move.key, "label": in_language(move.label, ctx.locale), "needs": list(move.needs)}
            for move in moves_of(ctx, case)
        ],
    }
    if case.actor.is_reporter:
        whole["tracking_code"] = tracking_code(ctx, row.id)
    if case.sight.may_see_internal_notes:
        whole["assignee"] = row.assignee_id
    return whole


def moves_of(ctx: Context, case: Case) -> Sequence[Move]:
    """Return what the actor may do next with a case, each move with the needs asked of them here."""
    facts = case.facts(category_of(ctx, case.row))
    return allowed_moves(settings_of(ctx).workflow, facts, case.actor, now=ctx.now(), calendar=calendar_of(ctx))


def shape_routings(ctx: Context, case: Case) -> list[dict[str, Any]]:
    """Return why a case went where it went, newest first. Raises DomainError (403) for who may not see it."""
    if not case.sight.may_see_routing:
        raise DomainError(Kind.FORBIDDEN, "auth.not_allowed")
    return [
        {
            "at": decision.at,
            "department": decision.department,
            "pack_version": decision.pack_version,
            "trace": [step | {"text": _said(ctx, step)} for step in decision.trace],
        }
        for decision in list_routings(ctx, case.row.id)
    ]


def _said(ctx: Context, step: dict[str, Any]) -> str:
    return ctx.ground.catalogue.text(f"complaints.step_{step['code']}", ctx.locale, step["params"])


def emergency_notice(ctx: Context, category: Category) -> str | None:
    """Return the word that an app says before it sends: nobody is dispatched by a report."""
    if not category.emergency:
        return None
    contacts = ctx.region.identity.get("contacts", [])
    phone = next((contact.get("phone") for contact in contacts if contact["key"] == "emergency"), None)
    code = "complaints.emergency_notice" if phone else "complaints.emergency_notice_without_number"
    return ctx.ground.catalogue.text(code, ctx.locale, {"phone": phone})


def shape_timeline(ctx: Context, case: Case) -> list[dict[str, Any]]:
    """Return the case's history as the actor may see it: words and files with the text, internal lines with the notes."""
    by_move: dict[UUID, list[tuple[UUID, str]]] = {}
    for file in case.files:
        by_move.setdefault(file.move_id, []).append((file.id, file.kind))
    works_on_it = case.sight.may_see_internal_notes
    told = _TOLD_TO_ALL | ({"cluster"} if _is_insider(case) else set()) | ({"assignee"} if works_on_it else set())
    return [
        _line(
            line,
            shown_files(ctx, by_move.get(line.id, ()) if case.shows(line) else ()),
            note=_note(ctx, case, line),
            told=told,
        )
        for line in case.moves
        if not line.internal or works_on_it
    ]


def _is_insider(case: Case) -> bool:
    """Whether the actor reported the case or works on it: others learn of no second case from it."""
    return case.actor.is_reporter or case.sight.may_see_internal_notes


_TOLD_TO_ALL = frozenset({"department", "reason", "authority", "number"})  # an assignee is a person, a cluster another case


def _note(ctx: Context, case: Case, line: CaseMove) -> str | None:
    """Return the words of a line as the actor may read them; where a unit took over from another, the house's own."""
    if line.succeeds:
        names = {"unit": unit_name(ctx, line.succeeds), "successor": unit_name(ctx, line.details["department"])}
        return ctx.ground.catalogue.text("complaints.unit_succeeded", ctx.locale, names)
    return line.note if case.shows(line) else None


def _line(line: CaseMove, files: list[dict[str, Any]], *, note: str | None, told: AbstractSet[str]) -> dict[str, Any]:
    return {
        "at": line.at,
        "move": line.move,
        "from": line.from_state,
        "to": line.to_state,
        "by": line.role,
        "note": note,
        "internal": line.internal,
        "details": {key: value for key, value in line.details.items() if key in told},
        "files": files,
    }
