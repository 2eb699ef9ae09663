"""Signing in by a form. What a browser keeps is a token in a cookie that no script reads; the session is one like any app's."""

from pathlib import Path
from typing import Any

from flask import Response, request
from marshmallow import fields, validate

from backend.accounts.operations.passwords import choose_password, sign_in_with_password
from backend.accounts.operations.sessions import end_own_session
from backend.accounts.schemas import LoginIn, PasswordIn
from backend.data.context import Context
from backend.http.auth import PAGE_COOKIE, PAGE_SECONDS, make_page_token
from backend.http.languages import PAGES
from backend.http.schema import Schema
from backend.pages.blueprint import REGION_PAGES, PageBlueprint
from backend.pages.frame import here, render, see_other

SIGN_IN, PASSWORD = f"{REGION_PAGES}/sign-in", f"{REGION_PAGES}/password"
_HOME = Path(__file__).parent.parent
_LONGEST = 2000

blueprint = PageBlueprint("accounts", mount="", name="accounts_pages", templates=_HOME / "templates")


class FollowingQuery(Schema):
    """Where to go after signing in."""

    next = fields.String(load_default=None, validate=validate.Length(max=_LONGEST))


class PasswordQuery(Schema):
    """The token that came by e-mail, if the address that was opened has it."""

    token = fields.String(load_default="", validate=validate.Length(max=_LONGEST))


def within(ctx: Context, address: str | None) -> str:
    """Return the address if it is a page of ours, else the region's first one: nobody is led elsewhere."""
    ours = f"{PAGES}/{ctx.region.key}"
    plain = address is not None and address.isascii() and address.isprintable() and "\\" not in address and ".." not in address
    return address if address and plain and (address + "/").startswith(f"{ours}/") else here(ctx.region)


def signed_out(ctx: Context) -> Any:
    """Return the way to the sign-in page for a browser whose session has ended."""
    response = see_other(here(ctx.region, "/sign-in"), said="signed_out")
    response.delete_cookie(PAGE_COOKIE, secure=True, httponly=True, samesite="Lax", path="/")
    return response


@blueprint.page("GET", SIGN_IN, public=True, unproven=True, query=FollowingQuery)
def show_sign_in(ctx: Context, query: dict[str, Any]) -> Response:
    """Show the form for e-mail, password and, where it is asked for, the code of the second factor."""
    return render(ctx, "accounts/sign_in.html", following=query["next"])


@blueprint.page(
    "POST", SIGN_IN, public=True, unproven=True, query=FollowingQuery, form=LoginIn, again="show_sign_in", limit="login"
)
def sign_in(ctx: Context, query: dict[str, Any], form: dict[str, str]) -> Any:
    """Sign in, and go on to where one wanted to go."""
    device = request.headers.get("User-Agent", "")
    if ctx.actor.session_id is not None:  # this browser's former session: nobody could end it any more
        end_own_session(ctx, ctx.actor.session_id)
    signed_in = sign_in_with_password(ctx, form["email"], form["password"], totp=form.get("totp"), device=device)
    response = see_other(within(ctx, query["next"]))
    token = make_page_token(account_id=signed_in.account_id, session_id=signed_in.session_id)
    response.set_cookie(PAGE_COOKIE, token, max_age=PAGE_SECONDS, secure=True, httponly=True, samesite="Lax", path="/")
    return response


@blueprint.page("POST", f"{REGION_PAGES}/sign-out", public=True, unproven=True)
def sign_out(ctx: Context) -> Any:
    """End the session of this browser."""
    if ctx.actor.session_id is not None:
        end_own_session(ctx, ctx.actor.session_id)
    return signed_out(ctx)


@blueprint.page("GET", PASSWORD, public=True, query=PasswordQuery)
def show_password(ctx: Context, query: dict[str, str]) -> Response:
    """Show the form with which an invitation or a reset is taken up."""
    return render(ctx, "accounts/password.html", token=query["token"])


@blueprint.page("POST", PASSWORD, public=True, form=PasswordIn, again="show_password", limit="login")
def choose(ctx: Context, form: dict[str, str]) -> Any:
    """Choose a password with the token."""
    choose_password(ctx, form["token"], form["password"])
    return see_other(here(ctx.region, "/sign-in"), said="password_chosen")
