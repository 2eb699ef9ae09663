"""The vault: who a citizen is, opened and closed here and nowhere else."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select

from backend.accounts.contacts import read_email
from backend.accounts.models import VaultIdentity
from backend.core.ids import new_id
from backend.data.context import Context

_PHONE, _EMAIL = "citizen-phone", "citizen-email"


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Who a citizen is. Never logged, never in an event."""

    phone: str
    email: str | None
    name: str | None

    def __repr__(self) -> str:
        return "Identity()"


def phone_index(ctx: Context, phone: str) -> bytes:
    """Return the blind index of an E.164 number: another one in each region, so that regions cannot be joined by it."""
    return ctx.ground.keyring.blind_index(f"{ctx.region.id}:{phone}", purpose=_PHONE)


def _place(column: str, ctx: Context, account_id: UUID) -> str:
    return f"vault_identities.{column}:{ctx.region.id}:{account_id}"


def _row(ctx: Context, account_id: UUID) -> VaultIdentity | None:
    return ctx.session.scalar(
        select(VaultIdentity).where(VaultIdentity.region_id == ctx.region.id, VaultIdentity.account_id == account_id)
    )


def find_account(ctx: Context, index: bytes) -> UUID | None:
    """Return the account that has the number of this blind index."""
    return ctx.session.scalar(
        select(VaultIdentity.account_id).where(VaultIdentity.region_id == ctx.region.id, VaultIdentity.phone_index == index)
    )


def keep_identity(ctx: Context, account_id: UUID, phone: str) -> None:
    """Lay a new account's number into the vault."""
    ctx.session.add(
        VaultIdentity(
            region_id=ctx.region.id,
            id=new_id(),
            account_id=account_id,
            phone_enc=ctx.ground.keyring.encrypt(phone, bound_to=_place("phone", ctx, account_id)),
            phone_index=phone_index(ctx, phone),
        )
    )


def read_identity(ctx: Context, account_id: UUID) -> Identity | None:
    """Return who the account is; None once it was erased."""
    row = _row(ctx, account_id)
    return None if row is None else open_identity(ctx, account_id, row)


def open_identity(ctx: Context, account_id: UUID, row: Any) -> Identity:
    """Return who the account is by its row of the vault, or the columns of one."""
    keyring = ctx.ground.keyring

    def opened(column: str, sealed: bytes | None) -> str | None:
        return None if sealed is None else keyring.decrypt(sealed, bound_to=_place(column, ctx, account_id))

    return Identity(
        phone=keyring.decrypt(row.phone_enc, bound_to=_place("phone", ctx, account_id)),
        email=opened("email", row.email_enc),
        name=opened("name", row.name_enc),
    )


def change_identity(ctx: Context, account_id: UUID, **changes: str | None) -> None:
    """Replace `name` or `email`; None takes it away."""
    row, keyring = _row(ctx, account_id), ctx.ground.keyring
    if row is None:
        return
    for column, value in changes.items():
        text = read_email(value) if value is not None and column == "email" else value
        sealed = None if text is None else keyring.encrypt(text, bound_to=_place(column, ctx, account_id))
        setattr(row, f"{column}_enc", sealed)
        if column == "email":
            row.email_index = None if text is None else keyring.blind_index(f"{ctx.region.id}:{text}", purpose=_EMAIL)
