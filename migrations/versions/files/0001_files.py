"""The tables of files."""

import sqlalchemy as sa
from alembic import op

from backend.data.protection import protect_table

revision = "0001_files"
down_revision = "0001_departments"


def upgrade() -> None:
    op.create_table(
        "files",
        sa.Column("region_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("content_type", sa.String(), nullable=False),
        sa.Column("width", sa.BigInteger(), nullable=False),
        sa.Column("height", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("has_thumbnail", sa.Boolean(), nullable=False),
        sa.Column("held_by", sa.String(), nullable=True),
        sa.Column("held_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["region_id"], ["regions.id"], name=op.f("fk_files_region_id")),
        sa.PrimaryKeyConstraint("region_id", "id", name=op.f("pk_files")),
    )
    op.create_index(
        "ix_files_loose", "files", ["region_id", "created_at"], unique=False, postgresql_where=sa.text("held_id IS NULL")
    )
    op.create_table(
        "file_evidence",
        sa.Column("region_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("perceptual_hash", sa.String(), nullable=True),
        sa.Column("capture_enc", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["region_id", "id"], ["files.region_id", "files.id"], name=op.f("fk_file_evidence_region_id_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["region_id"], ["regions.id"], name=op.f("fk_file_evidence_region_id")),
        sa.PrimaryKeyConstraint("region_id", "id", name=op.f("pk_file_evidence")),
    )
    op.create_index("ix_file_evidence_sha256", "file_evidence", ["region_id", "sha256"], unique=False)
    protect_table(op, "files")
    protect_table(op, "file_evidence")


def downgrade() -> None:
    op.drop_table("file_evidence")
    op.drop_table("files")
