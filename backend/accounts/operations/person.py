"""What a person does with their own account: name, e-mail address, language."""

from collections.abc import Mapping
from typing import Any

from backend.accounts import queries, vault
from backend.accounts.models import Citizen, StaffAccount
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
