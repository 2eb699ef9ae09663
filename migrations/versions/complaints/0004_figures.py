"""Figures: what was counted of each complaint, the sums, and how far the comparison with the history is.

What is there already is counted by the first recount, in steps, once the clock runs.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from backend.data.protection import protect_table

revision = "0004_complaints_figures"
down_revision = "0003_complaints_former"


def _of_region(table: str, *keys: str) -> tuple[sa.Constraint, ...]:
    return (
        sa.ForeignKeyConstraint(["region_id"], ["regions.id"], name=op.f(f"fk_{table}_region_id")),
        sa.PrimaryKeyConstraint("region_id", *keys, name=op.f(f"pk_{table}")),
    )


def upgrade() -> None:
    op.create_table(
        "complaints_counted",
        sa.Column("region_id", sa.BigInteger(), nullable=False),
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column("department", sa.String(), nullable=False),
        sa.Column("area_code", sa.String(), nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("responded_on", sa.Date(), nullable=True),
        sa.Column("responded_in_time", sa.Boolean(), nullable=True),
        sa.Column("resolved_on", sa.Date(), nullable=True),
        sa.Column("completed_in_time", sa.Boolean(), nullable=True),
        sa.Column("minutes", sa.BigInteger(), nullable=True),
        sa.Column("first_resolved_on", sa.Date(), nullable=True),
        sa.Column("reopened", sa.Boolean(), nullable=False),
        *_of_region("complaints_counted", "complaint_id"),
    )
    op.create_index(
        "ix_complaints_counted_due",
        "complaints_counted",
        ["region_id", "due_at"],
        postgresql_include=["department", "area_code", "category"],
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_table(
        "complaints_tallies",
        sa.Column("region_id", sa.BigInteger(), nullable=False),
        sa.Column("dimension", sa.String(), nullable=False),
        sa.Column("measure", sa.String(), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        *_of_region("complaints_tallies", "dimension", "measure", "from_day", "key"),
    )
    op.create_table(
        "complaints_recounts",
        sa.Column("region_id", sa.BigInteger(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reached", sa.Uuid(), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("found", sa.BigInteger(), nullable=False),
        sa.Column("off", JSONB(), nullable=False),
        *_of_region("complaints_recounts"),
    )
    for table in ("complaints_counted", "complaints_tallies", "complaints_recounts"):
        protect_table(op, table)


def downgrade() -> None:
    for table in ("complaints_recounts", "complaints_tallies", "complaints_counted"):
        op.drop_table(table)
