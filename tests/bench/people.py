"""The people of the benchmark: citizens and officers with real accounts, sessions and access tokens."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import insert

from backend.accounts.models import Citizen, CitizenSession, Membership, StaffAccount, StaffSession
from backend.accounts.queries import staff_email_index, staff_place
from backend.accounts.vault import keep_identity
from backend.core.ids import new_id
from backend.data.context import Context
from backend.http.auth import make_access_token

AT_DESKS = 2  # of a department: they are told of its new cases, those in the field are not


@dataclass(frozen=True, kw_only=True)
class Someone:
    """A signed-in person of one region; a citizen has no department."""

    account_id: UUID
    token: str
    region: str
    department: str | None = None


def _session(ctx: Context, account_id: UUID) -> dict[str, object]:
    times = dict.fromkeys(("rotated_at", "created_at", "last_used_at"), ctx.now())
    return {"id": new_id(), "account_id": account_id, "generation": 1, "device": "bench", **times} | {
        "expires_at": ctx.now() + timedelta(days=30)
    }


def settle_citizens(ctx: Context, count: int) -> list[Someone]:
    """Make citizens of the region, each with a number in the vault, and sign them in."""
    ids = [new_id() for _ in range(count)]
    region_id = ctx.region.id
    row = {"region_id": region_id, "status": "active", "locale": "id", "created_at": ctx.now()}
    ctx.session.execute(insert(Citizen), [row | {"id": account_id} for account_id in ids])
    sessions = [_session(ctx, account_id) | {"region_id": region_id} for account_id in ids]
    ctx.session.execute(insert(CitizenSession), sessions)
    for number, account_id in enumerate(ids):
        keep_identity(ctx, account_id, f"+6281{region_id:02}{number:07}")
    return [_signed_in(ctx, session, "citizen") for session in sessions]


def settle_officers(ctx: Context, departments: Sequence[str], count: int) -> list[Someone]:
    """Make officers of these departments, in turn, and sign them in: two at each desk, the others out in the field."""
    duties = [(new_id(), departments[number % len(departments)]) for number in range(count)]
    accounts, keyring = [], ctx.ground.keyring
    for account_id, department in duties:
        email = f"{account_id}@bench.test"
        accounts.append(
            {
                "id": account_id,
                "email_enc": keyring.encrypt(email, bound_to=staff_place(account_id, "email")),
                "email_index": staff_email_index(keyring, email),
                "name_enc": keyring.encrypt(department, bound_to=staff_place(account_id, "name")),
                "platform_admin": False,
                "locale": "id",
                "created_at": ctx.now(),
            }
        )
    ctx.session.execute(insert(StaffAccount), accounts)
    ctx.session.execute(
        insert(Membership),
        [
            {
                "region_id": ctx.region.id,
                "id": new_id(),
                "staff_id": account_id,
                "role": "department_officer" if number < AT_DESKS * len(departments) else "field_officer",
                "department_key": department,
            }
            for number, (account_id, department) in enumerate(duties)
        ],
    )
    sessions = [_session(ctx, account_id) for account_id, _ in duties]
    ctx.session.execute(insert(StaffSession), sessions)
    return [_signed_in(ctx, session, "staff", department) for session, (_, department) in zip(sessions, duties, strict=True)]


def _signed_in(ctx: Context, session: dict[str, object], kind: str, department: str | None = None) -> Someone:
    account_id, session_id = session["account_id"], session["id"]
    assert isinstance(account_id, UUID)
    assert isinstance(session_id, UUID)
    token = make_access_token(
        account_id=account_id, kind=kind, session_id=session_id, region=ctx.region.key if kind == "citizen" else None
    )
    return Someone(account_id=account_id, token=token, region=ctx.region.key, department=department)
