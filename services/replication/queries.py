"""What the room is asked: agreements, the regions at work, and whether scans and agreements say the same."""

from collections.abc import Sequence
from datetime import UTC, datetime, time
from uuid import UUID

from sqlalchemy import ColumnElement, Executable, Uuid, cast, func, select, tuple_

from backend.sdk.checks import Check, files_held, rows_of
from backend.sdk.data import decode_cursor, encode_cursor
from backend.sdk.domain import Context, RunningRegion, list_running, not_found
from services.replication.models import Agreement

ROOM = "replication"


def _seen(ctx: Context, *, also_private: bool) -> list[ColumnElement[bool]]:
    conditions = [Agreement.region_id == ctx.region.id, Agreement.retired_at.is_(None)]
    return conditions if also_private else [*conditions, Agreement.public.is_(True)]


def list_agreements(
    ctx: Context, *, also_private: bool, limit: int, cursor: str | None
) -> tuple[Sequence[Agreement], str | None]:
    """Return agreements, the last signed first, and the cursor of what follows."""
    chosen = select(Agreement).where(*_seen(ctx, also_private=also_private))
    if cursor is not None:
        signed_at, last = decode_cursor(cursor, datetime, UUID)
        chosen = chosen.where(tuple_(Agreement.signed_on, Agreement.id) < (signed_at.date(), last))
    found = ctx.session.scalars(chosen.order_by(Agreement.signed_on.desc(), Agreement.id.desc()).limit(limit + 1)).all()
    if len(found) <= limit:
        return found, None
    last_shown = found[limit - 1]
    return found[:limit], encode_cursor(datetime.combine(last_shown.signed_on, time(), UTC), last_shown.id)


def get_agreement(ctx: Context, agreement_id: UUID, *, also_private: bool) -> Agreement:
    """Return one agreement. Raises DomainError (404), also for one that is retired or not for this reader."""
    chosen = select(Agreement).where(*_seen(ctx, also_private=also_private), Agreement.id == agreement_id)
    found = ctx.session.scalars(chosen).one_or_none()
    if found is None:
        raise not_found()
    return found


def list_regions(ctx: Context, *, limit: int, cursor: str | None) -> tuple[Sequence[RunningRegion], str | None]:
    """Return the regions of this installation by key, each with what it runs, and the cursor of what follows."""
    after = decode_cursor(cursor, str)[0] if cursor is not None else ""
    found = list_running(ctx, after=after, limit=limit + 1)
    return found[:limit], encode_cursor(found[limit - 1].region.key) if len(found) > limit else None


def _scans(ctx: Context) -> Executable:
    held = files_held(ctx, ROOM)
    page = func.jsonb_array_elements_text(Agreement.file_ids).table_valued("value").lateral()
    own = (
        select(cast(page.c.value, Uuid).label("id"), Agreement.id.label("agreement"))
        .join(page, Agreement.region_id == ctx.region.id)
        .subquery()
    )
    return (
        select(func.coalesce(own.c.id, held.c.id).label("id"), own.c.agreement.label("own"), held.c.held_id.label("held"))
        .select_from(own.outerjoin(held, held.c.id == own.c.id, full=True))
        .where(own.c.agreement.is_distinct_from(held.c.held_id))
    )


CHECKS = (Check(kind="replication.scans", find=rows_of(_scans, "the agreement says {own}, the file {held}")),)
