"""Versions of packs with their files, plans, and areas and departments that end and are succeeded."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from backend.data.protection import only_add, protect_table

revision = "0003_packs"
down_revision = "0002_deliveries_by_region"

_BOX = ("west", "south", "east", "north")
_EMPTY = sa.text("'[]'::jsonb")


def upgrade() -> None:
    op.add_column("regions", sa.Column("areas_checksum", sa.String(), nullable=False, server_default=""))
    op.add_column("regions", sa.Column("version", sa.BigInteger(), nullable=False, server_default="0"))
    for side in _BOX:
        op.add_column("areas", sa.Column(side, sa.Float(), nullable=True))
    op.add_column("areas", sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("areas", sa.Column("successors", postgresql.JSONB(), nullable=False, server_default=_EMPTY))
    op.add_column("departments", sa.Column("successor", sa.String(), nullable=True))
    for table, column in (("regions", "areas_checksum"), ("regions", "version"), ("areas", "successors")):
        op.alter_column(table, column, server_default=None)
    op.drop_column("region_modules", "edited_at")
    op.create_table(
        "pack_files",
        sa.Column("region_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("checksum", sa.String(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["region_id"], ["regions.id"], name=op.f("fk_pack_files_region_id")),
        sa.PrimaryKeyConstraint("region_id", "id", name=op.f("pk_pack_files")),
        sa.UniqueConstraint("region_id", "checksum", name=op.f("uq_pack_files_region_id_checksum")),
    )
    op.create_table(
        "pack_versions",
        sa.Column("region_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_account", sa.Uuid(), nullable=True),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("checksum", sa.String(), nullable=False),
        sa.Column("files", postgresql.JSONB(), nullable=False),
        sa.Column("changes", postgresql.JSONB(), nullable=False),
        sa.Column("signed_by", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["region_id"], ["regions.id"], name=op.f("fk_pack_versions_region_id")),
        sa.PrimaryKeyConstraint("region_id", "id", name=op.f("pk_pack_versions")),
        sa.UniqueConstraint("region_id", "version", name=op.f("uq_pack_versions_region_id_version")),
    )
    op.create_table(
        "pack_plans",
        sa.Column("region_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("signed_by", sa.String(), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["region_id"], ["regions.id"], name=op.f("fk_pack_plans_region_id")),
        sa.PrimaryKeyConstraint("region_id", "id", name=op.f("pk_pack_plans")),
    )
    for table in ("pack_files", "pack_versions", "pack_plans"):
        protect_table(op, table)
    for table in ("pack_files", "pack_versions"):
        only_add(op, table)


def downgrade() -> None:
    for table in ("pack_plans", "pack_versions", "pack_files"):
        op.drop_table(table)
    op.add_column("region_modules", sa.Column("edited_at", sa.DateTime(timezone=True), nullable=True))
    op.drop_column("departments", "successor")
    for column in ("successors", "ended_at", *_BOX):
        op.drop_column("areas", column)
    op.drop_column("regions", "version")
    op.drop_column("regions", "areas_checksum")
