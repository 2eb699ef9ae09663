"""The staff of a region, for its admin: found, invited, given duties, disabled, sent a new token, taken out of it."""

from typing import Any
from uuid import UUID

from flask import Response
from marshmallow import fields, validate

from backend.accounts.operations import staff
from backend.accounts.pages.refusals import told_at_the_form
from backend.accounts.queries import get_staff, list_areas, list_departments, list_staff
from backend.accounts.roles import MEMBERSHIP_ROLES
from backend.accounts.schemas import Duties, StaffIn
from backend.core.text import LANGUAGES
from backend.data.context import Context, Duty
from backend.http.schema import ListQuery, Schema
from backend.pages.blueprint import REGION_PAGES, PageBlueprint
from backend.pages.frame import here, render, see_other

MANAGE = "accounts.manage_staff"
STAFF, ONE = "", "/<uuid:staff_id>"
ROLES = sorted(MEMBERSHIP_ROLES)

blueprint = PageBlueprint("accounts", mount=f"{REGION_PAGES}/staff", name="staff_pages")


class StaffQuery(ListQuery):
    """Whom one looks for: a word of the name or address, a duty, and whether they may sign in."""

    q = fields.String(load_default="", validate=validate.Length(max=120))
    role = fields.String(load_default=None, validate=validate.OneOf(ROLES))
    department = fields.String(load_default=None, validate=validate.Length(max=80))
    disabled = fields.Boolean(load_default=None)


class InvitationForm(Duties, StaffIn):
    """Whom to invite, and for which duty; others are given on the account's own page."""

    class Meta(Schema.Meta):
        """One duty, not a list."""

        exclude = ("memberships",)


class AccessForm(Schema):
    """Whether the account may sign in."""

    disabled = fields.Boolean(required=True)


class ConfirmationForm(Schema):
    """That it is meant."""

    confirm = fields.Boolean(required=True, validate=validate.OneOf([True], error="request.required"))


def _duty(form: dict[str, Any]) -> Duty:
    return Duty(role=form["role"], department_key=form["department"], area_code=form["area"])


def _choices(ctx: Context) -> dict[str, Any]:
    return {"roles": ROLES, "departments": list_departments(ctx), "areas": list_areas(ctx)}


def _at(ctx: Context, staff_id: UUID) -> str:
    return here(ctx.region, f"/staff/{staff_id}")


@blueprint.page("GET", STAFF, permission=MANAGE, query=StaffQuery)
def show_staff(ctx: Context, query: dict[str, Any]) -> Response:
    """List the accounts that have duties in the region, and those that are looked for."""
    sought = {name: query[name] for name in ("role", "department", "disabled")}
    found, cursor = list_staff(ctx, limit=query["limit"], cursor=query["cursor"], word=query["q"], **sought)
    asked = sought | {"disabled": query["disabled"] and "true", "q": query["q"]}
    return render(ctx, "accounts/staff.html", found=found, cursor=cursor, asked=asked, **_choices(ctx))


@blueprint.page("GET", "/invite", permission=MANAGE)
def show_invitation(ctx: Context) -> Response:
    """Show the form by which somebody is invited."""
    languages = list(dict.fromkeys((*ctx.region.languages, *LANGUAGES)))
    return render(ctx, "accounts/invite.html", spoken=languages, **_choices(ctx))


@blueprint.page("POST", "/invite", permission=MANAGE, form=InvitationForm, again="show_invitation", limit="write")
def invite(ctx: Context, form: dict[str, Any]) -> Any:
    """Give somebody a duty here; who has no password yet is sent a token to choose one with."""
    with told_at_the_form():
        staff_id = staff.invite_staff(
            ctx, email=form["email"], name=form["name"], locale=form.get("locale"), duties=[_duty(form)]
        )
    return see_other(_at(ctx, staff_id), said="added")


@blueprint.page("GET", ONE, permission=MANAGE)
def show_account(ctx: Context, staff_id: UUID) -> Response:
    """Show one account with its duties here, and what may be done about it."""
    account = get_staff(ctx, staff_id)
    return render(ctx, "accounts/staff_account.html", account=account, own=ctx.actor.account_id == staff_id, **_choices(ctx))


@blueprint.page("POST", f"{ONE}/duties", permission=MANAGE, form=Duties, again="show_account", limit="write")
def add_duty(ctx: Context, form: dict[str, Any], staff_id: UUID) -> Any:
    """Give the account one duty more."""
    with told_at_the_form():
        staff.add_duty(ctx, staff_id, _duty(form))
    return see_other(_at(ctx, staff_id), said="added")


@blueprint.page("POST", f"{ONE}/duties/end", permission=MANAGE, form=Duties, again="show_account", limit="write")
def end_duty(ctx: Context, form: dict[str, Any], staff_id: UUID) -> Any:
    """Take one duty away; with the last one the account leaves the list."""
    with told_at_the_form():
        left = staff.end_duty(ctx, staff_id, _duty(form))
    return see_other(_at(ctx, staff_id) if left else here(ctx.region, "/staff"), said="removed")


@blueprint.page("POST", f"{ONE}/access", permission=MANAGE, form=AccessForm, again="show_account", limit="write")
def switch(ctx: Context, form: dict[str, bool], staff_id: UUID) -> Any:
    """Disable the account, which ends its sessions, or enable it again."""
    with told_at_the_form():
        staff.switch_staff(ctx, staff_id, disabled=form["disabled"])
    return see_other(_at(ctx, staff_id), said="saved")


@blueprint.page("POST", f"{ONE}/token", permission=MANAGE, again="show_account", limit="write")
def send_token(ctx: Context, staff_id: UUID) -> Any:
    """Send a token to choose a new password with; the present one holds until then."""
    staff.reset_staff(ctx, staff_id)
    return see_other(_at(ctx, staff_id), said="sent")


@blueprint.page("POST", f"{ONE}/second-factor", permission=MANAGE, form=ConfirmationForm, again="show_account", limit="write")
def forget_second_factor(ctx: Context, _form: dict[str, bool], staff_id: UUID) -> Any:
    """Take away the second factor of somebody who has lost it; their sessions end."""
    with told_at_the_form():
        staff.reset_second_factor(ctx, staff_id)
    return see_other(_at(ctx, staff_id), said="removed")


@blueprint.page("POST", f"{ONE}/remove", permission=MANAGE, form=ConfirmationForm, again="show_account", limit="write")
def remove(ctx: Context, _form: dict[str, bool], staff_id: UUID) -> Any:
    """Take away all of the account's duties here."""
    with told_at_the_form():
        staff.change_duties(ctx, staff_id, [])
    return see_other(here(ctx.region, "/staff"), said="removed")
