"""Tokens: the API's in the Authorization header, the pages' in a cookie. Accounts decide who may have one."""

from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from flask import Flask, current_app, request
from flask_jwt_extended import JWTManager, create_access_token, decode_token
from flask_jwt_extended.exceptions import JWTExtendedException
from jwt import ExpiredSignatureError, PyJWTError

from backend.core.clock import utc_now
from backend.core.crypto import Keyring
from backend.core.errors import DomainError, Kind

ACCESS_SECONDS = 900
PAGE_SECONDS = 12 * 3600  # a working day: a page is signed in once, and has nothing to renew
PAGE_COOKIE = "__Host-session"
_ISSUER = "balai"
_REQUIRED = ("exp", "iat", "iss", "aud")
_CHECKED, _KEPT = "balai_checked_tokens", 2048


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
    # A phone sends the same token for a quarter of an hour: its signature is checked once, its expiry and session each time.
    app.extensions[_CHECKED] = lru_cache(maxsize=_KEPT)(_check)


def make_access_token(*, account_id: UUID, kind: str, session_id: UUID, region: str | None) -> str:
    """Return an access token of `ACCESS_SECONDS`: a citizen's names its region, a staff token none."""
    token: str = create_access_token(
        identity=str(account_id), additional_claims={"kind": kind, "sid": str(session_id), "region": region}
    )
    return token


def make_page_token(*, account_id: UUID, session_id: UUID) -> str:
    """Return what a browser keeps in `PAGE_COOKIE` of a staff account that has signed in: no bearer token, and none a page's."""
    token: str = create_access_token(
        identity=str(account_id),
        additional_claims={"kind": "staff", "sid": str(session_id), "region": None, "page": True},
        expires_delta=timedelta(seconds=PAGE_SECONDS),
    )
    return token


def _refuse(code: str) -> DomainError:
    return DomainError(Kind.UNAUTHENTICATED, code)


def _is_ours(claims: Mapping[str, Any]) -> bool:
    """Tell whether these are claims as `make_access_token` writes them: what reads them later relies on it."""
    try:
        UUID(claims["sub"])
        UUID(claims["sid"])
    except (KeyError, ValueError, TypeError, AttributeError):
        return False
    kind, region = claims.get("kind"), claims.get("region")
    whose = isinstance(region, str) if kind == "citizen" else kind == "staff" and region is None
    return whose and claims.get("type") == "access" and all(claims.get(name) is not None for name in _REQUIRED)


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
    claims = _in_force(token)
    if claims.get("page"):
        raise _refuse("auth.wrong_token")
    return claims


def read_page_claims() -> Mapping[str, Any] | None:
    """Return the claims of the browser's session; None without one, and for one that is no longer good: it signs in again."""
    token = request.cookies.get(PAGE_COOKIE)
    if not token:
        return None
    try:
        claims = _in_force(token)
    except DomainError:
        return None
    return claims if claims.get("page") else None


def _in_force(token: str) -> Mapping[str, Any]:
    claims: Mapping[str, Any] = current_app.extensions[_CHECKED](token)
    if claims["exp"] <= utc_now().timestamp():
        raise _refuse("auth.token_expired")
    return claims


def _check(token: str) -> Mapping[str, Any]:
    try:
        claims: Mapping[str, Any] = decode_token(token)
    except ExpiredSignatureError:
        raise _refuse("auth.token_expired") from None
    except (PyJWTError, JWTExtendedException, ValueError, TypeError):
        raise _refuse("auth.bad_token") from None
    if not _is_ours(claims):
        raise _refuse("auth.wrong_token")
    return claims
