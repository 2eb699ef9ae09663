"""Tables of people and their sessions. Who a citizen is stands in the vault alone; everything else knows an account's id."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.ids import new_id
from backend.data.db import Base, RegionScoped, within_region


class Citizen(RegionScoped, Base):
    """A citizen's account: of one region, and nobody's name."""

    __tablename__ = "citizens"

    status: Mapped[str]  # active, disabled or erased
    locale: Mapped[str]
    created_at: Mapped[datetime]


class VaultIdentity(RegionScoped, Base):
    """Who a citizen is. Encrypted for this row alone; found by the blind index of the number."""

    __tablename__ = "vault_identities"

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

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    email_enc: Mapped[bytes] = mapped_column(LargeBinary)
    email_index: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    name_enc: Mapped[bytes] = mapped_column(LargeBinary)
    password_hash: Mapped[str | None]  # None until it is chosen
    platform_admin: Mapped[bool]
    locale: Mapped[str]
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]


class LoginFailures(Base):
    """Failed logins by e-mail, whether an account has it or not: an address that nobody has locks like any other."""

    __tablename__ = "login_failures"
    platform = "counts by blind index, before any account or region is known"

    email_index: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    failures: Mapped[int]
    failed_at: Mapped[datetime] = mapped_column(index=True)
    locked_until: Mapped[datetime | None]


class Membership(RegionScoped, Base):
    """A duty of a staff account in one region. A second policy lets the account read its own in every region."""

    __tablename__ = "memberships"

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

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("staff_accounts.id"), index=True)


class OtpRequest(RegionScoped, Base):
    """A request for a one-time code. The hash is there once the code has been sent."""

    __tablename__ = "otp_requests"

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
