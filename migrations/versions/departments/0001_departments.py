"""The tables of departments."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from backend.data.protection import protect_table

revision = "0001_departments"
down_revision = "0001_accounts"


def upgrade() -> None:
    op.create_table(
        "departments",
        sa.Column("region_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("types", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("area_code", sa.String(), nullable=True),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("verified", sa.Boolean(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["region_id"], ["regions.id"], name=op.f("fk_departments_region_id")),
        sa.PrimaryKeyConstraint("region_id", "id", name=op.f("pk_departments")),
        sa.UniqueConstraint("region_id", "key", name=op.f("uq_departments_region_id_key")),
    )
    protect_table(op, "departments")


def downgrade() -> None:
    op.drop_table("departments")
