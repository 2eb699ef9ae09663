"""Refresh and password tokens: derived by the keyring and checked by deriving again, so that no table holds one to steal."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from backend.core.crypto import Keyring

PASSWORD_TOKEN_LIFE = timedelta(days=3)
_CITIZEN, _STAFF = "c", "s"
_REFRESH, _PASSWORD = "refresh-token", "password-token"


@dataclass(frozen=True, kw_only=True)
class RefreshToken:
    """Which refresh token it is: the session's `generation`-th. `region` is the key of a citizen's, None for staff."""

    region: str | None
    session_id: UUID
    generation: int

    @property
    def _parts(self) -> tuple[str, str, str, str]:
        return (_CITIZEN if self.region else _STAFF, self.region or "-", self.session_id.hex, str(self.generation))

    def write(self, keyring: Keyring) -> str:
        """Return the token as its holder keeps it."""
        return ".".join((*self._parts, keyring.sign(_REFRESH, *self._parts)))


def read_refresh_token(keyring: Keyring, text: str) -> RefreshToken | None:
    """Return the token if `RefreshToken.write` made it, None for anything else."""
    parts = text.split(".")
    if len(parts) != 5 or not keyring.verify_signature(parts[4], _REFRESH, *parts[:4]):  # noqa: PLR2004 - as written above
        return None
    kind, region, session, generation, _ = parts
    return RefreshToken(region=region if kind == _CITIZEN else None, session_id=UUID(session), generation=int(generation))


def write_password_token(keyring: Keyring, account_id: UUID, password_hash: str | None, *, expires_at: datetime) -> str:
    """Return a token to choose a password with. Bound to the present one, so that using it ends it."""
    until = str(int(expires_at.timestamp()))
    return f"{account_id.hex}.{until}.{keyring.sign(_PASSWORD, account_id.hex, until, password_hash or '')}"


def account_of_password_token(text: str, *, now: datetime) -> UUID | None:
    """Return whose the token says it is, None if it is none or has expired. Not yet believed: see the next."""
    account, _, rest = text.partition(".")
    until = rest.partition(".")[0]
    try:
        expired = now >= datetime.fromtimestamp(int(until), UTC)
        return None if expired else UUID(account)
    except (ValueError, OverflowError, OSError):
        return None


def is_password_token(keyring: Keyring, text: str, password_hash: str | None) -> bool:
    """Tell whether the token was made by `write_password_token` while this was the account's password."""
    account, until, signature = (*text.split(".", 2), "", "")[:3]
    return keyring.verify_signature(signature, _PASSWORD, account, until, password_hash or "")
