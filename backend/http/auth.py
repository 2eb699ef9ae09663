"""Bearer tokens: reading what a request carries, and making new ones. Accounts decide who may have one."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Flask, request
from flask_jwt_extended import JWTManager, create_access_token, decode_token
from flask_jwt_extended.exceptions import JWTExtendedException
from jwt import ExpiredSignatureError, PyJWTError

from backend.core.crypto import Keyring
from backend.core.errors import DomainError, Kind

ACCESS_SECONDS = 900
_ISSUER = "balai"
_REQUIRED = ("exp", "iat", "iss", "aud", "sub", "sid", "kind")


def configure_tokens(app: Flask, keyring: Keyring) -> None:
    """Set up Flask-JWT-Extended: HS256 with a key of its own, issuer and audience checked."""
    app.config.update(
        JWT_SECRET_KEY=keyring.sign("access-tokens"),
        JWT_ALGORITHM="HS256",
        JWT_ENCODE_ISSUER=_ISSUER,
        JWT_DECODE_ISSUER=_ISSUER,
        JWT_ENCODE_AUDIENCE=_ISSUER,
        JWT_DECODE_AUDIENCE=_ISSUER,
        JWT_ACCESS_TOKEN_EXPIRES=timedelta(seconds=ACCESS_SECONDS),
    )
    JWTManager(app)


def make_access_token(*, account_id: UUID, kind: str, session_id: UUID, region: str | None) -> str:
    """Return an access token of `ACCESS_SECONDS`: a citizen's names its region, a staff token none."""
    token: str = create_access_token(
        identity=str(account_id), additional_claims={"kind": kind, "sid": str(session_id), "region": region}
    )
    return token


def _refuse(code: str) -> DomainError:
    return DomainError(Kind.UNAUTHENTICATED, code)


def read_claims() -> Mapping[str, Any] | None:
    """Return the claims of the request's access token, None without one.

    Raises DomainError (401) for a token that is expired, forged, of another kind, or without a claim we require.
    """
    header = request.headers.get("Authorization")
    if header is None:
        return None
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise _refuse("auth.bad_token")
    try:
        claims: Mapping[str, Any] = decode_token(token)
    except ExpiredSignatureError:
        raise _refuse("auth.token_expired") from None
    except (PyJWTError, JWTExtendedException, ValueError, TypeError):
        raise _refuse("auth.bad_token") from None
    if claims.get("type") != "access" or any(claims.get(name) is None for name in _REQUIRED):
        raise _refuse("auth.wrong_token")
    return claims
