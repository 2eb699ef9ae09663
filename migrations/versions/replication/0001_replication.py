"""The table of replication."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from backend.data.protection import protect_table

revision = "0001_replication"
down_revision = "0003_packs"


def upgrade() -> None:
    op.create_table(
        "replication_agreements",
        sa.Column("region_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("signed_on", sa.Date(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("parties", postgresql.JSONB(), nullable=False),
        sa.Column("modules", postgresql.JSONB(), nullable=False),
        sa.Column("document_url", sa.String(), nullable=True),
        sa.Column("file_ids", postgresql.JSONB(), nullable=False),
        sa.Column("public", sa.Boolean(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["region_id"], ["regions.id"], name=op.f("fk_replication_agreements_region_id")),
        sa.PrimaryKeyConstraint("region_id", "id", name=op.f("pk_replication_agreements")),
    )
    protect_table(op, "replication_agreements")


def downgrade() -> None:
    op.drop_table("replication_agreements")
