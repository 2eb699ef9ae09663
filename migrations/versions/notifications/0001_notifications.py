"""The tables of notifications."""

import sqlalchemy as sa
from alembic import op

from backend.data.protection import protect_table

revision = "0001_notifications"
down_revision = "0001_complaints"


def upgrade() -> None:
    op.create_table(
        "notifications_inbox",
        sa.Column("region_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_kind", sa.String(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("template", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("link_module", sa.String(), nullable=True),
        sa.Column("link_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["region_id"], ["regions.id"], name=op.f("fk_notifications_inbox_region_id")),
        sa.PrimaryKeyConstraint("region_id", "id", name=op.f("pk_notifications_inbox")),
        sa.UniqueConstraint(
            "region_id", "event_id", "account_id", name=op.f("uq_notifications_inbox_region_id_event_id_account_id")
        ),
    )
    op.create_index(
        "ix_notifications_inbox_mine",
        "notifications_inbox",
        ["region_id", "account_id", sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        "ix_notifications_inbox_unread",
        "notifications_inbox",
        ["region_id", "account_id", sa.literal_column("id DESC")],
        unique=False,
        postgresql_where=sa.text("read_at IS NULL"),
    )
    op.create_table(
        "notifications_dispatches",
        sa.Column("region_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("notification_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("provider_id", sa.String(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["region_id", "notification_id"],
            ["notifications_inbox.region_id", "notifications_inbox.id"],
            name=op.f("fk_notifications_dispatches_region_id_notification_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["region_id"], ["regions.id"], name=op.f("fk_notifications_dispatches_region_id")),
        sa.PrimaryKeyConstraint("region_id", "id", name=op.f("pk_notifications_dispatches")),
    )
    op.create_index(
        "ix_notifications_dispatches_notification", "notifications_dispatches", ["region_id", "notification_id"], unique=False
    )
    protect_table(op, "notifications_inbox")
    protect_table(op, "notifications_dispatches")


def downgrade() -> None:
    op.drop_table("notifications_dispatches")
    op.drop_table("notifications_inbox")
