"""The tables of accounts."""

import sqlalchemy as sa
from alembic import op

from backend.data.protection import protect_table

revision = "0001_accounts"
down_revision = "0001_regions"


def upgrade() -> None:
    op.create_table(
        "demo_messages",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("to", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=True),
        sa.Column("text", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_demo_messages")),
    )
    op.create_index(op.f("ix_demo_messages_to"), "demo_messages", ["to"], unique=False)
    op.create_table(
        "login_failures",
        sa.Column("email_index", sa.LargeBinary(), nullable=False),
        sa.Column("failures", sa.BigInteger(), nullable=False),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("email_index", name=op.f("pk_login_failures")),
    )
    op.create_index(op.f("ix_login_failures_failed_at"), "login_failures", ["failed_at"], unique=False)
    op.create_table(
        "staff_accounts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email_enc", sa.LargeBinary(), nullable=False),
        sa.Column("email_index", sa.LargeBinary(), nullable=False),
        sa.Column("name_enc", sa.LargeBinary(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=True),
        sa.Column("platform_admin", sa.Boolean(), nullable=False),
        sa.Column("locale", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_accounts")),
        sa.UniqueConstraint("email_index", name=op.f("uq_staff_accounts_email_index")),
    )
    op.create_table(
        "citizens",
        sa.Column("region_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("locale", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["region_id"], ["regions.id"], name=op.f("fk_citizens_region_id")),
        sa.PrimaryKeyConstraint("region_id", "id", name=op.f("pk_citizens")),
    )
    op.create_table(
        "memberships",
        sa.Column("region_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("department_key", sa.String(), nullable=True),
        sa.Column("area_code", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["region_id"], ["regions.id"], name=op.f("fk_memberships_region_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff_accounts.id"], name=op.f("fk_memberships_staff_id")),
        sa.PrimaryKeyConstraint("region_id", "id", name=op.f("pk_memberships")),
        sa.UniqueConstraint(
            "region_id",
            "staff_id",
            "role",
            "department_key",
            "area_code",
            name="uq_memberships_duty",
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index(op.f("ix_memberships_staff_id"), "memberships", ["staff_id"], unique=False)
    op.create_table(
        "otp_requests",
        sa.Column("region_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("phone_enc", sa.LargeBinary(), nullable=False),
        sa.Column("phone_index", sa.LargeBinary(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=True),
        sa.Column("tries", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["region_id"], ["regions.id"], name=op.f("fk_otp_requests_region_id")),
        sa.PrimaryKeyConstraint("region_id", "id", name=op.f("pk_otp_requests")),
    )
    op.create_index("ix_otp_requests_age", "otp_requests", ["region_id", "created_at"], unique=False)
    op.create_index("ix_otp_requests_phone", "otp_requests", ["region_id", "phone_index", "created_at"], unique=False)
    op.create_table(
        "staff_sessions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.Column("rotated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("device", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["staff_accounts.id"], name=op.f("fk_staff_sessions_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_sessions")),
    )
    op.create_index(op.f("ix_staff_sessions_account_id"), "staff_sessions", ["account_id"], unique=False)
    op.create_index(op.f("ix_staff_sessions_expires_at"), "staff_sessions", ["expires_at"], unique=False)
    op.create_table(
        "citizen_sessions",
        sa.Column("region_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.Column("rotated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("device", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["region_id", "account_id"],
            ["citizens.region_id", "citizens.id"],
            name=op.f("fk_citizen_sessions_region_id_account_id"),
        ),
        sa.ForeignKeyConstraint(["region_id"], ["regions.id"], name=op.f("fk_citizen_sessions_region_id")),
        sa.PrimaryKeyConstraint("region_id", "id", name=op.f("pk_citizen_sessions")),
    )
    op.create_index("ix_citizen_sessions_account", "citizen_sessions", ["region_id", "account_id"], unique=False)
    op.create_index(op.f("ix_citizen_sessions_expires_at"), "citizen_sessions", ["expires_at"], unique=False)
    op.create_table(
        "vault_identities",
        sa.Column("region_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("phone_enc", sa.LargeBinary(), nullable=False),
        sa.Column("phone_index", sa.LargeBinary(), nullable=False),
        sa.Column("email_enc", sa.LargeBinary(), nullable=True),
        sa.Column("email_index", sa.LargeBinary(), nullable=True),
        sa.Column("name_enc", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["region_id", "account_id"],
            ["citizens.region_id", "citizens.id"],
            name=op.f("fk_vault_identities_region_id_account_id"),
        ),
        sa.ForeignKeyConstraint(["region_id"], ["regions.id"], name=op.f("fk_vault_identities_region_id")),
        sa.PrimaryKeyConstraint("region_id", "id", name=op.f("pk_vault_identities")),
        sa.UniqueConstraint("region_id", "account_id", name=op.f("uq_vault_identities_region_id_account_id")),
        sa.UniqueConstraint("region_id", "phone_index", name=op.f("uq_vault_identities_region_id_phone_index")),
    )
    op.create_index("ix_vault_identities_email", "vault_identities", ["region_id", "email_index"], unique=False)
    protect_table(op, "citizens")
    protect_table(op, "memberships")
    op.execute(
        "CREATE POLICY own_memberships ON memberships FOR SELECT"
        " USING (staff_id = nullif(current_setting('app.staff_id', true), '')::uuid)"
    )
    protect_table(op, "otp_requests")
    protect_table(op, "citizen_sessions")
    protect_table(op, "vault_identities")


def downgrade() -> None:
    op.drop_table("vault_identities")
    op.drop_table("citizen_sessions")
    op.drop_table("staff_sessions")
    op.drop_table("otp_requests")
    op.drop_table("memberships")
    op.drop_table("citizens")
    op.drop_table("staff_accounts")
    op.drop_table("login_failures")
    op.drop_table("demo_messages")
