"""The people of the benchmark: citizens and officers with real accounts, sessions and access tokens."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask_jwt_extended import create_access_token
from sqlalchemy import insert

from backend.accounts.models import Citizen, CitizenSession, Membership, StaffAccount, StaffSession
from backend.accounts.queries import staff_email_index, staff_place
from backend.accounts.vault import keep_identity
from backend.core.ids import new_id
from backend.data.context import Context

A_RUN = timedelta(hours=12)
AT_DESKS = 2  # of a department: they are told of its new cases, those in the field are not


@dataclass(frozen=True, kw_only=True)
class Someone:
    """A signed-in person of one region; a citizen has no department."""

    account_id: UUID
    session_id: UUID
    region: str
    department: str | None = None
    token: str = field(compare=False)

    def kept(self) -> list[str | None]:
        """Return what makes this person again, at another time."""
        return [str(self.account_id), str(self.session_id), self.region, self.department]

    @classmethod
    def from_kept(cls, kept: Sequence[str]) -> "Someone":
        """Return the person, signed in anew; needs the application's context."""
        account_id, session_id, region, department = kept
        return sign_in(UUID(account_id), UUID(session_id), region=region, department=department)


def _session(ctx: Context, account_id: UUID) -> dict[str, Any]:
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
    return [sign_in(session["account_id"], session["id"], region=ctx.region.key) for session in sessions]


def settle_officers(ctx: Context, departments: Sequence[str], count: int) -> list[Someone]:
    """Make officers of these departments, in turn, and sign them in: two at each desk, the others out in the field.

    The first of them watches the region's figures as well.
    """
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
        ]
        + [
            {"region_id": ctx.region.id, "id": new_id(), "staff_id": account_id, "role": "leader", "department_key": None}
            for account_id, _ in duties[:1]
        ],
    )
    sessions = [_session(ctx, account_id) for account_id, _ in duties]
    ctx.session.execute(insert(StaffSession), sessions)
    return [
        sign_in(account_id, session["id"], region=ctx.region.key, department=department)
        for session, (account_id, department) in zip(sessions, duties, strict=True)
    ]


def sign_in(account_id: UUID, session_id: UUID, *, region: str, department: str | None = None) -> Someone:
    """Return a person with an access token as Balai makes it, but for a whole run; who has a department is staff."""
    claims = {"kind": "citizen", "region": region} if department is None else {"kind": "staff", "region": None}
    token = create_access_token(str(account_id), additional_claims=claims | {"sid": str(session_id)}, expires_delta=A_RUN)
    return Someone(account_id=account_id, session_id=session_id, region=region, department=department, token=token)
