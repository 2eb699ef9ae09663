"""The staff of a region, for its admin."""

from typing import Any
from uuid import UUID

from backend.accounts.operations.staff import change_duties, invite_staff, reset_second_factor, reset_staff, switch_staff
from backend.accounts.queries import get_staff, list_staff
from backend.accounts.routes.permissions import MANAGE_STAFF
from backend.accounts.schemas import StaffChangeIn, StaffIn, StaffOut
from backend.data.context import Context, Duty
from backend.http.blueprint import REGION, RoomBlueprint
from backend.http.schema import ListQuery, page_of

blueprint = RoomBlueprint("accounts", mount=f"{REGION}/staff", name="staff", doc="The staff of a region")


def _duties(items: list[dict[str, Any]]) -> list[Duty]:
    return [Duty(role=item["role"], department_key=item["department"], area_code=item["area"]) for item in items]


@blueprint.endpoint("GET", "", permission=MANAGE_STAFF.name, query=ListQuery, out=page_of(StaffOut))
def list_region_staff(ctx: Context, query: dict[str, Any]) -> dict[str, Any]:
    """List the accounts that have duties in the region."""
    items, cursor = list_staff(ctx, limit=query["limit"], cursor=query["cursor"])
    return {"items": items, "next_cursor": cursor}


@blueprint.endpoint(
    "POST", "", permission=MANAGE_STAFF.name, body=StaffIn, out=StaffOut, status=201, idempotency="accepted", limit="write"
)
def invite(ctx: Context, body: dict[str, Any]) -> dict[str, Any]:
    """Give somebody duties here. Who has no password yet is sent a token to choose one with."""
    staff_id = invite_staff(
        ctx, email=body["email"], name=body["name"], locale=body.get("locale"), duties=_duties(body["memberships"])
    )
    return get_staff(ctx, staff_id)


@blueprint.endpoint("GET", "/<uuid:staff_id>", permission=MANAGE_STAFF.name, out=StaffOut)
def get_one(ctx: Context, staff_id: UUID) -> dict[str, Any]:
    """Return one account with its duties here."""
    return get_staff(ctx, staff_id)


@blueprint.endpoint("PATCH", "/<uuid:staff_id>", permission=MANAGE_STAFF.name, body=StaffChangeIn, out=StaffOut, limit="write")
def change(ctx: Context, body: dict[str, Any], staff_id: UUID) -> dict[str, Any]:
    """Replace an account's duties here, disable it or enable it again."""
    if "memberships" in body:
        change_duties(ctx, staff_id, _duties(body["memberships"]))
    if "disabled" in body:
        switch_staff(ctx, staff_id, disabled=body["disabled"])
    return get_staff(ctx, staff_id)


@blueprint.endpoint("DELETE", "/<uuid:staff_id>", permission=MANAGE_STAFF.name, status=204, limit="write")
def remove(ctx: Context, staff_id: UUID) -> None:
    """Take away all of an account's duties here."""
    change_duties(ctx, staff_id, [])


@blueprint.endpoint("POST", "/<uuid:staff_id>/reset", permission=MANAGE_STAFF.name, status=204, limit="write")
def reset(ctx: Context, staff_id: UUID) -> None:
    """Send the account a token to choose a new password with; the old one holds until it does."""
    reset_staff(ctx, staff_id)


@blueprint.endpoint("DELETE", "/<uuid:staff_id>/totp", permission=MANAGE_STAFF.name, status=204, limit="write")
def reset_totp(ctx: Context, staff_id: UUID) -> None:
    """Take away the second factor of an account that has lost it; its sessions end."""
    reset_second_factor(ctx, staff_id)
