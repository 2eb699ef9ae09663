"""One's own account: name and language, where one is signed in, the second factor."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Response
from marshmallow import fields, validate

from backend.accounts.operations import second_factor
from backend.accounts.operations.person import change_own, languages_of
from backend.accounts.operations.sessions import end_own_session, end_own_sessions
from backend.accounts.pages.refusals import told_at_the_form
from backend.accounts.pages.signing_in import FollowingQuery, signed_out, within
from backend.accounts.queries import get_own_staff, list_sessions, session_out
from backend.accounts.schemas import EnrolIn, MeIn, TotpConfirmIn, TotpProofIn
from backend.data.context import Context
from backend.http.blueprint import View
from backend.http.schema import Schema
from backend.pages.blueprint import REGION_PAGES, PageBlueprint
from backend.pages.frame import here, render, see_other

SELF, SECOND_FACTOR = "accounts.self", "accounts.second_factor"
_IN_GROUPS_OF = 4  # characters of a key that is typed off

blueprint = PageBlueprint("accounts", mount=f"{REGION_PAGES}/me", name="me_pages")


class OwnForm(MeIn):
    """What staff may change about themselves."""

    class Meta(Schema.Meta):
        """The address is their admin's to change."""

        exclude = ("email",)

    name = fields.String(required=True, validate=validate.Length(max=120))


@blueprint.page("GET", "", permission=SELF)
def show_me(ctx: Context) -> Response:
    """Show who one is here: name, duties, devices that are signed in, whether a second factor is set up."""
    return render(
        ctx,
        "accounts/me.html",
        own=get_own_staff(ctx),
        spoken=list(languages_of(ctx)),
        sessions=[session_out(session, current=ctx.actor.session_id) for session in list_sessions(ctx)],
        factor=second_factor.see_second_factor(ctx),
    )


@blueprint.page("POST", "", permission=SELF, form=OwnForm, again="show_me", limit="write")
def change_me(ctx: Context, form: dict[str, Any]) -> Any:
    """Change one's name and the language one is written to in."""
    change_own(ctx, form)
    return see_other(here(ctx.region, "/me"), said="saved")


@blueprint.page("POST", "/sessions/end", permission=SELF)
def end_sessions(ctx: Context) -> Any:
    """Sign out everywhere, here too."""
    end_own_sessions(ctx)
    return signed_out(ctx)


@blueprint.page("POST", "/sessions/<uuid:session_id>/end", permission=SELF)
def end_session(ctx: Context, session_id: UUID) -> Any:
    """Sign one device out."""
    end_own_session(ctx, session_id)
    return signed_out(ctx) if session_id == ctx.actor.session_id else see_other(here(ctx.region, "/me"), said="removed")


def _second_factor(ctx: Context, query: dict[str, Any], **shown: Any) -> Response:
    factor = second_factor.see_second_factor(ctx)
    nothing = {"secret": "", "otpauth": "", "recovery_codes": ()}
    onward = within(ctx, query["next"])
    return render(ctx, "accounts/second_factor.html", factor=factor, onward=onward, **{**nothing, **shown})


@blueprint.page("GET", "/second-factor", permission=SECOND_FACTOR, unproven=True, query=FollowingQuery)
def show_second_factor(ctx: Context, query: dict[str, Any]) -> Response:
    """Show how a second factor is set up, or, where there is one, how it is changed."""
    return _second_factor(ctx, query)


def _factor_form(rule: str, form: type[Schema]) -> Callable[[View], View]:
    return blueprint.page(
        "POST",
        f"/second-factor{rule}",
        permission=SECOND_FACTOR,
        unproven=True,
        query=FollowingQuery,
        form=form,
        again="show_second_factor",
        limit="login",
    )


# Keys and codes are shown once, in the answer to the form: no address leads to them.
@_factor_form("", EnrolIn)
def enrol(ctx: Context, query: dict[str, Any], form: dict[str, str]) -> Response:
    """Show a new key for the authenticator app."""
    with told_at_the_form():
        secret, otpauth = second_factor.enrol(ctx, form["password"])
    groups = [secret[start : start + _IN_GROUPS_OF] for start in range(0, len(secret), _IN_GROUPS_OF)]
    return _second_factor(ctx, query, secret=" ".join(groups), otpauth=otpauth)


@_factor_form("/confirm", TotpConfirmIn)
def confirm(ctx: Context, query: dict[str, Any], form: dict[str, str]) -> Response:
    """Take the app's first code, from which on signing in asks for one; show the recovery codes."""
    return _second_factor(ctx, query, recovery_codes=second_factor.confirm(ctx, form["code"]))


@_factor_form("/recovery-codes", TotpProofIn)
def renew_recovery_codes(ctx: Context, query: dict[str, Any], form: dict[str, str]) -> Response:
    """Show new recovery codes; those before hold no longer."""
    with told_at_the_form():
        codes = second_factor.renew_recovery_codes(ctx, form["password"], form["code"])
    return _second_factor(ctx, query, recovery_codes=codes)


@_factor_form("/disable", TotpProofIn)
def disable(ctx: Context, _query: dict[str, Any], form: dict[str, str]) -> Any:
    """Take the second factor away."""
    with told_at_the_form():
        second_factor.disable(ctx, form["password"], form["code"])
    return see_other(here(ctx.region, "/me/second-factor"), said="removed")
