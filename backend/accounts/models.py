"""Tables of people and their sessions. Who a citizen is stands in the vault alone; everything else knows an account's id."""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import ARRAY, ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.ids import new_id
from backend.core.personal import Holding, personal, plain, pseudonym, secret
from backend.data.db import Base, Json, RegionScoped, within_region

STAFF = "no citizen's: erasing one leaves it"


class Citizen(RegionScoped, Base):
    """A citizen's account: of one region, and nobody's name."""

    __tablename__ = "citizens"
    holds = (plain("status locale"), pseudonym("id", "the id by which everything else knows the person"))
    kept = "until it is erased"

    status: Mapped[str]  # active or disabled
    locale: Mapped[str]
    created_at: Mapped[datetime]


class VaultIdentity(RegionScoped, Base):
    """Who a citizen is. Encrypted for this row alone; found by the blind index of the number."""

    __tablename__ = "vault_identities"
    holds = (
        pseudonym("account_id", "whose it is"),
        personal("phone_enc email_enc name_enc", "how a citizen signs in and is reached; encrypted for the row"),
        secret("phone_index email_index", "finds the number or address without opening it; another in each region"),
    )
    kept = "until it is erased"

    account_id: Mapped[UUID]
    phone_enc: Mapped[bytes] = mapped_column(LargeBinary)
    phone_index: Mapped[bytes] = mapped_column(LargeBinary)
    email_enc: Mapped[bytes | None] = mapped_column(LargeBinary)
    email_index: Mapped[bytes | None] = mapped_column(LargeBinary)
    name_enc: Mapped[bytes | None] = mapped_column(LargeBinary)

    __table_args__ = (
        within_region("account_id", to="citizens"),
        UniqueConstraint("region_id", "account_id"),
        UniqueConstraint("region_id", "phone_index"),
        Index("ix_vault_identities_email", "region_id", "email_index"),
    )


class StaffAccount(Base):
    """A staff account, of the whole platform; what it may do in a region is in its memberships there."""

    __tablename__ = "staff_accounts"
    platform = "staff accounts serve several regions and are found by the blind index of their e-mail; no citizen's data"
    holds = (
        plain("platform_admin locale"),
        pseudonym("id", "who acted for the office", erased=STAFF),
        personal("email_enc name_enc", "how staff sign in and are told; encrypted for the row", erased=STAFF),
        secret("email_index password_hash", "proves who signs in", erased=STAFF),
    )
    kept = "while they serve, and as long as files and the audit log name them"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    email_enc: Mapped[bytes] = mapped_column(LargeBinary)
    email_index: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    name_enc: Mapped[bytes] = mapped_column(LargeBinary)
    password_hash: Mapped[str | None]  # None until it is chosen
    platform_admin: Mapped[bool]
    locale: Mapped[str]
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]
    totp_since: Mapped[datetime | None]  # since when signing in asks for a second factor


class StaffTotp(Base):
    """The second factor of a staff account, asked for once `StaffAccount.totp_since` is set."""

    __tablename__ = "staff_totp"
    platform = "belongs to a staff account, not to a region"
    holds = (
        plain("last_step"),
        pseudonym("staff_id", "whose second factor it is", erased=STAFF),
        secret("secret_enc recovery_hashes", "proves who signs in; encrypted for the row, hashed", erased=STAFF),
    )
    kept = "until it is disabled"

    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff_accounts.id"), primary_key=True)
    secret_enc: Mapped[bytes] = mapped_column(LargeBinary)
    last_step: Mapped[int]  # of the last code that was used: RFC 6238, section 5.2, wants each used once
    recovery_hashes: Mapped[list[bytes]] = mapped_column(ARRAY(LargeBinary))
    created_at: Mapped[datetime]


class LoginFailures(Base):
    """Failed logins by e-mail, whether an account has it or not: an address that nobody has locks like any other."""

    __tablename__ = "login_failures"
    platform = "counts by blind index, before any account or region is known"
    holds = (plain("failures"), secret("email_index", "locks an address at which passwords are guessed", erased=STAFF))
    kept = "a day"

    email_index: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    failures: Mapped[int]
    failed_at: Mapped[datetime] = mapped_column(index=True)
    locked_until: Mapped[datetime | None]


class Membership(RegionScoped, Base):
    """A duty of a staff account in one region. A second policy lets the account read its own in every region."""

    __tablename__ = "memberships"
    holds = (
        plain("role department_key area_code"),
        pseudonym("staff_id", "who has the duty", erased=STAFF),
    )
    kept = "until the duty is taken away"

    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff_accounts.id"), index=True)
    role: Mapped[str]
    department_key: Mapped[str | None]
    area_code: Mapped[str | None]

    __table_args__ = (
        UniqueConstraint(
            *("region_id", "staff_id", "role", "department_key", "area_code"),
            name="uq_memberships_duty",
            postgresql_nulls_not_distinct=True,
        ),
    )


class SessionColumns:
    """A signed-in device. `generation` is the number of the refresh token in force; tokens themselves are not kept."""

    holds: ClassVar[Sequence[Holding]] = (
        plain("id generation"),
        pseudonym("account_id", "whose it is"),
        personal("device", "by which its holder knows it again"),
    )
    kept: ClassVar[str] = "an hour after it has ended"

    account_id: Mapped[UUID]
    generation: Mapped[int]
    rotated_at: Mapped[datetime]
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    revoked_at: Mapped[datetime | None]
    device: Mapped[str]


class CitizenSession(SessionColumns, RegionScoped, Base):
    """A citizen's session."""

    __tablename__ = "citizen_sessions"
    __table_args__ = (within_region("account_id", to="citizens"), Index("ix_citizen_sessions_account", "region_id", "account_id"))


class StaffSession(SessionColumns, Base):
    """A staff account's session, good in every region in which it has duties."""

    __tablename__ = "staff_sessions"
    platform = "ids only: a staff session belongs to no region"
    holds = (
        pseudonym("account_id", "whose it is", erased=STAFF),
        personal("device", "by which its holder knows it again", erased=STAFF),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("staff_accounts.id"), index=True)


class Erasure(RegionScoped, Base):
    """What is left of somebody who asked to be forgotten: the receipt. Its id is that of the code by which they confirmed it.

    `account_id` stays until what was under way at that moment has been looked for too.
    """

    __tablename__ = "erasures"
    holds = (plain("rows"), pseudonym("account_id", "whom a second look is for", erased="emptied within two hours"))
    kept = "for good: it is the proof"

    account_id: Mapped[UUID | None]
    erased_at: Mapped[datetime]
    rows: Mapped[Json]  # by table

    __table_args__ = (Index("ix_erasures_unfinished", "region_id", "erased_at", postgresql_where=text("account_id IS NOT NULL")),)


class OtpRequest(RegionScoped, Base):
    """A request for a one-time code. The hash is there once the code has been sent."""

    __tablename__ = "otp_requests"
    holds = (
        plain("purpose tries"),
        personal("phone_enc", "where the code goes; encrypted for the row"),
        secret("phone_index code_hash", "counts the codes of a number, and knows the code again"),
    )
    kept = "2 hours"

    phone_enc: Mapped[bytes] = mapped_column(LargeBinary)
    phone_index: Mapped[bytes] = mapped_column(LargeBinary)
    purpose: Mapped[str]
    code_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    tries: Mapped[int]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]

    __table_args__ = (
        Index("ix_otp_requests_phone", "region_id", "phone_index", "created_at"),
        Index("ix_otp_requests_age", "region_id", "created_at"),
    )
