"""The tables of regions."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from backend.data.protection import only_add, protect_table

revision = "0001_regions"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "audit_pending",
        sa.Column("region_id", sa.BigInteger(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("region_id", "entry_id", name=op.f("pk_audit_pending")),
    )
    op.create_table(
        "deliveries",
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("region_id", sa.BigInteger(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("subscriber", sa.String(), nullable=False),
        sa.Column("subject", sa.Uuid(), nullable=False),
        sa.Column("lane", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dead_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fault", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_deliveries")),
    )
    op.create_index(
        "ix_deliveries_dead", "deliveries", ["dead_at"], unique=False, postgresql_where=sa.text("dead_at IS NOT NULL")
    )
    op.create_index(
        "ix_deliveries_done",
        "deliveries",
        ["region_id", "done_at"],
        unique=False,
        postgresql_where=sa.text("done_at IS NOT NULL"),
    )
    op.create_index(
        "ix_deliveries_due",
        "deliveries",
        ["subscriber", "lane", "next_at"],
        unique=False,
        postgresql_where=sa.text("done_at IS NULL AND dead_at IS NULL"),
    )
    op.create_index("ix_deliveries_event", "deliveries", ["event_id"], unique=False)
    op.create_index(
        "ix_deliveries_order",
        "deliveries",
        ["subscriber", "subject", "seq"],
        unique=False,
        postgresql_where=sa.text("done_at IS NULL AND dead_at IS NULL"),
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("region_id", sa.BigInteger(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("region_id", "person", "key", name=op.f("pk_idempotency_keys")),
    )
    op.create_index(op.f("ix_idempotency_keys_created_at"), "idempotency_keys", ["created_at"], unique=False)
    op.create_table(
        "regions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("timezone", sa.String(), nullable=False),
        sa.Column("languages", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("identity", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("calendar", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("pack_version", sa.String(), nullable=False),
        sa.Column("pack_checksum", sa.String(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_regions")),
        sa.UniqueConstraint("key", name=op.f("uq_regions_key")),
    )
    op.create_table(
        "schedule_slots",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("region_id", sa.BigInteger(), nullable=False),
        sa.Column("slot", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", "region_id", name=op.f("pk_schedule_slots")),
    )
    op.create_table(
        "serials",
        sa.Column("region_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("next", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("region_id", "name", name=op.f("pk_serials")),
    )
    op.create_table(
        "areas",
        sa.Column("region_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("parent_code", sa.String(), nullable=True),
        sa.Column("lowest", sa.Boolean(), nullable=False),
        sa.Column("boundary", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["region_id"], ["regions.id"], name=op.f("fk_areas_region_id")),
        sa.PrimaryKeyConstraint("region_id", "code", name=op.f("pk_areas")),
    )
    op.create_table(
        "audit_entries",
        sa.Column("region_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_kind", sa.String(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("request_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["region_id"], ["regions.id"], name=op.f("fk_audit_entries_region_id")),
        sa.PrimaryKeyConstraint("region_id", "id", name=op.f("pk_audit_entries")),
    )
    op.create_table(
        "events",
        sa.Column("region_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("subject", sa.Uuid(), nullable=False),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("request_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["region_id"], ["regions.id"], name=op.f("fk_events_region_id")),
        sa.PrimaryKeyConstraint("region_id", "id", name=op.f("pk_events")),
    )
    op.create_index("ix_events_age", "events", ["region_id", "occurred_at"], unique=False)
    op.create_table(
        "region_modules",
        sa.Column("region_id", sa.BigInteger(), nullable=False),
        sa.Column("module", sa.String(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("settings", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("edited_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["region_id"], ["regions.id"], name=op.f("fk_region_modules_region_id")),
        sa.PrimaryKeyConstraint("region_id", "module", name=op.f("pk_region_modules")),
    )
    op.create_table(
        "audit_seals",
        sa.Column("region_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["region_id", "entry_id"],
            ["audit_entries.region_id", "audit_entries.id"],
            name=op.f("fk_audit_seals_region_id_entry_id"),
        ),
        sa.PrimaryKeyConstraint("region_id", "seq", name=op.f("pk_audit_seals")),
        sa.UniqueConstraint("region_id", "entry_id", name=op.f("uq_audit_seals_region_id_entry_id")),
    )
    protect_table(op, "idempotency_keys")
    protect_table(op, "serials")
    protect_table(op, "audit_entries")
    only_add(op, "audit_entries")
    protect_table(op, "events")
    protect_table(op, "audit_seals")
    only_add(op, "audit_seals")


def downgrade() -> None:
    op.drop_table("audit_seals")
    op.drop_table("region_modules")
    op.drop_table("events")
    op.drop_table("audit_entries")
    op.drop_table("areas")
    op.drop_table("serials")
    op.drop_table("schedule_slots")
    op.drop_table("regions")
    op.drop_table("idempotency_keys")
    op.drop_table("deliveries")
    op.drop_table("audit_pending")
