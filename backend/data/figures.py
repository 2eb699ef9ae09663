"""What the database says of the engine house, for metrics: a handful of statements, however many rows and regions there are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from backend.data.backups.folder import LATEST
from backend.data.db import enter_region

HEADS_AT_ONCE = 16

# Each goes by an index of the rows it is about (ix_deliveries_due, ix_deliveries_dead), so done deliveries cost nothing.
_DUE = text(
    "SELECT subscriber, region_id, count(*) AS due, extract(epoch FROM now() - min(next_at)) AS age FROM deliveries"
    " WHERE done_at IS NULL AND dead_at IS NULL AND next_at <= now() GROUP BY subscriber, region_id"
)
_DEAD = text("SELECT subscriber, count(*) AS dead FROM deliveries WHERE dead_at IS NOT NULL GROUP BY subscriber")
# An id of version 7 begins with the instant of its making, so the region's smallest is its oldest: one look at the key a region.
_UNSEALED = text(
    "SELECT r.id AS region_id, p.entry_id FROM regions r CROSS JOIN LATERAL"
    " (SELECT entry_id FROM audit_pending WHERE region_id = r.id ORDER BY entry_id LIMIT 1) p"
)
_HEAD = text("SELECT coalesce(max(seq), 0) FROM audit_seals WHERE region_id = :region")


@dataclass(frozen=True, kw_only=True)
class Figures:
    """One look: due and dead deliveries, the oldest audit entry without a seal by region, the audit heads of some regions."""

    due: Sequence[Any]  # subscriber, region_id, due, age in seconds
    dead: Sequence[Any]  # subscriber, dead
    unsealed: dict[int, datetime]
    heads: dict[int, int]


def read_figures(engine: Engine, heads_of: Sequence[int]) -> Figures:
    """Read them in one transaction. Heads stand behind the regions' lock and take two statements each: for a few at once."""
    with Session(engine) as session:
        return Figures(
            due=session.execute(_DUE).all(),
            dead=session.execute(_DEAD).all(),
            unsealed={row.region_id: _made_at(row.entry_id) for row in session.execute(_UNSEALED)},
            heads={region_id: _head(session, region_id) for region_id in heads_of},
        )


def _head(session: Session, region_id: int) -> int:
    enter_region(session, region_id)
    return int(session.scalar(_HEAD, {"region": region_id}) or 0)


def newest_backup_at(folder: Path) -> datetime | None:
    """Return the instant of the newest backup, as `balai backup make` has noted it in the folder of backups; None without one."""
    try:
        return datetime.fromisoformat(orjson.loads((folder / LATEST).read_bytes())["made_at"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _made_at(entry_id: UUID) -> datetime:
    return datetime.fromtimestamp((entry_id.int >> 80) / 1000, UTC)
