"""The case: what is known of one report on one page, and what may be done with it, one form at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from flask import Response
from marshmallow import fields, validate

from backend.sdk.data import bounding_box
from backend.sdk.domain import Context, in_language
from backend.sdk.packs import ended_units
from backend.sdk.pages import Drawing, Pin, draw, get_shapes, here, read_view, render, see_other, tile_server
from backend.sdk.web import Schema, not_blank
from services.complaints.domain.actors import Role
from services.complaints.domain.workflow import Clock
from services.complaints.models import NEVER
from services.complaints.operations import moving, voices
from services.complaints.pages import blueprint
from services.complaints.pages.inbox import INBOX, InboxQuery, following, queue_of
from services.complaints.pages.moving import MOST, MoveForm, read_move, shape_form
from services.complaints.queries.cases import Case, get_case, settings_of
from services.complaints.queries.shaping import labels_of, moves_of, shape_case, shape_routings, shape_timeline
from services.complaints.schemas import WORDS

_AROUND_M = 700  # of the place are shown on the map
_RUNS_UNTIL_DONE = {Clock.RESPONSE, Clock.COMPLETION, Clock.VALIDATION}


class CaseQuery(InboxQuery):
    """The queue that the reader came from, the part of the map, the move whose form is open, and the one that was just made."""

    class Meta(InboxQuery.Meta):
        """The map is the case's."""

        exclude: tuple[str, ...] = ("since",)

    move = fields.String(validate=validate.Length(1, 40))
    done = fields.String(validate=validate.Length(1, 40))


class NoteForm(Schema):
    """An internal note."""

    internal_note = fields.String(required=True, validate=[validate.Length(max=WORDS), not_blank])


def _address(ctx: Context, complaint_id: UUID, query: Mapping[str, Any], **more: str | None) -> str:
    return here(ctx.region, f"/complaints/{complaint_id}", **queue_of(query), **more)


@blueprint.page("GET", "/<uuid:complaint_id>", permission="complaints.see_routing", query=CaseQuery)
def show_case(ctx: Context, query: dict[str, Any], complaint_id: UUID) -> Response:
    """Show a case to those who work with it: what was reported, what has happened, what its reader may do next."""
    case = get_case(ctx, complaint_id)
    moves, colleagues = moves_of(ctx, case), _colleagues(ctx, case)
    open_move = next((move for move in moves if move.key == query.get("move")), None)
    return render(
        ctx,
        "complaints/case.html",
        case=shape_case(ctx, case),
        row=case.row,
        sight=case.sight,
        now=ctx.now(),
        clocks=_clocks(ctx, case),
        next_due_at=None if case.row.next_due_at == NEVER else case.row.next_due_at,
        assignee=colleagues.get(case.row.assignee_id),
        timeline=_told(ctx, shape_timeline(ctx, case), colleagues),
        routings=shape_routings(ctx, case) if case.sight.may_see_routing else [],
        drawing=_place(ctx, case, query),
        moves={move.key: labels_of(ctx).moves[move.key] for move in moves},
        form=shape_form(ctx, case, open_move, colleagues) if open_move else None,
        most=MOST,
        not_by_oneself=_is_not_ones_own_to_judge(ctx, case, moves),
        done_move=_done(ctx, case, query.get("done")),
        queue=queue_of(query),
        following=following(ctx, query, case.row),
    )


def _colleagues(ctx: Context, case: Case) -> Mapping[UUID, str]:
    """Return by whom the case may be worked on, for whoever works in the same house; nobody outside learns a name."""
    if case.row.department is None or not case.sight.may_see_internal_notes:
        return {}
    in_charge = ended_units(ctx).heirs.get(case.row.department) or case.row.department
    return ctx.ground.people.names_in_department(ctx, in_charge)


def _clocks(ctx: Context, case: Case) -> list[dict[str, Any]]:
    """Return the clocks of a case: which it is, when it rings, whether it runs and is over."""
    row, state = case.row, settings_of(ctx).workflow.state_by_key.get(case.row.state)
    clock = state.clock if state else Clock.NONE
    clocks = [
        ("response", row.response_due_at, clock is Clock.RESPONSE),
        ("completion", row.due_at, clock in _RUNS_UNTIL_DONE),
        (clock.value, row.state_due_at if state and state.timer else None, True),
    ]
    return [
        {"which": which, "due_at": due_at, "late": runs and due_at < ctx.now()}
        for which, due_at, runs in clocks
        if due_at is not None
    ]


def _told(ctx: Context, lines: Sequence[dict[str, Any]], colleagues: Mapping[UUID, str]) -> list[dict[str, Any]]:
    """Return the lines of a history with keys and codes called by their names."""
    settings, labels = settings_of(ctx), labels_of(ctx)
    names = {str(account_id): name for account_id, name in colleagues.items()}
    told = []
    for line in lines:
        details = line["details"]
        department, reason = labels.department(details.get("department")), settings.reasons.get(details.get("reason"))
        said = {
            "label": labels.moves.get(line["move"], line["move"]),
            "to_label": labels.states.get(line["to"], line["to"]) if line["to"] != line["from"] else None,
            "department": department and department["name"],
            "reason": in_language(reason.label, ctx.locale) if reason else details.get("reason"),
            "assignee": names.get(details.get("assignee")),
        }
        told.append(line | said)
    return told


def _place(ctx: Context, case: Case, query: Mapping[str, Any]) -> Drawing | None:
    """Return the map round the place of a case, or of where the query looks; None where the case or the region has none."""
    if case.row.lat is None:
        return None
    view = read_view(query.get("bbox")) or bounding_box((case.row.lat, case.row.lng), _AROUND_M)
    pin = Pin(lat=case.row.lat, lng=case.row.lng, label=case.row.number)
    keep = queue_of(query) | ({"move": query["move"]} if "move" in query else {})
    drawn = draw(get_shapes(ctx), pins=[pin], tiles=tile_server(ctx.region.identity), view=view, keep=keep, width=480, height=320)
    address = here(ctx.region, f"/complaints/{case.row.id}")
    return drawn and replace(drawn, hrefs={way: f"{address}{query}#place" for way, query in drawn.hrefs.items()})


def _is_not_ones_own_to_judge(ctx: Context, case: Case, moves: Sequence[Any]) -> bool:
    """Whether a validator sees evidence here that somebody else has to judge."""
    state = settings_of(ctx).workflow.state_by_key.get(case.row.state)
    judged = case.row.under_appeal or (state is not None and state.clock is Clock.VALIDATION)
    return judged and case.actor.has(Role.VALIDATOR) and not any(Role.VALIDATOR in move.by for move in moves)


def _done(ctx: Context, case: Case, key: str | None) -> str | None:
    """Return what the move that has just been made is called: the last of the case, whatever the address says."""
    last = next((line for line in reversed(case.moves) if not line.internal), None)
    return labels_of(ctx).moves.get(last.move) if last and last.move == key else None


@blueprint.page(
    "POST",
    "/<uuid:complaint_id>/moves",
    permission="complaints.work",
    query=CaseQuery,
    form=MoveForm,
    again="show_case",
    limit="write",
)
def make_move(ctx: Context, query: dict[str, Any], form: dict[str, Any], complaint_id: UUID) -> Any:
    """Make a move; then the case again, or the next of the queue, which is looked for before this one leaves it."""
    before = get_case(ctx, complaint_id)
    onward = (following(ctx, query, before.row) or here(ctx.region, INBOX, **queue_of(query))) if "then" in form else None
    after = moving.make_move(ctx, complaint_id, read_move(ctx, before, form))
    if onward or not after.sight.may_know:
        return see_other(onward or here(ctx.region, INBOX, **queue_of(query)), said="saved")
    return see_other(_address(ctx, complaint_id, query, done=form["move"]))


@blueprint.page(
    "POST",
    "/<uuid:complaint_id>/notes",
    permission="complaints.work",
    query=CaseQuery,
    form=NoteForm,
    again="show_case",
    limit="write",
)
def add_note(ctx: Context, query: dict[str, Any], form: dict[str, str], complaint_id: UUID) -> Any:
    """Add an internal note."""
    voices.add_internal_note(ctx, complaint_id, form["internal_note"])
    return see_other(_address(ctx, complaint_id, query), said="added")
