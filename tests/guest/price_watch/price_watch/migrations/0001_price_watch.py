"""The table of watches."""

import sqlalchemy as sa
from alembic import op

from backend.sdk.data import protect_table

revision = "0001"
down_revision = None


def upgrade():
    op.create_table(
        "price_watch",
        sa.Column("region_id", sa.BigInteger(), sa.ForeignKey("regions.id"), primary_key=True),
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("goods", sa.String(), nullable=False),
        sa.Column("rupiah", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("region_id", "account_id", "goods"),
    )
    protect_table(op, "price_watch")


def downgrade():
    op.drop_table("price_watch")
