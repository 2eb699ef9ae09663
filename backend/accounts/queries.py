"""Reading accounts: who stands behind a token, oneself, one's sessions, a region's staff. Identities only by the vault."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, column, func, select, table, text

from backend.accounts.contacts import read_email
from backend.accounts.models import CitizenSession, Membership, StaffAccount, StaffSession
from backend.core.crypto import Keyring
from backend.core.errors import DomainError, Kind, not_found
from backend.core.paging import decode_cursor, encode_cursor
from backend.data.context import Actor, Context, Duty, Region
from backend.data.statements import Prepared
from backend.regions.models import AreaRow

# The hot path of every signed-in request: one statement, by primary keys.
_CITIZEN = Prepared(
    "SELECT 1 FROM citizen_sessions s JOIN citizens c ON c.region_id = s.region_id AND c.id = s.account_id"
    " WHERE s.region_id = %(region)s AND s.id = %(session)s AND s.account_id = %(account)s"
    " AND s.revoked_at IS NULL AND c.status = 'active'"
)
_STAFF = Prepared(
    "SELECT a.platform_admin, a.totp_since IS NOT NULL AS totp,"
    " (SELECT json_agg(json_build_array(m.role, m.department_key, m.area_code))"
    " FROM memberships m WHERE m.region_id = %(region)s AND m.staff_id = a.id) AS duties"
    " FROM staff_sessions s JOIN staff_accounts a ON a.id = s.account_id"
    " WHERE s.id = %(session)s AND s.account_id = %(account)s AND s.revoked_at IS NULL AND a.disabled_at IS NULL"
)


def load_actor(ctx: Context, claims: Mapping[str, Any]) -> Actor:
    """Return who stands behind a verified access token, with its duties in the region of the request.

    Staff without the second factor that the region asks for are `unproven`, and have no duties there. Raises DomainError (401)
    when the session was ended or the account disabled meanwhile.
    """
    kind, account_id, session_id = claims["kind"], UUID(claims["sub"]), UUID(claims["sid"])
    region_id = ctx.region_or_none.id if ctx.region_or_none else None
    asked = _STAFF if kind == "staff" else _CITIZEN
    row = asked.first(ctx.session, region=region_id, session=session_id, account=account_id)
    if row is None:
        raise DomainError(Kind.UNAUTHENTICATED, "auth.session_ended")
    if kind != "staff":
        return Actor(kind="citizen", account_id=account_id, session_id=session_id)
    if not row.totp and (row.duties or row.platform_admin) and ctx.region_or_none and asks_for_totp(ctx.region_or_none):
        return Actor(kind="staff", account_id=account_id, session_id=session_id, unproven=True)
    return Actor(
        kind="staff",
        account_id=account_id,
        session_id=session_id,
        platform_admin=row.platform_admin,
        duties=tuple(Duty(role=role, department_key=department, area_code=area) for role, department, area in row.duties or ()),
    )


def asks_for_totp(region: Region) -> bool:
    """Tell whether the region wants a second factor of its staff."""
    return region.identity.get("staff_totp") == "required"


def staff_email_index(keyring: Keyring, email: str) -> bytes:
    """Return the blind index by which a staff account is found."""
    return keyring.blind_index(read_email(email), purpose="staff-email")


def staff_known(ctx: Context, emails: Iterable[str]) -> frozenset[str]:
    """Return those of the addresses that have a staff account."""
    by_index = {staff_email_index(ctx.ground.keyring, email): email for email in emails}
    found = ctx.session.scalars(select(StaffAccount.email_index).where(StaffAccount.email_index.in_(by_index)))
    return frozenset(by_index[index] for index in found)


def staff_place(account_id: UUID, what: str) -> str:
    """Return where an encrypted value of a staff account is kept."""
    return f"staff_accounts.{what}:{account_id}"


def opened_staff(keyring: Keyring, account: Any) -> tuple[str, str]:
    """Return (e-mail, name) of a staff account, or of the columns of one."""
    return (
        keyring.decrypt(account.email_enc, bound_to=staff_place(account.id, "email")),
        keyring.decrypt(account.name_enc, bound_to=staff_place(account.id, "name")),
    )


def get_own_staff(ctx: Context) -> dict[str, Any]:
    """Return the actor's staff account, with its duties in every region."""
    account = ctx.session.get_one(StaffAccount, ctx.actor.account_id)
    email, name = opened_staff(ctx.ground.keyring, account)
    return {
        "id": account.id,
        "kind": "staff",
        "name": name,
        "email": email,
        "locale": account.locale,
        "platform_admin": account.platform_admin,
        "memberships": list_own_memberships(ctx),
    }


def list_own_memberships(ctx: Context) -> list[dict[str, Any]]:
    """Return the actor's duties in every region (a policy of the table opens them to the account itself)."""
    rows = ctx.session.scalars(
        select(Membership)
        .where(Membership.staff_id == ctx.actor.account_id)
        .order_by(Membership.region_id, Membership.role, Membership.department_key)
    )
    return [{"region": ctx.ground.regions.by_id(row.region_id).key, **membership_out(row)} for row in rows]


def membership_out(row: Membership) -> dict[str, Any]:
    """Return a membership as the API shows it inside its region."""
    return {"role": row.role, "department": row.department_key, "area": row.area_code}


def list_sessions(ctx: Context) -> Sequence[CitizenSession | StaffSession]:
    """Return the sessions of the actor that are still good, the newest first; at most 200."""
    kept: Select[Any]
    if ctx.actor.kind == "citizen":
        kind: type[CitizenSession | StaffSession] = CitizenSession
        kept = select(CitizenSession).where(CitizenSession.region_id == ctx.region.id)
    else:
        kind, kept = StaffSession, select(StaffSession)
    found: Sequence[CitizenSession | StaffSession] = ctx.session.scalars(
        kept.where(kind.account_id == ctx.actor.account_id, kind.revoked_at.is_(None), kind.expires_at > ctx.now())
        .order_by(kind.created_at.desc())
        .limit(200)
    ).all()
    return found


_DUTIES = (
    select(
        func.json_agg(
            func.json_build_object(
                *("role", Membership.role, "department", Membership.department_key, "area", Membership.area_code)
            )
        )
    )
    .where(Membership.staff_id == StaffAccount.id)
    .correlate(StaffAccount)
)


def _staff_here(ctx: Context) -> Select[Any]:
    duties = _DUTIES.where(Membership.region_id == ctx.region.id).scalar_subquery()
    return select(StaffAccount, duties.label("duties")).where(duties.is_not(None))


def staff_out(ctx: Context, row: Row[Any]) -> dict[str, Any]:
    """Return a staff account as the region's admin sees it."""
    account: StaffAccount = row[0]
    email, name = opened_staff(ctx.ground.keyring, account)
    state = "disabled" if account.disabled_at else "active" if account.password_hash else "invited"
    return {
        "id": str(account.id),
        "email": email,
        "name": name,
        "state": state,
        "locale": account.locale,
        "memberships": sorted(row.duties, key=lambda duty: (duty["role"], duty["department"] or "", duty["area"] or "")),
    }


def list_staff(
    ctx: Context,
    *,
    limit: int,
    cursor: str | None,
    word: str = "",
    role: str | None = None,
    department: str | None = None,
    disabled: bool | None = None,
) -> tuple[list[dict[str, Any]], str | None]:
    """Return the staff with duties in the region, by the age of the account, and the next cursor.

    `word` is looked for in names and addresses: they lie encrypted, so each is opened until the page is full. Whoever has one
    duty that is of `role` and in `department` is found.
    """
    statement = _staff_here(ctx).order_by(StaffAccount.id)
    if cursor:
        statement = statement.where(StaffAccount.id > decode_cursor(cursor, UUID)[0])
    wanted = [column == value for column, value in ((Membership.role, role), (Membership.department_key, department)) if value]
    if wanted:
        held = select(1).where(Membership.region_id == ctx.region.id, Membership.staff_id == StaffAccount.id, *wanted)
        statement = statement.where(held.exists())
    if disabled is not None:
        statement = statement.where(StaffAccount.disabled_at.is_not(None) if disabled else StaffAccount.disabled_at.is_(None))
    found: list[dict[str, Any]] = []
    for row in ctx.session.execute(statement if word else statement.limit(limit + 1)):
        shown = staff_out(ctx, row)
        if word.casefold() in f"{shown['name']}\n{shown['email']}".casefold():
            found.append(shown)
        if len(found) > limit:
            return found[:limit], encode_cursor(UUID(found[limit - 1]["id"]))
    return found, None


def get_staff(ctx: Context, staff_id: UUID) -> dict[str, Any]:
    """Return one of them. Raises the 404 for an account without duties here: it is not this region's to know."""
    row = ctx.session.execute(_staff_here(ctx).where(StaffAccount.id == staff_id)).first()
    if row is None:
        raise not_found()
    return staff_out(ctx, row)


def regions_served(ctx: Context, staff_id: UUID) -> frozenset[int]:
    """Return the ids of the regions in which the account has duties: asked before anything that would reach there."""
    say = text("SELECT set_config('app.staff_id', :staff, true)")
    ctx.session.execute(say, {"staff": str(staff_id)})
    served = frozenset(ctx.session.scalars(select(Membership.region_id).where(Membership.staff_id == staff_id)))
    ctx.session.execute(say, {"staff": str(ctx.session.info.get("staff_id", ""))})
    return served


_DEPARTMENTS = table("departments", *map(column, ("region_id", "key", "name", "active")))


def list_departments(ctx: Context) -> dict[str, str]:
    """Return the names of the region's departments by their keys, in the order of the names."""
    departments = _DEPARTMENTS.c
    chosen = select(departments.key, departments.name).where(departments.region_id == ctx.region.id, departments.active.is_(True))
    return {row.key: row.name for row in ctx.session.execute(chosen.order_by(departments.name, departments.key))}


def list_areas(ctx: Context) -> dict[str, str]:
    """Return the names of the region's areas by their codes, in the order of the codes; without those that have ended."""
    chosen = select(AreaRow.code, AreaRow.name).where(AreaRow.region_id == ctx.region.id, AreaRow.ended_at.is_(None))
    return {row.code: row.name for row in ctx.session.execute(chosen.order_by(AreaRow.code))}


def unknown_departments(ctx: Context, keys: Collection[str]) -> set[str]:
    """Return those of `keys` that are no department of the region."""
    if not keys:
        return set()
    departments = _DEPARTMENTS.c
    known = ctx.session.scalars(
        select(departments.key).where(
            departments.region_id == ctx.region.id, departments.active.is_(True), departments.key.in_(keys)
        )
    )
    return set(keys) - set(known)


def unknown_areas(ctx: Context, codes: Collection[str]) -> set[str]:
    """Return those of `codes` that are no area of the region."""
    if not codes:
        return set()
    known = ctx.session.scalars(select(AreaRow.code).where(AreaRow.region_id == ctx.region.id, AreaRow.code.in_(codes)))
    return set(codes) - set(known)


def session_out(session: CitizenSession | StaffSession, *, current: UUID | None) -> dict[str, Any]:
    """Return a session as its holder sees it."""
    return {
        "id": session.id,
        "device": session.device,
        "created_at": session.created_at,
        "last_used_at": session.last_used_at,
        "expires_at": session.expires_at,
        "current": session.id == current,
    }
