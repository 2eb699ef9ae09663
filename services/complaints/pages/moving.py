"""The form of a move: which fields it has for whom, how it is read, and the photographs that come with it."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from flask import request
from marshmallow import fields, validate

from backend.sdk.domain import Context, DomainError, FieldError, Kind, department_book, in_language, invalid, keep_picture
from backend.sdk.pages import FILE_BYTES, PAGE_BYTES
from services.complaints.domain.actors import Role
from services.complaints.domain.numbers import recognised
from services.complaints.domain.workflow import Clock, Move, Need, Workflow, alternatives
from services.complaints.operations.moving import MoveRequest
from services.complaints.queries.cases import Case, find_case, settings_of
from services.complaints.queries.shaping import labels_of
from services.complaints.schemas import MoveIn

PHOTOS = "photos"
MEGABYTE = 1_000_000
MOST = {"photos": 10, "each": FILE_BYTES // MEGABYTE, "all": PAGE_BYTES // MEGABYTE - 1}  # as many as the API takes, in MB
CHECKS = ("work", "place", "fresh")  # what a validator has looked at; the last two where there are photographs
_BROUGHT = ("note", "department", "assignee", "reason", "authority", "number")


class MoveForm(MoveIn):
    """A move as its form sends it: another report by its number, and the photographs beside it."""

    class Meta(MoveIn.Meta):
        """Photographs come as files."""

        exclude = ("file_ids",)

    version = fields.Integer(required=True)
    cluster = fields.String(validate=validate.Length(1, 60))  # type: ignore[assignment] # people know numbers, not ids
    checked = fields.List(fields.String(validate=validate.OneOf(CHECKS)), load_default=list)
    then = fields.String(validate=validate.OneOf(["next"]))


def checks_of(workflow: Workflow, case: Case, move: Move) -> Sequence[str]:
    """Return what has to be looked at before a move that says of evidence that it will do; nothing for other moves."""
    judged, after = (workflow.state_by_key.get(key) for key in (case.row.state, move.to))
    judges = Role.VALIDATOR in move.by and judged is not None and judged.clock is Clock.VALIDATION
    if not judges or after is None or after.clock in {Clock.RESPONSE, Clock.COMPLETION}:
        return ()
    return CHECKS if any(file.kind == "evidence" for file in case.files) else CHECKS[:1]


def shape_form(ctx: Context, case: Case, move: Move, colleagues: Mapping[UUID, str]) -> dict[str, Any]:
    """Return the form of a move that the actor may make: its fields, which of them must be filled, what may be chosen."""
    settings = settings_of(ctx)
    takes = settings.workflow.move_by_key[move.key].takes | {Need.NOTE}
    units = department_book(ctx).by_key.values()
    sealed = case.row.confidentiality == "sealed"
    labels = {word: ctx.ground.catalogue.text(f"complaints.work_field_{word}", ctx.locale) for word in Need}
    return {
        "key": move.key,
        "label": labels_of(ctx).moves[move.key],
        "takes": takes,
        "labels": labels,
        "needs": {need for need in move.needs if need in labels},
        "either": [
            " / ".join(labels[word] for word in Need if word in alternatives(need)) for need in move.needs if need not in labels
        ],
        "department": {unit.key: unit.name for unit in units if not sealed or unit.key == case.row.custodian},
        "assignee": colleagues,
        "reason": {key: in_language(reason.label, ctx.locale) for key, reason in settings.reasons.items()},
        "checks": checks_of(settings.workflow, case, move),
    }


def read_move(ctx: Context, case: Case, form: Mapping[str, Any]) -> MoveRequest:
    """Return what a form asks for, its photographs taken in. Raises DomainError (422) for what cannot be accepted."""
    workflow = settings_of(ctx).workflow
    move = workflow.move_by_key.get(form["move"])
    if move is not None and not set(checks_of(workflow, case, move)) <= set(form["checked"]):
        raise invalid("checked", "complaints.work_check_first")
    return MoveRequest(
        move=form["move"],
        version=form["version"],
        cluster=_by_number(ctx, form["cluster"]) if "cluster" in form else None,
        file_ids=_take_photos(ctx),
        **{name: form.get(name) for name in _BROUGHT},
    )


def _by_number(ctx: Context, typed: str) -> UUID:
    numbers = recognised(typed, settings_of(ctx).number_format)
    found = find_case(ctx, numbers=numbers) if numbers else None
    if found is None:
        raise invalid("cluster", "complaints.unknown_complaint")
    known: UUID = found.row.id
    return known


def _take_photos(ctx: Context) -> Sequence[UUID]:
    """Take in the form's photographs. Raises DomainError (422) that names each that is refused, and why."""
    chosen = [photo for photo in request.files.getlist(PHOTOS) if photo.filename]
    if len(chosen) > MOST["photos"]:
        raise invalid(PHOTOS, "complaints.work_too_many_photos", most=MOST["photos"])
    taken, faults = [], []
    for place, photo in enumerate(chosen, 1):
        try:
            content = photo.stream.read(FILE_BYTES + 1)
            if len(content) > FILE_BYTES:
                raise invalid(PHOTOS, "complaints.work_photo_too_large", most=FILE_BYTES // MEGABYTE)
            taken.append(keep_picture(ctx, content).id)
        except DomainError as error:
            if error.kind is not Kind.INVALID:
                raise
            why = ctx.ground.catalogue.text(error.errors[0].code, ctx.locale, error.errors[0].params)
            told = {"place": place, "name": photo.filename, "why": why}
            faults.append(FieldError(field=PHOTOS, code="complaints.work_photo_refused", params=told))
    if faults:
        raise DomainError(Kind.INVALID, "request.invalid", errors=faults)
    return taken
