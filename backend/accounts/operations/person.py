"""What a person does with their own account: name, e-mail address, language."""

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any

from backend.accounts import queries, vault
from backend.accounts.models import Citizen, StaffAccount
from backend.core.errors import invalid
from backend.core.text import LANGUAGES
from backend.data.context import Context


def refuse_unspoken(locale: str, spoken: Iterable[str]) -> None:
    """Raise the 422 for a language that is not among those spoken."""
    choices = dict.fromkeys(spoken)
    if locale not in choices:
        raise invalid("locale", "request.not_one_of", choices=", ".join(choices))


def languages_of(ctx: Context) -> Iterable[str]:
    """Return the languages in which the actor may be written to: its region's, for staff Balai's and those of all it serves."""
    if ctx.actor.kind == "citizen" or ctx.actor.account_id is None:
        return ctx.region.languages
    regions = map(ctx.ground.regions.by_id, sorted(queries.regions_served(ctx, ctx.actor.account_id)))
    return dict.fromkeys(chain(LANGUAGES, *(region.languages for region in regions)))


def change_own(ctx: Context, changes: Mapping[str, Any]) -> None:
    """Change the actor's `name`, `email` or `locale`; a staff account's e-mail address is its admin's to change.

    A citizen's language is one of the region's, a staff account's one of Balai's or of a region it serves. Raises DomainError
    (422).
    """
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
    if "locale" in changes:
        refuse_unspoken(changes["locale"], languages_of(ctx))
        account.locale = changes["locale"]
