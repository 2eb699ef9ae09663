"""What complaints are found by: words for the search, tiles for the map, also of those there are; and whom each waits for."""

import sqlalchemy as sa
from alembic import op

revision = "0002_complaints_finding"
down_revision = "0001_service_info"

_SIGNS = "-/.:@_&?=#%+~"
_WORDS = f"translate(number || ' ' || description || ' ' || coalesce(landmark, ''), '{_SIGNS}', '{' ' * len(_SIGNS)}')"
_SLICE = (
    "region_id * 1000000 + floor(extract(epoch FROM submitted_at - '2020-01-01 00:00:00+00:00'::timestamptz) / 262144)::bigint"
)
_WAITING = {
    "unit": "NOT confidentiality = 'sealed' AND NOT under_appeal",
    "custody": "confidentiality = 'sealed'",
    "appeals": "under_appeal",
}
_TILES = (9, 6, 4, 2)
_OPEN = ("category", "state", *(f"tile_{level}" for level in _TILES))


def _tile(level: int) -> str:
    return f"floor((lat + 90) * {2**level})::bigint * 1048576 + floor((lng + 180) * {2**level})::bigint"


def upgrade() -> None:
    columns = {"slice": ("bigint", _SLICE), "words": ("tsvector", f"to_tsvector('indonesian', {_WORDS})")}
    columns |= {f"tile_{level}": ("bigint", _tile(level)) for level in _TILES}
    # One statement, since each would write the table anew.
    added = ", ".join(f"ADD COLUMN {name} {kind} GENERATED ALWAYS AS ({by}) STORED" for name, (kind, by) in columns.items())
    op.execute(f"ALTER TABLE complaints {added}")
    op.execute("ALTER TABLE complaints ALTER COLUMN slice SET NOT NULL, ALTER COLUMN words SET NOT NULL")
    op.create_index(
        "ix_complaints_words",
        "complaints",
        ["slice", "words"],
        postgresql_using="gin",
        postgresql_with={"gin_pending_list_limit": 256},
    )
    for column in _OPEN:
        op.create_index(
            f"ix_complaints_open_{column}",
            "complaints",
            ["region_id", column, sa.literal_column("submitted_at DESC")],
            postgresql_where=sa.text("confidentiality = 'open' AND visibility = 'public'"),
        )

    op.drop_index("ix_complaints_unit", "complaints")
    for name, first, options in (
        ("unit", ["department"], {"postgresql_include": ["assignee_id"]}),
        ("custody", ["custodian"], {}),
        ("appeals", [], {}),
    ):
        columns = ["region_id", *first, "state", "next_due_at", "id"]
        op.create_index(f"ix_complaints_{name}", "complaints", columns, postgresql_where=sa.text(_WAITING[name]), **options)


def downgrade() -> None:
    for name in _WAITING:
        op.drop_index(f"ix_complaints_{name}", "complaints")
    op.create_index("ix_complaints_unit", "complaints", ["region_id", "department", "next_due_at", "id"])
    for column in ("category", "state"):
        op.drop_index(f"ix_complaints_open_{column}", "complaints")
    for name in ("slice", "words", *(f"tile_{level}" for level in _TILES)):
        op.drop_column("complaints", name)
