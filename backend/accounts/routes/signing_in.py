"""Signing in and out. Citizens by a one-time code, staff by password; both get the same pair of tokens."""

from typing import Any
from uuid import UUID

from flask import request

from backend.accounts.operations.codes import request_code, sign_in_with_code
from backend.accounts.operations.passwords import choose_password, sign_in_with_password
from backend.accounts.operations.sessions import SignedIn, end_own_session, renew_session
from backend.accounts.routes.permissions import SELF
from backend.accounts.schemas import CodeIn, CodeRequestIn, CodeRequestOut, LoginIn, PasswordIn, RefreshIn, TokensOut
from backend.accounts.tokens import read_refresh_token
from backend.core.errors import DomainError, Kind, invalid
from backend.data.context import Context, Region
from backend.data.unit_of_work import in_region
from backend.http.auth import ACCESS_SECONDS, make_access_token
from backend.http.blueprint import RoomBlueprint
from backend.http.problem import speak_in

blueprint = RoomBlueprint("accounts", mount="/v1/auth", name="auth", doc="Signing in and out")


def _tokens(signed_in: SignedIn) -> dict[str, Any]:
    return {
        "access_token": make_access_token(
            account_id=signed_in.account_id,
            kind=signed_in.kind,
            session_id=signed_in.session_id,
            region=signed_in.region,
        ),
        "refresh_token": signed_in.refresh_token,
        "token_type": "Bearer",
        "expires_in": ACCESS_SECONDS,
    }


def _device() -> str:
    return request.headers.get("User-Agent", "")


def _entered(ctx: Context, region: Region) -> Context:
    return in_region(ctx, region, locale=speak_in(region))


@blueprint.endpoint("POST", "/otp", public=True, no_token=True, body=CodeRequestIn, out=CodeRequestOut, status=202, limit="login")
def ask_for_code(ctx: Context, body: dict[str, str]) -> dict[str, Any]:
    """Ask for a one-time code by text message. The answer is the same whether the number has an account or not."""
    region = ctx.ground.regions.find(body["region"])
    if region is None:
        raise invalid("region", "auth.region_unknown")
    request_id, expires_at = request_code(_entered(ctx, region), body["phone"], purpose=body["purpose"])
    return {"request_id": f"{region.key}.{request_id}", "expires_at": expires_at}


def request_of_code(told: str) -> tuple[str, UUID | None]:
    """Return the region's key and the id in what `ask_for_code` answered; None for what is no id."""
    key, _, number = told.partition(".")
    try:
        return key, UUID(number)
    except ValueError:
        return key, None


@blueprint.endpoint("POST", "/otp/verify", public=True, no_token=True, body=CodeIn, out=TokensOut)
def verify_code(ctx: Context, body: dict[str, str]) -> dict[str, Any]:
    """Sign a citizen in with the code; the first time makes the account."""
    key, request_id = request_of_code(body["request_id"])
    region = ctx.ground.regions.find(key)
    if region is None or request_id is None:
        raise DomainError(Kind.UNAUTHENTICATED, "auth.code_invalid")
    return _tokens(sign_in_with_code(_entered(ctx, region), request_id, body["code"], device=_device()))


@blueprint.endpoint("POST", "/login", public=True, no_token=True, body=LoginIn, out=TokensOut, limit="login")
def log_in(ctx: Context, body: dict[str, str]) -> dict[str, Any]:
    """Sign a staff account in."""
    signed_in = sign_in_with_password(ctx, body["email"], body["password"], totp=body.get("totp"), device=_device())
    return _tokens(signed_in)


@blueprint.endpoint("POST", "/password", public=True, no_token=True, body=PasswordIn, status=204, limit="login")
def set_password(ctx: Context, body: dict[str, str]) -> None:
    """Choose a password with the token of an invitation or a reset."""
    choose_password(ctx, body["token"], body["password"])


@blueprint.endpoint("POST", "/refresh", public=True, no_token=True, body=RefreshIn, out=TokensOut)
def refresh(ctx: Context, body: dict[str, str]) -> dict[str, Any]:
    """Get the next pair of tokens. A refresh token that comes back after it was used ends its session."""
    token = read_refresh_token(ctx.ground.keyring, body["refresh_token"])
    region = ctx.ground.regions.find(token.region) if token and token.region else None
    if token is None or (token.region and region is None):
        raise DomainError(Kind.UNAUTHENTICATED, "auth.bad_token")
    return _tokens(renew_session(_entered(ctx, region) if region else ctx, token))


@blueprint.endpoint("POST", "/logout", permission=SELF.name, status=204)
def log_out(ctx: Context) -> None:
    """End the session of the access token."""
    if ctx.actor.session_id is not None:
        end_own_session(ctx, ctx.actor.session_id)
