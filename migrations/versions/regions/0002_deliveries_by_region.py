"""Due deliveries are found by region too, so that no region waits behind another's backlog."""

import sqlalchemy as sa
from alembic import op

revision = "0002_deliveries_by_region"
down_revision = "0002_staff_totp"


def upgrade() -> None:
    op.create_index(
        "ix_deliveries_region",
        "deliveries",
        ["subscriber", "region_id", "lane", "next_at"],
        postgresql_where=sa.text("done_at IS NULL AND dead_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_deliveries_region", "deliveries")
