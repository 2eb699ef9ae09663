"""What a person does with their own account: name, e-mail address, language; their data, and its erasure."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, update

from backend.accounts import queries, vault
from backend.accounts.models import Citizen, CitizenSession, OtpRequest, StaffAccount
from backend.core.errors import invalid
from backend.data.context import Context


def change_own(ctx: Context, changes: Mapping[str, Any]) -> None:
    """Change the actor's `name`, `email` or `locale`; a staff account's e-mail address is its admin's to change."""
    account_id = ctx.actor.account_id
    if account_id is None:
        return
    account: Citizen | StaffAccount
    if ctx.actor.kind == "citizen":
        account = ctx.session.get_one(Citizen, (ctx.region.id, account_id))
        vault.change_identity(ctx, account_id, **{key: changes[key] for key in ("name", "email") if key in changes})
    else:
        account = ctx.session.get_one(StaffAccount, account_id)
        if "email" in changes:
            raise invalid("email", "accounts.email_fixed")
        if "name" in changes:
            if changes["name"] is None:
                raise invalid("name", "request.null")
            account.name_enc = ctx.ground.keyring.encrypt(changes["name"], bound_to=queries.staff_place(account_id, "name"))
    account.locale = changes.get("locale", account.locale)


def export_personal_data(ctx: Context, account_id: UUID) -> Mapping[str, Any]:
    """Return what is kept about a citizen of the region."""
    citizen = ctx.session.get(Citizen, (ctx.region.id, account_id))
    identity = vault.read_identity(ctx, account_id)
    if citizen is None or identity is None:
        return {}
    sessions = ctx.session.scalars(
        select(CitizenSession)
        .where(CitizenSession.region_id == ctx.region.id, CitizenSession.account_id == account_id)
        .order_by(CitizenSession.created_at)
    )
    return {
        "phone": identity.phone,
        "email": identity.email,
        "name": identity.name,
        "language": citizen.locale,
        "since": citizen.created_at.isoformat(),
        "sessions": [
            {
                "device": session.device,
                "from": session.created_at.isoformat(),
                "last_used": session.last_used_at.isoformat(),
            }
            for session in sessions
        ],
    }


def erase_personal_data(ctx: Context, account_id: UUID) -> None:
    """Forget who a citizen is: identity, sessions and requests for codes go, the account's id stays and opens nothing."""
    phone_index = vault.empty_vault(ctx, account_id)
    ctx.session.execute(delete(OtpRequest).where(OtpRequest.region_id == ctx.region.id, OtpRequest.phone_index == phone_index))
    ctx.session.execute(
        delete(CitizenSession).where(CitizenSession.region_id == ctx.region.id, CitizenSession.account_id == account_id)
    )
    ctx.session.execute(
        update(Citizen).where(Citizen.region_id == ctx.region.id, Citizen.id == account_id).values(status="erased")
    )
    ctx.audit("accounts.erased", subject=str(account_id))
