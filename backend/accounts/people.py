"""How people are reached: what telling somebody something needs of the accounts."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import literal, select, true, union_all
from sqlalchemy.sql.selectable import Subquery

from backend.accounts.models import Citizen, StaffAccount, VaultIdentity
from backend.accounts.queries import opened_staff, staff_place
from backend.accounts.roles import UNIT_ROLES
from backend.accounts.vault import open_identity
from backend.data.context import Contact, Context, StaffContact
from backend.data.statements import Prepared

_CITIZEN = Prepared(
    "SELECT c.locale, v.phone_enc, v.email_enc, v.name_enc FROM citizens c"
    " JOIN vault_identities v ON v.region_id = c.region_id AND v.account_id = c.id"
    " WHERE c.region_id = %(region)s AND c.id = %(id)s AND c.status = 'active'"
)
_STAFF = Prepared("SELECT id, locale, email_enc, name_enc FROM staff_accounts WHERE id = %(id)s AND disabled_at IS NULL")
_MEMBERS = Prepared(
    "SELECT DISTINCT a.id, a.locale, a.name_enc FROM staff_accounts a JOIN memberships m ON m.staff_id = a.id"
    " WHERE m.region_id = %(region)s AND m.department_key = %(key)s AND m.role = ANY(%(roles)s) AND a.disabled_at IS NULL"
    " ORDER BY a.id"
)


class Accounts:
    """`backend.data.context.People`, from the accounts of this installation."""

    def contact_of(self, ctx: Context, kind: str, account_id: UUID) -> Contact | None:
        """Return how a `citizen` of the region or a `staff` account is reached; None when it is gone or disabled."""
        asked = _STAFF if kind == "staff" else _CITIZEN
        row = asked.first(ctx.session, region=ctx.region.id, id=account_id)
        if row is None:
            return None
        if kind == "staff":
            return Contact(locale=row.locale, email=opened_staff(ctx.ground.keyring, row)[0])
        identity = open_identity(ctx, account_id, row)
        return Contact(locale=row.locale, phone=identity.phone, email=identity.email)

    def staff_of_department(self, ctx: Context, key: str) -> Sequence[StaffContact]:
        """Return the active officers and heads of a department of the region, each once."""
        rows = _MEMBERS.all(ctx.session, region=ctx.region.id, key=key, roles=list(UNIT_ROLES - {"field_officer"}))
        return [StaffContact(account_id=row.id, locale=row.locale) for row in rows]

    def members_of_department(self, ctx: Context, key: str) -> frozenset[UUID]:
        """Return the active accounts that work in a department of the region, field officers among them."""
        return frozenset(row.id for row in _MEMBERS.all(ctx.session, region=ctx.region.id, key=key, roles=list(UNIT_ROLES)))

    def names_in_department(self, ctx: Context, key: str) -> Mapping[UUID, str]:
        """Return the same accounts with their names, by name: for colleagues who give each other work."""
        rows = _MEMBERS.all(ctx.session, region=ctx.region.id, key=key, roles=list(UNIT_ROLES))
        names = [(ctx.ground.keyring.decrypt(row.name_enc, bound_to=staff_place(row.id, "name")), row.id) for row in rows]
        return {account_id: name for name, account_id in sorted(names)}


def reachable_people(ctx: Context) -> Subquery:
    """Return whom a notice can reach, to be joined by a room's check: `kind`, `id`, and whether there is an e-mail address."""
    citizens = (
        select(literal("citizen").label("kind"), Citizen.id, VaultIdentity.email_enc.is_not(None).label("has_email"))
        .join(VaultIdentity, (VaultIdentity.region_id == Citizen.region_id) & (VaultIdentity.account_id == Citizen.id))
        .where(Citizen.region_id == ctx.region.id, Citizen.status == "active")
    )
    staff = select(literal("staff"), StaffAccount.id, true()).where(StaffAccount.disabled_at.is_(None))
    return union_all(citizens, staff).subquery()
