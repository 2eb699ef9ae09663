"""One's own second factor, for staff."""

from typing import Any

from backend.accounts.operations import second_factor
from backend.accounts.routes.permissions import SECOND_FACTOR
from backend.accounts.schemas import EnrolIn, EnrolOut, RecoveryCodesOut, TotpConfirmIn, TotpOut, TotpProofIn
from backend.data.context import Context
from backend.http.blueprint import RoomBlueprint

blueprint = RoomBlueprint("accounts", mount="/v1/me/totp", name="second_factor", doc="The second factor of staff")


@blueprint.endpoint("GET", "", permission=SECOND_FACTOR.name, out=TotpOut)
def see(ctx: Context) -> dict[str, Any]:
    """Return whether signing in asks me for a second factor, and which of my regions want it to."""
    return dict(second_factor.see_second_factor(ctx))


@blueprint.endpoint("POST", "", permission=SECOND_FACTOR.name, body=EnrolIn, out=EnrolOut, status=201, limit="write")
def enrol(ctx: Context, body: dict[str, str]) -> dict[str, str]:
    """Get a secret for an authenticator app; it is asked for once it is confirmed. Until then it may be got anew."""
    secret, url = second_factor.enrol(ctx, body["password"])
    return {"secret": secret, "otpauth_url": url}


@blueprint.endpoint("POST", "/confirm", permission=SECOND_FACTOR.name, body=TotpConfirmIn, out=RecoveryCodesOut, limit="write")
def confirm(ctx: Context, body: dict[str, str]) -> dict[str, list[str]]:
    """Confirm the app by its first code: signing in asks for it from now on, and other sessions end."""
    return {"recovery_codes": second_factor.confirm(ctx, body["code"])}


@blueprint.endpoint(
    "POST", "/recovery-codes", permission=SECOND_FACTOR.name, body=TotpProofIn, out=RecoveryCodesOut, limit="write"
)
def renew_recovery_codes(ctx: Context, body: dict[str, str]) -> dict[str, list[str]]:
    """Get new recovery codes; those before hold no longer."""
    return {"recovery_codes": second_factor.renew_recovery_codes(ctx, body["password"], body["code"])}


@blueprint.endpoint("POST", "/disable", permission=SECOND_FACTOR.name, body=TotpProofIn, status=204, limit="write")
def disable(ctx: Context, body: dict[str, str]) -> None:
    """Take my second factor away. Where a region asks for one, nothing opens there until there is another."""
    second_factor.disable(ctx, body["password"], body["code"])
