"""How people are reached: what telling somebody something needs of the accounts."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import Select, select

from backend.accounts.models import Citizen, Membership, StaffAccount
from backend.accounts.queries import opened_staff
from backend.accounts.roles import UNIT_ROLES
from backend.accounts.vault import read_identity
from backend.data.context import Contact, Context, StaffContact


class Accounts:
    """`backend.data.context.People`, from the accounts of this installation."""

    def contact_of(self, ctx: Context, kind: str, account_id: UUID) -> Contact | None:
        """Return how a `citizen` of the region or a `staff` account is reached; None when it is gone or disabled."""
        if kind == "staff":
            staff = ctx.session.get(StaffAccount, account_id)
            if staff is None or staff.disabled_at:
                return None
            return Contact(locale=staff.locale, email=opened_staff(ctx.ground.keyring, staff)[0])
        citizen = ctx.session.get(Citizen, (ctx.region.id, account_id))
        identity = read_identity(ctx, account_id) if citizen and citizen.status == "active" else None
        if citizen is None or identity is None:
            return None
        return Contact(locale=citizen.locale, phone=identity.phone, email=identity.email)

    def staff_of_department(self, ctx: Context, key: str) -> Sequence[StaffContact]:
        """Return the active officers and heads of a department of the region, each once."""
        rows = ctx.session.execute(_members(ctx, key, UNIT_ROLES - {"field_officer"}))
        return [StaffContact(account_id=row.id, locale=row.locale) for row in rows]

    def members_of_department(self, ctx: Context, key: str) -> frozenset[UUID]:
        """Return the active accounts that work in a department of the region, field officers among them."""
        return frozenset(ctx.session.scalars(_members(ctx, key, UNIT_ROLES)))


def _members(ctx: Context, key: str, roles: Collection[str]) -> Select[UUID, str]:
    return (
        select(StaffAccount.id, StaffAccount.locale)
        .join(Membership, Membership.staff_id == StaffAccount.id)
        .where(
            Membership.region_id == ctx.region.id,
            Membership.department_key == key,
            Membership.role.in_(roles),
            StaffAccount.disabled_at.is_(None),
        )
        .distinct()
        .order_by(StaffAccount.id)
    )
