"""The tables of service_info."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from backend.data.protection import protect_table

revision = "0001_service_info"
down_revision = "0001_notifications"


def upgrade() -> None:
    op.create_table(
        "service_info_articles",
        sa.Column("region_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("title", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("published_on", sa.Date(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("checked_on", sa.Date(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("edited_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["region_id"], ["regions.id"], name=op.f("fk_service_info_articles_region_id")),
        sa.PrimaryKeyConstraint("region_id", "id", name=op.f("pk_service_info_articles")),
        sa.UniqueConstraint("region_id", "key", name=op.f("uq_service_info_articles_region_id_key")),
    )
    op.create_table(
        "service_info_contacts",
        sa.Column("region_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("phone", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("checked_on", sa.Date(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("edited_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["region_id"], ["regions.id"], name=op.f("fk_service_info_contacts_region_id")),
        sa.PrimaryKeyConstraint("region_id", "id", name=op.f("pk_service_info_contacts")),
        sa.UniqueConstraint("region_id", "key", name=op.f("uq_service_info_contacts_region_id_key")),
    )
    op.create_table(
        "service_info_places",
        sa.Column("region_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("lat", sa.Double(), nullable=False),
        sa.Column("lng", sa.Double(), nullable=False),
        sa.Column("address", sa.String(), nullable=True),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("checked_on", sa.Date(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("edited_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["region_id"], ["regions.id"], name=op.f("fk_service_info_places_region_id")),
        sa.PrimaryKeyConstraint("region_id", "id", name=op.f("pk_service_info_places")),
        sa.UniqueConstraint("region_id", "key", name=op.f("uq_service_info_places_region_id_key")),
    )
    op.create_index(
        op.f("ix_service_info_places_region_id_service_info_places_lat_service_info_places_lng"),
        "service_info_places",
        ["region_id", "lat", "lng"],
        unique=False,
    )
    op.create_table(
        "service_info_services",
        sa.Column("region_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("department_type", sa.String(), nullable=False),
        sa.Column("summary", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("requirements", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("cost", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("time", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("legal_basis", sa.String(), nullable=True),
        sa.Column("verified", sa.Boolean(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("checked_on", sa.Date(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("edited_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["region_id"], ["regions.id"], name=op.f("fk_service_info_services_region_id")),
        sa.PrimaryKeyConstraint("region_id", "id", name=op.f("pk_service_info_services")),
        sa.UniqueConstraint("region_id", "key", name=op.f("uq_service_info_services_region_id_key")),
    )
    protect_table(op, "service_info_articles")
    protect_table(op, "service_info_contacts")
    protect_table(op, "service_info_places")
    protect_table(op, "service_info_services")


def downgrade() -> None:
    op.drop_table("service_info_services")
    op.drop_table("service_info_places")
    op.drop_table("service_info_contacts")
    op.drop_table("service_info_articles")
