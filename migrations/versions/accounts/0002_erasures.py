"""The receipts of citizens who asked to be forgotten, and what finds their files and the answers that were kept about them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from backend.data.protection import protect_table

revision = "0002_erasures"
down_revision = "0002_complaints_finding"


def upgrade() -> None:
    op.create_table(
        "erasures",
        sa.Column("region_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rows", JSONB(), nullable=False),
        sa.ForeignKeyConstraint(["region_id"], ["regions.id"], name=op.f("fk_erasures_region_id")),
        sa.PrimaryKeyConstraint("region_id", "id", name=op.f("pk_erasures")),
    )
    op.create_index(
        "ix_erasures_unfinished", "erasures", ["region_id", "erased_at"], postgresql_where=sa.text("account_id IS NOT NULL")
    )
    protect_table(op, "erasures")
    op.create_index("ix_files_owner", "files", ["region_id", "owner_id"])
    op.add_column("idempotency_keys", sa.Column("about", sa.Uuid(), nullable=True))
    op.create_index(
        "ix_idempotency_keys_about", "idempotency_keys", ["region_id", "about"], postgresql_where=sa.text("about IS NOT NULL")
    )


def downgrade() -> None:
    op.drop_column("idempotency_keys", "about")
    op.drop_index("ix_files_owner", "files")
    op.drop_table("erasures")
