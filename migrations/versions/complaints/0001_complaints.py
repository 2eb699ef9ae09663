"""The tables of complaints."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from backend.data.protection import protect_table

revision = "0001_complaints"
down_revision = "0001_files"


def upgrade() -> None:
    op.create_table(
        "complaints",
        sa.Column("region_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("lat", sa.Double(), nullable=True),
        sa.Column("lng", sa.Double(), nullable=True),
        sa.Column("landmark", sa.String(), nullable=True),
        sa.Column("area_code", sa.String(), nullable=True),
        sa.Column("visibility", sa.String(), nullable=False),
        sa.Column("confidentiality", sa.String(), nullable=False),
        sa.Column("custodian", sa.String(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("origins", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("department", sa.String(), nullable=True),
        sa.Column("assignee_id", sa.Uuid(), nullable=True),
        sa.Column("reporter_id", sa.Uuid(), nullable=True),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("response_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("support_count", sa.BigInteger(), nullable=False),
        sa.Column("score", sa.BigInteger(), nullable=True),
        sa.Column("score_comment", sa.String(), nullable=True),
        sa.Column("under_appeal", sa.Boolean(), nullable=False),
        sa.Column("merged_into", sa.Uuid(), nullable=True),
        sa.Column("authority", sa.String(), nullable=True),
        sa.Column("authority_number", sa.String(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["region_id", "merged_into"],
            ["complaints.region_id", "complaints.id"],
            name=op.f("fk_complaints_region_id_merged_into"),
        ),
        sa.ForeignKeyConstraint(["region_id"], ["regions.id"], name=op.f("fk_complaints_region_id")),
        sa.PrimaryKeyConstraint("region_id", "id", name=op.f("pk_complaints")),
        sa.UniqueConstraint("region_id", "number", name=op.f("uq_complaints_region_id_number")),
    )
    op.create_index(
        "ix_complaints_area", "complaints", ["region_id", "area_code", sa.literal_column("submitted_at DESC")], unique=False
    )
    op.create_index(
        "ix_complaints_assignee",
        "complaints",
        ["region_id", "assignee_id", "next_due_at"],
        unique=False,
        postgresql_where=sa.text("assignee_id IS NOT NULL"),
    )
    op.create_index(
        "ix_complaints_mine",
        "complaints",
        ["region_id", "reporter_id", sa.literal_column("submitted_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        "ix_complaints_newest",
        "complaints",
        ["region_id", sa.literal_column("submitted_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index("ix_complaints_place", "complaints", ["region_id", "lat", "lng"], unique=False)
    op.create_index("ix_complaints_state", "complaints", ["region_id", "state", "next_due_at", "id"], unique=False)
    op.create_index(
        "ix_complaints_timers",
        "complaints",
        ["region_id", "state_due_at"],
        unique=False,
        postgresql_where=sa.text("state_due_at IS NOT NULL"),
    )
    op.create_index("ix_complaints_unit", "complaints", ["region_id", "department", "next_due_at", "id"], unique=False)
    op.create_table(
        "complaints_moves",
        sa.Column("region_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("move", sa.String(), nullable=False),
        sa.Column("from_state", sa.String(), nullable=True),
        sa.Column("to_state", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("internal", sa.Boolean(), nullable=False),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["region_id", "complaint_id"],
            ["complaints.region_id", "complaints.id"],
            name=op.f("fk_complaints_moves_region_id_complaint_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["region_id"], ["regions.id"], name=op.f("fk_complaints_moves_region_id")),
        sa.PrimaryKeyConstraint("region_id", "id", name=op.f("pk_complaints_moves")),
    )
    op.create_index("ix_complaints_moves_case", "complaints_moves", ["region_id", "complaint_id", "at", "id"], unique=False)
    op.create_table(
        "complaints_routings",
        sa.Column("region_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("department", sa.String(), nullable=True),
        sa.Column("trace", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("pack_version", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["region_id", "complaint_id"],
            ["complaints.region_id", "complaints.id"],
            name=op.f("fk_complaints_routings_region_id_complaint_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["region_id"], ["regions.id"], name=op.f("fk_complaints_routings_region_id")),
        sa.PrimaryKeyConstraint("region_id", "id", name=op.f("pk_complaints_routings")),
    )
    op.create_index("ix_complaints_routings_case", "complaints_routings", ["region_id", "complaint_id", "at"], unique=False)
    op.create_table(
        "complaints_supports",
        sa.Column("region_id", sa.BigInteger(), nullable=False),
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["region_id", "complaint_id"],
            ["complaints.region_id", "complaints.id"],
            name=op.f("fk_complaints_supports_region_id_complaint_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("region_id", "complaint_id", "account_id", name=op.f("pk_complaints_supports")),
    )
    op.create_index("ix_complaints_supports_account", "complaints_supports", ["region_id", "account_id"], unique=False)
    op.create_table(
        "complaints_files",
        sa.Column("region_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column("move_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["region_id", "complaint_id"],
            ["complaints.region_id", "complaints.id"],
            name=op.f("fk_complaints_files_region_id_complaint_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["region_id", "move_id"],
            ["complaints_moves.region_id", "complaints_moves.id"],
            name=op.f("fk_complaints_files_region_id_move_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["region_id"], ["regions.id"], name=op.f("fk_complaints_files_region_id")),
        sa.PrimaryKeyConstraint("region_id", "id", name=op.f("pk_complaints_files")),
    )
    op.create_index("ix_complaints_files_case", "complaints_files", ["region_id", "complaint_id"], unique=False)
    protect_table(op, "complaints")
    protect_table(op, "complaints_moves")
    protect_table(op, "complaints_routings")
    protect_table(op, "complaints_supports")
    protect_table(op, "complaints_files")


def downgrade() -> None:
    op.drop_table("complaints_files")
    op.drop_table("complaints_supports")
    op.drop_table("complaints_routings")
    op.drop_table("complaints_moves")
    op.drop_table("complaints")
