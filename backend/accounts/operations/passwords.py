"""Staff passwords: signing in with one and a second factor, and choosing one with a token that came by e-mail."""

from datetime import timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from backend.accounts import tokens
from backend.accounts.locks import take_turn
from backend.accounts.models import LoginFailures, StaffAccount
from backend.accounts.operations.sessions import SignedIn, end_sessions, open_session
from backend.accounts.operations.totp import use_second_factor
from backend.accounts.queries import staff_email_index
from backend.core.errors import DomainError, Kind, invalid
from backend.core.logs import get_logger
from backend.data.context import Context

MOST_FAILURES = 10
LOCKED = timedelta(minutes=15)
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)  # OWASP; the library's default takes 200 ms
# Verified when there is no password to verify, so that an address nobody has takes as long as any other.
_NOBODYS = _HASHER.hash("nobody has this password")
_log = get_logger(__name__)


def hash_password(password: str, *, salt: bytes | None = None) -> str:
    """Return the argon2id hash of a password. With a `salt` of one's own it is the same each time: for the demo alone."""
    return _HASHER.hash(password, salt=salt)


def is_password(password_hash: str | None, password: str) -> bool:
    """Tell whether it is the password; takes as long when there is none."""
    try:
        return _HASHER.verify(password_hash or _NOBODYS, password) and password_hash is not None
    except (VerificationError, InvalidHashError):
        return False


def prove(ctx: Context, index: bytes, password: str, code: str | None, *, refusal: Kind = Kind.UNAUTHENTICATED) -> StaffAccount:
    """Return the account with this blind index of its address, once password and second factor are right.

    Raises DomainError of the kind `refusal`: `auth.login_failed`, the same for a wrong password and an address that nobody
    has; then `auth.totp_needed` without a code where one is asked for, `auth.totp_wrong` for a wrong or used one. Further 429
    after `MOST_FAILURES` wrong passwords or codes in a row, whoever's address it is, and 422 for a code nobody asks for.
    """
    take_turn(ctx.session, index)
    failures = ctx.session.get(LoginFailures, index)
    if failures and failures.locked_until and failures.locked_until > ctx.now():
        wait = (failures.locked_until - ctx.now()).total_seconds()
        raise DomainError(Kind.LIMITED, "auth.login_locked", retry_after=int(wait) + 1)
    account = ctx.session.scalar(select(StaffAccount).where(StaffAccount.email_index == index))
    if not is_password(account.password_hash if account else None, password) or account is None or account.disabled_at:
        _count_failure(ctx, index, failures)
        raise DomainError(refusal, "auth.login_failed", remembered=True)
    if account.totp_since is None and code is not None:
        raise invalid("totp", "auth.totp_not_set_up")
    if account.totp_since and code is None:
        raise DomainError(refusal, "auth.totp_needed")
    if account.totp_since and code is not None and not use_second_factor(ctx, account.id, code):
        _count_failure(ctx, index, failures)
        raise DomainError(refusal, "auth.totp_wrong", remembered=True)
    if failures:
        ctx.session.delete(failures)
    return account


def sign_in_with_password(ctx: Context, email: str, password: str, *, totp: str | None, device: str) -> SignedIn:
    """Sign a staff account in. Raises DomainError as `prove`."""
    account = prove(ctx, staff_email_index(ctx.ground.keyring, email), password, totp)
    signed_in = open_session(ctx, account.id, kind="staff", device=device)
    # Without a region there is no audit log to write to: staff sign-ins are in the platform's log.
    _log.info("accounts.staff_signed_in", account=str(account.id), session=str(signed_in.session_id))
    return signed_in


def _count_failure(ctx: Context, index: bytes, before: LoginFailures | None) -> None:
    # A row whose lock has run out starts anew.
    number = 1 + (before.failures if before and before.locked_until is None else 0)
    locked_until = ctx.now() + LOCKED if number >= MOST_FAILURES else None
    values = {"failures": number, "failed_at": ctx.now(), "locked_until": locked_until}
    ctx.session.execute(
        insert(LoginFailures)
        .values(email_index=index, **values)
        .on_conflict_do_update(index_elements=["email_index"], set_=values)
    )
    if locked_until:
        _log.warning("accounts.login_locked", failures=number)


def choose_password(ctx: Context, token: str, password: str) -> None:
    """Set the password of the account whose token it is; ends the token, the account's sessions and its lock.

    Raises DomainError (422) for a token that is none, has expired or was used.
    """
    account_id = tokens.account_of_password_token(token, now=ctx.now())
    account = ctx.session.get(StaffAccount, account_id, with_for_update=True) if account_id else None
    if account is None or account.disabled_at or not tokens.is_password_token(ctx.ground.keyring, token, account.password_hash):
        raise invalid("token", "auth.password_token_invalid")
    account.password_hash = hash_password(password)
    end_sessions(ctx, account.id, kind="staff")
    ctx.session.execute(delete(LoginFailures).where(LoginFailures.email_index == account.email_index))
    _log.info("accounts.password_chosen", account=str(account.id))


def forget_old_failures(ctx: Context) -> None:
    """Remove failures that no longer count."""
    ctx.session.execute(delete(LoginFailures).where(LoginFailures.failed_at < ctx.now() - timedelta(days=1)))
