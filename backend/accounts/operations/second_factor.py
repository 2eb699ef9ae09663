"""What staff do about their second factor: set it up, confirm it, renew recovery codes, take it away."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from backend.accounts import queries
from backend.accounts.models import StaffAccount, StaffTotp
from backend.accounts.operations.passwords import prove
from backend.accounts.operations.sessions import end_sessions
from backend.accounts.operations.totp import (
    audit_where_served,
    forget_second_factor,
    make_recovery_codes,
    make_secret,
    use_second_factor,
)
from backend.core.errors import DomainError, Kind, invalid
from backend.data.context import Context


def _own(ctx: Context) -> StaffAccount:
    return ctx.session.get_one(StaffAccount, ctx.actor.account_id)


def _prove_own(ctx: Context, password: str, code: str | None) -> StaffAccount:
    return prove(ctx, _own(ctx).email_index, password, code, refusal=Kind.FORBIDDEN)


def see_second_factor(ctx: Context) -> Mapping[str, Any]:
    """Return whether the actor has a second factor, how many recovery codes are left, and which regions ask for one."""
    hashes = ctx.session.scalar(select(StaffTotp.recovery_hashes).where(StaffTotp.staff_id == ctx.actor.account_id))
    served = (ctx.ground.regions.by_id(region_id) for region_id in queries.regions_served(ctx, _own(ctx).id))
    return {
        "since": _own(ctx).totp_since,
        "recovery_codes": len(hashes or ()),
        "required_by": sorted(region.key for region in served if queries.asks_for_totp(region)),
    }


def enrol(ctx: Context, password: str) -> tuple[str, str]:
    """Begin: return a new secret and its otpauth URI, which are shown this once. Nothing asks for it until it is confirmed.

    Raises DomainError: 403 for a wrong password, 409 with a second factor already.
    """
    if _own(ctx).totp_since:
        raise DomainError(Kind.CONFLICT, "accounts.totp_is_on")
    return make_secret(ctx, _prove_own(ctx, password, None))


def confirm(ctx: Context, code: str) -> list[str]:
    """Ask for the second factor from now on; return the recovery codes, shown this once. Other sessions end.

    Raises DomainError: 409 when it is on already, 422 for a code that is not the new secret's.
    """
    account = ctx.session.get_one(StaffAccount, ctx.actor.account_id, with_for_update=True)
    if account.totp_since:
        raise DomainError(Kind.CONFLICT, "accounts.totp_is_on")
    if not use_second_factor(ctx, account.id, code):
        raise invalid("code", "auth.totp_wrong")
    account.totp_since = ctx.now()
    codes = make_recovery_codes(ctx, ctx.session.get_one(StaffTotp, account.id))
    end_sessions(ctx, account.id, kind="staff", but=ctx.actor.session_id)
    audit_where_served(ctx, account.id, "accounts.totp_enabled")
    return codes


def renew_recovery_codes(ctx: Context, password: str, code: str) -> list[str]:
    """Return new recovery codes; those before hold no longer. Raises DomainError as `disable`."""
    account = _prove_own(ctx, password, code)
    codes = make_recovery_codes(ctx, ctx.session.get_one(StaffTotp, account.id))
    audit_where_served(ctx, account.id, "accounts.recovery_codes_renewed")
    return codes


def disable(ctx: Context, password: str, code: str) -> None:
    """Take the second factor away. Raises DomainError: 403 for a wrong password or code, 422 without a second factor."""
    account = _prove_own(ctx, password, code)
    forget_second_factor(ctx, account)
    audit_where_served(ctx, account.id, "accounts.totp_disabled")
