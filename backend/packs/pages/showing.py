"""What several pages of settings show alike: who changed what, a plan before it is applied, where a form is wrong."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from flask import g, request
from sqlalchemy import select
from werkzeug.datastructures import FileStorage

from backend.accounts.models import StaffAccount
from backend.accounts.queries import opened_staff
from backend.core.errors import invalid
from backend.data.context import Context
from backend.http.body import refuse_nul
from backend.packs.apply import Plan
from backend.packs.inputs import Input
from backend.packs.models import PackVersion
from backend.packs.plans import told
from backend.packs.sections import Part, field_at
from backend.pages.forms import OUR_OWN

SHOWN_ITEMS = 40  # of one change: a page of a plan shows no more of them, and says how many there are
_OWN_FIELDS = {*OUR_OWN, "do"}
_SUCCESSOR = "successor."


def sent_form() -> dict[str, list[str]]:
    """Return the form that came, every value of each name. Raises DomainError (422) for a NUL in it."""
    sent = request.form.to_dict(flat=False)
    refuse_nul(sent)
    return sent


def came_back() -> bool:
    """Tell whether this page is shown because its form was refused."""
    return bool(g.get("page_problem"))


def carried(sent: Mapping[str, Sequence[str]]) -> list[tuple[str, str]]:
    """Return a sent form as hidden fields that send it once more."""
    own = {name for name in sent if name in _OWN_FIELDS or name.startswith(_SUCCESSOR)}
    return [(name, value) for name, values in sent.items() if name not in own for value in values]


def successors_in(sent: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Return who takes over from the units that end, as a form says it."""
    return {name.removeprefix(_SUCCESSOR): said[-1] for name, said in sent.items() if name.startswith(_SUCCESSOR) and said[-1]}


def sent_file(name: str) -> FileStorage:
    """Return the file of a form. Raises DomainError (422) where none was chosen."""
    file = request.files.get(name)
    if file is None or not file.filename:
        raise invalid(name, "settings.no_file")
    return file


def versions_shown(ctx: Context, rows: Iterable[PackVersion]) -> list[dict[str, Any]]:
    """Return versions with the names of those who made them, as the region's admins may read them."""
    rows = list(rows)
    names = _names(ctx, {row.by_account for row in rows if row.by_account})
    return [
        {
            "version": row.version,
            "kind": row.kind,
            "at": row.at,
            "by": names.get(row.by_account, "") if row.by_account else None,
            "why": row.why,
            "signed_by": row.signed_by,
            "changes": row.changes,
        }
        for row in rows
    ]


def _names(ctx: Context, accounts: Iterable[UUID]) -> dict[UUID, str]:
    found = ctx.session.scalars(select(StaffAccount).where(StaffAccount.id.in_(accounts)))
    return {account.id: opened_staff(ctx.ground.keyring, account)[1] for account in found}


def plan_shown(ctx: Context, plan: Plan) -> dict[str, Any]:
    """Return a plan for the page that asks whether to apply it, with the units that it ends and who could take over."""
    after = plan.proposal.after.units
    return {
        **told(plan, ctx.ground.catalogue, ctx.locale),
        "changes": changes_shown(plan.changes),
        "blocked": any(effect.blocks for effect in plan.effects),
        "ended": {key: plan.proposal.before.units[key].name for key in plan.proposal.ended_units} if plan.proposal.before else {},
        "units": {key: unit.name for key, unit in after.items()},
    }


def changes_shown(changes: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return changes with no more items than one reads."""
    return [
        {**change, "items": change["items"][:SHOWN_ITEMS], "more": max(0, change["count"] - SHOWN_ITEMS)} for change in changes
    ]


def faults_in(part: Part, values: Mapping[str, Any], shown: Input, problem: Mapping[str, Any] | None) -> dict[str, str]:
    """Return, of the errors of a refusal, those of this part by the name of their input."""
    found: dict[str, str] = {}
    for error in (problem or {}).get("errors", ()):
        steps = (
            field_at(part, values, error["field"]) if error["field"].startswith("values") else tuple(error["field"].split("."))
        )
        if steps is not None:
            name = _name_of(shown, steps)
            found.setdefault(name if name != shown.name or not steps else ".".join(steps), error["detail"])
    return found


def elsewhere(part: Part, values: Mapping[str, Any], problem: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """Return the errors of a refusal that are not of this part."""
    errors = (problem or {}).get("errors", ())
    return [each for each in errors if each["field"].startswith("values") and field_at(part, values, each["field"]) is None]


def _name_of(shown: Input, steps: Sequence[str]) -> str:
    """Return the name of the input that some steps lead to, or of the nearest around it."""
    here, rest = shown, list(steps)
    while rest:
        step = rest.pop(0)
        row = here.kind == "mapping"
        inner = next((each for each in here.inner if step == (each.title if row else each.name.rpartition(".")[2])), None)
        if inner is None:
            break
        here = inner.inner[1] if row else inner
    return here.name


def all_inputs(shown: Input) -> list[Input]:
    """Return an input and all within it."""
    return [shown, *(inner for each in shown.inner for inner in all_inputs(each))]
