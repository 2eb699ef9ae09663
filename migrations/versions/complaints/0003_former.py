"""Categories and states that packs no longer have, for the complaints that still speak of them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from backend.data.protection import protect_table

revision = "0003_complaints_former"
down_revision = "0001_replication"


def upgrade() -> None:
    op.create_table(
        "complaints_former",
        sa.Column("region_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("said", JSONB(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["region_id"], ["regions.id"], name=op.f("fk_complaints_former_region_id")),
        sa.PrimaryKeyConstraint("region_id", "kind", "key", name=op.f("pk_complaints_former")),
    )
    protect_table(op, "complaints_former")


def downgrade() -> None:
    op.drop_table("complaints_former")
