"""Sessions: opened, renewed, ended. A refresh token works once; one that comes back later ends its session."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import select, update

from backend.accounts.models import Citizen, CitizenSession, StaffAccount, StaffSession
from backend.accounts.tokens import RefreshToken
from backend.core.errors import DomainError, Kind, not_found
from backend.core.ids import new_id
from backend.core.logs import get_logger
from backend.data.context import Context

IDLE_LIFE = timedelta(days=30)
WHOLE_LIFE = timedelta(days=180)
GRACE = timedelta(seconds=10)  # an answer was lost on the way, or an app asked twice at once
_DEVICE_CHARACTERS = 120
_log = get_logger(__name__)

Session = CitizenSession | StaffSession


@dataclass(frozen=True, kw_only=True)
class SignedIn:
    """Whom tokens are to be made for."""

    kind: Literal["citizen", "staff"]
    account_id: UUID
    session_id: UUID
    region: str | None
    refresh_token: str


def _ended() -> DomainError:
    return DomainError(Kind.UNAUTHENTICATED, "auth.session_ended")


def _signed_in(ctx: Context, session: Session) -> SignedIn:
    region = ctx.region.key if isinstance(session, CitizenSession) else None
    token = RefreshToken(region=region, session_id=session.id, generation=session.generation)
    return SignedIn(
        kind="citizen" if region else "staff",
        account_id=session.account_id,
        session_id=session.id,
        region=region,
        refresh_token=token.write(ctx.ground.keyring),
    )


def open_session(ctx: Context, account_id: UUID, *, kind: Literal["citizen", "staff"], device: str) -> SignedIn:
    """Open a session for an account that has proved itself; `device` is how its holder will recognise it."""
    columns = {
        "id": new_id(),
        "account_id": account_id,
        "generation": 1,
        "rotated_at": ctx.now(),
        "created_at": ctx.now(),
        "last_used_at": ctx.now(),
        "expires_at": ctx.now() + IDLE_LIFE,
        "device": "".join(filter(str.isprintable, device))[:_DEVICE_CHARACTERS],
    }
    session: Session = CitizenSession(region_id=ctx.region.id, **columns) if kind == "citizen" else StaffSession(**columns)
    ctx.session.add(session)
    return _signed_in(ctx, session)


def _locked(ctx: Context, token: RefreshToken) -> Session | None:
    """Return the token's session, locked, if it and its account are still good."""
    if token.region is None:
        return ctx.session.scalar(
            select(StaffSession)
            .join(StaffAccount, StaffAccount.id == StaffSession.account_id)
            .where(
                StaffSession.id == token.session_id,
                StaffSession.revoked_at.is_(None),
                StaffSession.expires_at > ctx.now(),
                StaffAccount.disabled_at.is_(None),
            )
            .with_for_update(of=StaffSession)
        )
    return ctx.session.scalar(
        select(CitizenSession)
        .join(Citizen, (Citizen.region_id == CitizenSession.region_id) & (Citizen.id == CitizenSession.account_id))
        .where(
            CitizenSession.region_id == ctx.region.id,
            CitizenSession.id == token.session_id,
            CitizenSession.revoked_at.is_(None),
            CitizenSession.expires_at > ctx.now(),
            Citizen.status == "active",
        )
        .with_for_update(of=CitizenSession)
    )


def renew_session(ctx: Context, token: RefreshToken) -> SignedIn:
    """Give the session its next refresh token.

    The token before the one in force gives the one in force again for `GRACE`: the same, so that of two requests at
    once neither loses. Any other earlier one was copied: the session ends. Raises DomainError (401).
    """
    session = _locked(ctx, token)
    if session is None:
        raise _ended()
    # The instant at which the lock was ours may be later than the one at which this unit of work began.
    late = token.generation == session.generation - 1 and ctx.now() - session.rotated_at <= GRACE
    if token.generation != session.generation and not late:
        session.revoked_at = ctx.now()
        if isinstance(session, CitizenSession):
            ctx.audit("accounts.refresh_reused", subject=str(session.account_id), details={"session": str(session.id)})
        _log.warning("accounts.refresh_reused", session=str(session.id))
        raise DomainError(Kind.UNAUTHENTICATED, "auth.refresh_reused", remembered=True)
    if not late:
        session.generation += 1
        session.rotated_at = session.last_used_at = ctx.now()
        session.expires_at = min(ctx.now() + IDLE_LIFE, session.created_at + WHOLE_LIFE)
    return _signed_in(ctx, session)


def end_sessions(ctx: Context, account_id: UUID, *, kind: str, only: UUID | None = None, but: UUID | None = None) -> int:
    """End an account's sessions, or the one named, or all but one; return how many there were."""
    table: type[CitizenSession | StaffSession] = CitizenSession if kind == "citizen" else StaffSession
    statement = update(table).where(table.account_id == account_id, table.revoked_at.is_(None))
    if kind == "citizen":
        statement = statement.where(CitizenSession.region_id == ctx.region.id)
    if only is not None:
        statement = statement.where(table.id == only)
    if but is not None:
        statement = statement.where(table.id != but)
    return len(ctx.session.execute(statement.values(revoked_at=ctx.now()).returning(table.id)).all())


def end_own_session(ctx: Context, session_id: UUID) -> None:
    """End one of the actor's sessions. Raises the 404 when it has no such session."""
    if ctx.actor.account_id is None or not end_sessions(ctx, ctx.actor.account_id, kind=ctx.actor.kind, only=session_id):
        raise not_found()


def end_own_sessions(ctx: Context) -> None:
    """End every session of the actor, this one too."""
    if ctx.actor.account_id is not None:
        end_sessions(ctx, ctx.actor.account_id, kind=ctx.actor.kind)
