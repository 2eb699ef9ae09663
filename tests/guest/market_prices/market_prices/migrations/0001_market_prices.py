"""The table of market prices."""

import sqlalchemy as sa
from alembic import op

from backend.sdk.data import protect_table

revision = "0001"
down_revision = None


def upgrade():
    op.create_table(
        "market_prices",
        sa.Column("region_id", sa.BigInteger(), sa.ForeignKey("regions.id"), primary_key=True),
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("goods", sa.String(), nullable=False),
        sa.Column("rupiah", sa.BigInteger(), nullable=False),
    )
    protect_table(op, "market_prices")


def downgrade():
    op.drop_table("market_prices")
