"""Oneself: who I am, and where I am signed in."""

from typing import Any
from uuid import UUID

from backend.accounts.contacts import mask_phone
from backend.accounts.models import Citizen
from backend.accounts.operations.person import change_own
from backend.accounts.operations.sessions import end_own_session, end_own_sessions
from backend.accounts.queries import get_own_staff, list_sessions, session_out
from backend.accounts.routes.permissions import SELF
from backend.accounts.schemas import MeIn, MeOut, SessionOut
from backend.accounts.vault import read_identity
from backend.core.errors import not_found
from backend.data.context import Context
from backend.http.blueprint import RoomBlueprint
from backend.http.schema import page_of

blueprint = RoomBlueprint("accounts", mount="/v1/me", name="me", doc="One's own account")


@blueprint.endpoint("GET", "", permission=SELF.name, out=MeOut)
def get_me(ctx: Context) -> dict[str, Any]:
    """Return who the access token stands for."""
    return _shown(ctx)


def _shown(ctx: Context) -> dict[str, Any]:
    if ctx.actor.kind == "staff":
        return get_own_staff(ctx)
    account_id = ctx.actor.account_id
    identity = read_identity(ctx, account_id) if account_id else None
    if identity is None:
        raise not_found()
    return {
        "id": account_id,
        "kind": "citizen",
        "region": ctx.region.key,
        "name": identity.name,
        "email": identity.email,
        "locale": ctx.session.get_one(Citizen, (ctx.region.id, account_id)).locale,
        "phone": identity.phone,
        "phone_masked": mask_phone(identity.phone),
    }


@blueprint.endpoint("PATCH", "", permission=SELF.name, body=MeIn, out=MeOut, limit="write")
def change_me(ctx: Context, body: dict[str, Any]) -> dict[str, Any]:
    """Change what is named; what is left out stays."""
    change_own(ctx, body)
    return _shown(ctx)


@blueprint.endpoint("GET", "/sessions", permission=SELF.name, out=page_of(SessionOut))
def list_my_sessions(ctx: Context) -> dict[str, Any]:
    """List where I am signed in, the newest first."""
    shown = [session_out(session, current=ctx.actor.session_id) for session in list_sessions(ctx)]
    return {"items": shown, "next_cursor": None}


@blueprint.endpoint("DELETE", "/sessions", permission=SELF.name, status=204)
def end_my_sessions(ctx: Context) -> None:
    """Sign out everywhere, here too."""
    end_own_sessions(ctx)


@blueprint.endpoint("DELETE", "/sessions/<uuid:session_id>", permission=SELF.name, status=204)
def end_my_session(ctx: Context, session_id: UUID) -> None:
    """Sign one device out."""
    end_own_session(ctx, session_id)
