"""The search: whole words of number, description and landmark, as the Indonesian dictionary stems them in every region.

It has no stop words, and leaves nearly every word of another language as it is: there singular and plural are two words.
"""

from datetime import datetime
from typing import Any

from backend.sdk.domain import Context
from services.complaints.domain.numbers import read_number
from services.complaints.models import SIGNS, SLICE, SLICED_FROM, SLICES
from services.complaints.queries.cases import settings_of
from services.complaints.queries.viewers import may_read_text

RECENT = 24  # slices that are looked through one by one: what is not found there often is rare enough to be read whole


def matches(ctx: Context, asked: str) -> tuple[str, dict[str, Any]]:
    """Return the condition that a complaint has the number asked for, or all these words where the actor may read them."""
    if numbers := read_number(asked, settings_of(ctx).number_format):
        return "number = ANY(%(numbers)s)", {"numbers": list(numbers)}
    words = asked.translate(dict.fromkeys(map(ord, SIGNS), " "))
    return f"{may_read_text(ctx)} AND words @@ plainto_tsquery('indonesian', %(words)s)", {"words": words}


def slice_of(region_id: int, at: datetime) -> int:
    """Return the slice of that instant, as the database counts them."""
    return region_id * SLICES + (at - SLICED_FROM) // SLICE


def newest_matching(ctx: Context, columns: str, conditions: str, *, before: datetime) -> tuple[str, dict[str, Any]]:
    """Return the statement that reads what matches, newest first, and its parameters; whoever LIMITs it reads no more than that.

    An index of words knows no order, and would have every complaint with a common word read to find the newest: so the
    newest slices are asked in turn, each for a few, and all before them at once only for words that were not often in those.
    """
    matching = f"SELECT {columns} FROM complaints WHERE region_id = %(region)s AND {conditions}"  # noqa: S608 - all of it is ours
    statement = f"""
        SELECT found.* FROM generate_series(%(first_slice)s::bigint, %(last_slice)s, -1) AS at
        CROSS JOIN LATERAL ({matching} AND slice = at ORDER BY submitted_at DESC, id DESC) found
        UNION ALL ({matching} AND submitted_at < %(sliced)s ORDER BY submitted_at DESC, id DESC)"""  # noqa: S608 - likewise
    first = slice_of(ctx.region.id, before)
    last = first - RECENT + 1
    return statement, {"first_slice": first, "last_slice": last, "sliced": SLICED_FROM + (last - ctx.region.id * SLICES) * SLICE}
