"""Staff of a region: invited, given duties, disabled, sent a new password token. Every change is audited there."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select

from backend.accounts import queries
from backend.accounts.contacts import read_email
from backend.accounts.events import PASSWORD_NEEDED
from backend.accounts.locks import take_turn
from backend.accounts.models import Membership, StaffAccount
from backend.accounts.operations.passwords import hash_password, is_password
from backend.accounts.operations.person import refuse_unspoken
from backend.accounts.operations.sessions import end_sessions
from backend.accounts.operations.totp import forget_second_factor
from backend.accounts.roles import PLATFORM_ADMIN, REGIONAL_ADMIN, needs_department
from backend.core.errors import DomainError, FieldError, Kind, not_found
from backend.core.ids import new_id
from backend.core.text import LANGUAGES
from backend.data.context import Context, Duty


def check_duties(ctx: Context, duties: Sequence[Duty]) -> None:
    """Raise the 422 that names each duty whose department or area is missing, or is none of the region's."""
    departments = queries.unknown_departments(ctx, {duty.department_key for duty in duties if duty.department_key})
    areas = queries.unknown_areas(ctx, {duty.area_code for duty in duties if duty.area_code})
    faults = []
    for index, duty in enumerate(duties):
        place = f"memberships.{index}"
        if duty.department_key in departments:
            faults.append(FieldError(field=f"{place}.department", code="accounts.department_unknown"))
        if duty.department_key is None and needs_department(duty.role):
            faults.append(FieldError(field=f"{place}.department", code="accounts.department_needed"))
        if duty.area_code in areas:
            faults.append(FieldError(field=f"{place}.area", code="accounts.area_unknown"))
    if faults:
        raise DomainError(Kind.INVALID, "request.invalid", errors=faults)


def _find(ctx: Context, email: str) -> StaffAccount | None:
    index = queries.staff_email_index(ctx.ground.keyring, email)
    take_turn(ctx.session, index)  # of two invitations at once the second finds the account of the first
    return ctx.session.scalar(select(StaffAccount).where(StaffAccount.email_index == index))


def _new(ctx: Context, *, email: str, name: str, locale: str | None) -> StaffAccount:
    account_id, keyring = new_id(), ctx.ground.keyring
    here = ctx.region.languages
    if locale is not None:
        refuse_unspoken(locale, (*LANGUAGES, *here))
    account = StaffAccount(
        id=account_id,
        email_enc=keyring.encrypt(read_email(email), bound_to=queries.staff_place(account_id, "email")),
        email_index=queries.staff_email_index(keyring, email),
        name_enc=keyring.encrypt(name, bound_to=queries.staff_place(account_id, "name")),
        platform_admin=False,
        locale=locale or here[0],
        created_at=ctx.now(),
    )
    ctx.session.add(account)
    ctx.session.flush()
    return account


def _duties_of(ctx: Context, staff_id: UUID) -> dict[Duty, UUID]:
    rows = ctx.session.scalars(
        select(Membership).where(Membership.region_id == ctx.region.id, Membership.staff_id == staff_id).with_for_update()
    )
    return {Duty(role=row.role, department_key=row.department_key, area_code=row.area_code): row.id for row in rows}


def give(ctx: Context, staff_id: UUID, duties: Sequence[Duty]) -> None:
    """Add duties that the account does not have, each once."""
    ctx.session.add_all(
        Membership(
            region_id=ctx.region.id,
            id=new_id(),
            staff_id=staff_id,
            role=duty.role,
            department_key=duty.department_key,
            area_code=duty.area_code,
        )
        for duty in dict.fromkeys(duties)
    )


def told(duties: Sequence[Duty] | Mapping[Duty, Any]) -> list[str]:
    """Return duties as the audit log has them."""
    return sorted("/".join(filter(None, (duty.role, duty.department_key, duty.area_code))) for duty in duties)


def invite_staff(ctx: Context, *, email: str, name: str, locale: str | None, duties: Sequence[Duty]) -> UUID:
    """Give somebody duties in the region, with an account if there is none; return its id.

    A new account without a `locale` speaks the region's first language. Publishes `accounts.password_needed` for an account
    without a password. Raises DomainError: 409 when the account has duties here already, 422 for duties that cannot be and
    for a language that neither the region nor Balai speaks.
    """
    check_duties(ctx, duties)
    account = _find(ctx, email)
    if account is None:
        account = _new(ctx, email=email, name=name, locale=locale)
    elif _duties_of(ctx, account.id):
        raise DomainError(Kind.CONFLICT, "accounts.staff_exists")
    give(ctx, account.id, duties)
    if account.password_hash is None:
        ctx.publish(PASSWORD_NEEDED, subject=account.id, reason="invited")
    ctx.audit("accounts.staff_invited", subject=str(account.id), details={"duties": told(duties)})
    return account.id


def _own(ctx: Context, staff_id: UUID) -> bool:
    return ctx.actor.account_id == staff_id


def _account_here(ctx: Context, staff_id: UUID) -> tuple[StaffAccount, dict[Duty, UUID]]:
    account = ctx.session.get(StaffAccount, staff_id)
    held = _duties_of(ctx, staff_id)
    if account is None or not held:
        raise not_found()
    return account, held


def change_duties(ctx: Context, staff_id: UUID, duties: Sequence[Duty]) -> None:
    """Replace an account's duties in the region; none ends its service here.

    Raises DomainError: 403 for giving oneself a duty or taking away one's own admin role, 404 without duties here, 422 for
    duties that cannot be.
    """
    check_duties(ctx, duties)
    _, held = _account_here(ctx, staff_id)
    _alter(ctx, staff_id, held, duties)


def add_duty(ctx: Context, staff_id: UUID, duty: Duty) -> None:
    """Give an account one duty more in the region. Raises DomainError as `change_duties`."""
    check_duties(ctx, [duty])
    _, held = _account_here(ctx, staff_id)
    _alter(ctx, staff_id, held, [*held, duty])


def end_duty(ctx: Context, staff_id: UUID, duty: Duty) -> int:
    """Take one duty away, if it is held; return how many are left. Raises DomainError as `change_duties`."""
    _, held = _account_here(ctx, staff_id)
    kept = [each for each in held if each != duty]
    _alter(ctx, staff_id, held, kept)
    return len(kept)


def _alter(ctx: Context, staff_id: UUID, held: Mapping[Duty, UUID], duties: Sequence[Duty]) -> None:
    admin = any(duty.role == REGIONAL_ADMIN for duty in held)
    if _own(ctx, staff_id) and admin and not any(duty.role == REGIONAL_ADMIN for duty in duties):
        raise DomainError(Kind.FORBIDDEN, "accounts.own_admin_role")
    if _own(ctx, staff_id) and any(duty not in held for duty in duties):
        # An admin who made themselves custodian would open sealed cases.
        raise DomainError(Kind.FORBIDDEN, "accounts.not_oneself")
    gone = [membership for duty, membership in held.items() if duty not in duties]
    ctx.session.execute(delete(Membership).where(Membership.region_id == ctx.region.id, Membership.id.in_(gone)))
    give(ctx, staff_id, [duty for duty in duties if duty not in held])
    ctx.audit("accounts.duties_changed", subject=str(staff_id), details={"before": told(held), "after": told(duties)})


def _in_reach(ctx: Context, staff_id: UUID) -> StaffAccount:
    account, _ = _account_here(ctx, staff_id)
    if _own(ctx, staff_id):
        raise DomainError(Kind.FORBIDDEN, "accounts.not_oneself")
    elsewhere = queries.regions_served(ctx, staff_id) - {ctx.region.id}
    if not ctx.actor.platform_admin and (account.platform_admin or elsewhere):
        raise DomainError(Kind.FORBIDDEN, "accounts.serves_elsewhere")
    return account


def switch_staff(ctx: Context, staff_id: UUID, *, disabled: bool) -> None:
    """Disable an account, which ends its sessions everywhere, or enable it again.

    Raises DomainError (403): oneself; for all but platform admins also an account that serves another region or the
    platform, whose duties here can be taken away instead.
    """
    account = _in_reach(ctx, staff_id)
    if disabled == (account.disabled_at is not None):
        return
    account.disabled_at = ctx.now() if disabled else None
    if disabled:
        end_sessions(ctx, staff_id, kind="staff")
    ctx.audit("accounts.staff_disabled" if disabled else "accounts.staff_enabled", subject=str(staff_id))


def reset_staff(ctx: Context, staff_id: UUID) -> None:
    """Let the account be sent a token to choose a new password. The old one holds until then.

    Publishes `accounts.password_needed`. Raises DomainError (404) without duties here.
    """
    _account_here(ctx, staff_id)
    ctx.publish(PASSWORD_NEEDED, subject=staff_id, reason="reset")
    ctx.audit("accounts.staff_reset", subject=str(staff_id))


def reset_second_factor(ctx: Context, staff_id: UUID) -> None:
    """Take away the second factor of somebody who lost it, and end their sessions. Raises DomainError as `switch_staff`."""
    _forget_second_factor(ctx, _in_reach(ctx, staff_id))


def reset_second_factor_by_email(ctx: Context, email: str) -> None:
    """Do the same from the command line, to any account. Raises DomainError (404)."""
    account = _find(ctx, email)
    if account is None:
        raise not_found()
    _forget_second_factor(ctx, account)


def _forget_second_factor(ctx: Context, account: StaffAccount) -> None:
    forget_second_factor(ctx, account)
    end_sessions(ctx, account.id, kind="staff")
    ctx.audit("accounts.totp_reset", subject=str(account.id))


def create_staff(
    ctx: Context,
    *,
    email: str,
    password: str | None = None,
    password_hash: str | None = None,
    name: str,
    role: str,
    department_key: str | None = None,
    area_code: str | None = None,
    locale: str | None = None,
) -> UUID:
    """Make or complete a staff account from the command line; return its id. Harmless when repeated.

    Without a password one is asked for by e-mail; `password_hash` is one hashed before, for many accounts that share it.
    `platform_admin` marks the account and needs no duty. Raises
    DomainError (422) for a duty that cannot be.
    """
    account = _find(ctx, email) or _new(ctx, email=email, name=name, locale=locale)
    known = account.password_hash
    if password is not None and not (known and is_password(known, password)):
        password_hash = hash_password(password)
    if password_hash not in {None, known}:
        account.password_hash = password_hash
        end_sessions(ctx, account.id, kind="staff")
    if account.password_hash is None:
        ctx.publish(PASSWORD_NEEDED, subject=account.id, reason="invited")
    duty = Duty(role=role, department_key=department_key, area_code=area_code)
    if role == PLATFORM_ADMIN:
        changed, account.platform_admin = not account.platform_admin, True
    else:
        check_duties(ctx, [duty])
        changed = duty not in _duties_of(ctx, account.id)
        if changed:
            give(ctx, account.id, [duty])
    if changed:
        ctx.audit("accounts.staff_created", subject=str(account.id), details={"duties": told([duty])})
    return account.id
