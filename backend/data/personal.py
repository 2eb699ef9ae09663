"""What the hooks of modules are made of: erasing rows and counting them, and naming a file that goes with an export."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from sqlalchemy import CursorResult, Delete, Table, Update, text

from backend.data.context import Context
from backend.data.statements import write_out


@dataclass(frozen=True, kw_only=True)
class KeptFile:
    """A file that belongs to what is exported: it is put beside the data under `name`."""

    name: str
    blob: str
    size: int  # bytes


def erase_rows(ctx: Context, *statements: Delete | Update) -> Counter[str]:
    """Execute deletions and updates in their order; return how many rows of each table they met, for the receipt."""
    write_out(ctx.session)
    counts: Counter[str] = Counter()
    for statement in statements:
        done = cast("CursorResult[Any]", ctx.session.execute(statement))
        counts[str(cast("Table", statement.table).name)] += done.rowcount
    return counts


# An id is 36 characters that stand nowhere by chance, so the text of a payload may be searched for it.
_UNTELL = text("""
    WITH told AS (
        DELETE FROM events
        WHERE region_id = :region AND (subject = CAST(:account AS uuid) OR payload::text LIKE '%' || :account || '%')
        RETURNING id),
    ended AS (
        DELETE FROM deliveries WHERE region_id = :region AND event_id IN (SELECT id FROM told) RETURNING seq)
    SELECT (SELECT count(*) FROM told) AS events, (SELECT count(*) FROM ended) AS deliveries""")


def untell(ctx: Context, account_id: UUID) -> Mapping[str, int]:
    """Remove the region's events that name an account, with their deliveries; waits for those that are in hand."""
    write_out(ctx.session)
    return dict(ctx.session.execute(_UNTELL, {"region": ctx.region.id, "account": str(account_id)}).one()._mapping)  # noqa: SLF001 - SQLAlchemy's public name
