"""What files say must agree: rows and bytes, both ways, and what was made of them."""

import heapq
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import groupby
from operator import itemgetter
from uuid import UUID

from sqlalchemy import Executable, String, cast, func, select

from backend.data.blobs import blob_key
from backend.data.checks import Check, Difference, rows_of
from backend.data.context import Context
from backend.data.reconciling import STUCK, open_deliveries
from backend.files.models import FileEvidence, FileRow
from backend.files.operations import THUMBNAIL

LEFT_OVER = timedelta(hours=1)  # an upload is long over, one way or the other
_PICTURE, _ROW, _ROW_WITH_THUMBNAIL = "jpg", "row", "row with a thumbnail"


def _made_at(file_id: UUID) -> datetime:
    return datetime.fromtimestamp((file_id.int >> 80) / 1000, UTC)  # an id of version 7 begins with its milliseconds


def _rows(ctx: Context) -> Iterator[tuple[str, str]]:
    """Yield each file by its place in the blob store, in the order in which that lists its keys."""
    name = cast(FileRow.id, String)
    rows = (
        select(name, FileRow.has_thumbnail)
        .where(FileRow.region_id == ctx.region.id)
        .order_by(func.right(name, 2).collate("C"), FileRow.id)
        .execution_options(yield_per=1000)
    )
    for file_id, has_thumbnail in ctx.session.execute(rows):
        yield f"{file_id[-2:]}/{file_id}", _ROW_WITH_THUMBNAIL if has_thumbnail else _ROW


def _bytes(ctx: Context) -> Iterator[tuple[str, str]]:
    for key in ctx.ground.blobs.keys(ctx.region.key):
        place, _, ending = key.partition("/")[2].partition(".")
        yield place, ending


def _together(ctx: Context) -> Iterator[tuple[UUID, set[str]]]:
    """Yield each file with what there is of it: rows and bytes are read side by side, so neither is held in memory."""
    for place, found in groupby(heapq.merge(_rows(ctx), _bytes(ctx), key=itemgetter(0)), key=itemgetter(0)):
        yield UUID(place[3:]), {what for _, what in found}


def _without_bytes(ctx: Context) -> Iterator[Difference]:
    for file_id, found in _together(ctx):
        if _ROW not in found and _ROW_WITH_THUMBNAIL not in found:
            continue
        for ending in (_PICTURE, THUMBNAIL) if _ROW_WITH_THUMBNAIL in found else (_PICTURE,):
            if ending not in found and not _gone_meanwhile(ctx, file_id, ending):
                yield file_id, f"its bytes are not kept: {blob_key(ctx.region.key, file_id, ending)}"


def _gone_meanwhile(ctx: Context, file_id: UUID, ending: str) -> bool:
    there = select(FileRow.id).where(FileRow.region_id == ctx.region.id, FileRow.id == file_id)
    return ctx.ground.blobs.exists(blob_key(ctx.region.key, file_id, ending)) or ctx.session.scalar(there) is None


def _without_row(ctx: Context) -> Iterator[Difference]:
    for file_id, endings in _orphans(ctx):
        yield file_id, f"kept without a row: {', '.join(sorted(endings))}"


def _orphans(ctx: Context) -> Iterator[tuple[UUID, set[str]]]:
    leaving = set(ctx.session.scalars(select(open_deliveries(ctx, "files.remove_bytes").c.subject)))
    for file_id, found in _together(ctx):
        rowless = _ROW not in found and _ROW_WITH_THUMBNAIL not in found
        if rowless and file_id not in leaving and _made_at(file_id) < ctx.now() - LEFT_OVER:
            yield file_id, found


def _remove_orphans(ctx: Context) -> int:
    removed = 0
    for file_id, endings in _orphans(ctx):
        for ending in endings:
            ctx.ground.blobs.delete(blob_key(ctx.region.key, file_id, ending))
        removed += 1
    return removed


def _leftovers(ctx: Context) -> Iterator[Difference]:
    for name in ctx.ground.blobs.leftovers(ctx.region.key, before=ctx.now() - LEFT_OVER):
        yield name, "what a broken upload left"


def _sweep(ctx: Context) -> int:
    return len(ctx.ground.blobs.leftovers(ctx.region.key, before=ctx.now() - LEFT_OVER, remove=True))


def _without_thumbnail(ctx: Context) -> Executable:
    making = open_deliveries(ctx, "files.finish")
    return (
        select(FileRow.id, FileRow.created_at)
        .where(FileRow.region_id == ctx.region.id, FileRow.has_thumbnail.is_(False), FileRow.created_at < ctx.now() - STUCK)
        .where(~select(making.c.subject).where(making.c.subject == FileRow.id).exists())
    )


def _without_evidence(ctx: Context) -> Executable:
    kept = select(FileEvidence.id).where(FileEvidence.region_id == FileRow.region_id, FileEvidence.id == FileRow.id)
    return select(FileRow.id).where(FileRow.region_id == ctx.region.id, ~kept.exists())


CHECKS = (
    Check(kind="files.without_bytes", find=_without_bytes),
    Check(kind="files.without_row", find=_without_row, repair=_remove_orphans),
    Check(kind="files.left_over", find=_leftovers, repair=_sweep),
    Check(
        kind="files.without_thumbnail",
        find=rows_of(_without_thumbnail, "taken in at {created_at}, and nobody makes its thumbnail"),
    ),
    Check(kind="files.without_evidence", find=rows_of(_without_evidence, "nothing is kept of it for evidence")),
)
