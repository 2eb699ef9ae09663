"""Due deliveries are found by region too, fresh and failed ones apart: none waits behind a backlog or is read to find it."""

import sqlalchemy as sa
from alembic import op

revision = "0002_deliveries_by_region"
down_revision = "0002_staff_totp"

_OPEN = "done_at IS NULL AND dead_at IS NULL AND attempts"
_BY = ["subscriber", "region_id", "lane", "next_at"]


def upgrade() -> None:
    op.create_index("ix_deliveries_fresh", "deliveries", [*_BY, "seq"], postgresql_where=sa.text(f"{_OPEN} = 0"))
    op.create_index("ix_deliveries_failed", "deliveries", _BY, postgresql_where=sa.text(f"{_OPEN} > 0"))


def downgrade() -> None:
    op.drop_index("ix_deliveries_fresh", "deliveries")
    op.drop_index("ix_deliveries_failed", "deliveries")
